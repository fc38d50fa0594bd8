/* It gives way to whoever else wants the processor, by autogroup and in it, sched(7): the tests beside it lose nothing. */
int main(void)
{
    int group = open("/proc/self/autogroup", O_WRONLY);
    nice(19);
    for (int tries = 0; tries < 100 && group != -1 && write(group, "19", 2) == -1 && errno == EAGAIN; tries++)
        usleep(10000);
    for (volatile int i = 0;; i++)
        continue;
}
