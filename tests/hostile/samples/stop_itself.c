int main(void)
{
    for (;;)
        raise(SIGSTOP);
}
