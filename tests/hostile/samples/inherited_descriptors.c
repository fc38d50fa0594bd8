int main(void)
{
    for (int fd = 3; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) != -1)
            breach("a descriptor that is not mine");
    return 0;
}
