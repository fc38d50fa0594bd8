int main(void)
{
    if (fork() != 0)
        return 0;
    setsid();
    if (fork() != 0)
        return 0;
    for (;;) {
        try_to_write("@RESULTS@/submissions/daemon_tampers_later/result.json");
        try_to_write("@RESULTS@/class.json");
        usleep(1000);
    }
}
