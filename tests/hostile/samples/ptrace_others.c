int main(void)
{
    for (int pid = 1; pid < 40000; pid++)
        if (pid != getpid() && ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0 && pid != 1)
            breach("ptrace of another process");
    if (ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0)
        breach("ptrace of the parent");
    return 0;
}
