/* vfork's parent waits where no signal but SIGKILL reaches it. */
int main(void)
{
    if (vfork() == 0)
        for (;;)
            pause();
    return 0;
}
