int main(void)
{
    static char block[1 << 16];

    memset(block, 'x', sizeof block);
    for (;;)
        write(STDOUT_FILENO, block, sizeof block);
}
