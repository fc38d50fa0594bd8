int main(void)
{
    static char block[1 << 20];

    memset(block, 1, sizeof block);
    for (;;) {
        int fd = memfd_create("hog", 0);
        while (fd != -1 && write(fd, block, sizeof block) == sizeof block)
            continue;
        if (fd == -1)
            try_again();
    }
}
