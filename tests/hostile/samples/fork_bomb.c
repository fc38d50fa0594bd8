int main(void)
{
    for (;;)
        if (fork() == -1)
            try_again();
}
