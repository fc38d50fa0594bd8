int main(void)
{
    static const char *const paths[] = {
        "@SECRET@", "@SOURCE@/tests/checks/lab3_handshake.c", "@SOURCE@/solutions/lab3_handshake/writer.c",
        "@SOURCE@/tests/mutants/lab3_handshake/writer_spins.mutant", "/etc/shadow", "/etc/hostname", "/root/.bashrc",
        "/proc/1/root/etc/shadow", "/proc/1/root@SECRET@", "/proc/self/root/../..@SECRET@",
        "/proc/kcore", "/dev/mem", "/dev/sda", "/dev/vda",
        "@RESULTS@/class.json", "@RESULTS@/submissions/aa_decent/files/lab3/writer.c",
        "@ROOM@/passwords",
    };

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        try_to_read(paths[i]);
    system("cat /proc/*/environ /proc/*/cmdline 2>/dev/null"); /* the room's own hold no secret */
    chdir("/proc/1/cwd");
    try_to_read("passwords");
    if (getenv("SECRET_OF_THE_INSTRUCTOR") != NULL)
        breach("the instructor's environment");
    return 0;
}
