int main(void)
{
    for (;;)
        fputs("a line, and another line\n", stderr);
}
