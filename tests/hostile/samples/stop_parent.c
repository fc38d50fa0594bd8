int main(void)
{
    kill(getppid(), SIGSTOP);
    kill(1, SIGSTOP);
    kill(-1, SIGSTOP);
    for (;;)
        pause();
}
