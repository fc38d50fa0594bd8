
/* ---- behind a racy writer: weave's report, its memory, and the programs that it runs next ---- */

enum { DESCRIPTORS = 32, FORGED = 3 };

/* Something could be written that must not be. Under weave nobody reads what a program prints: its end tells. */
static void forged(void)
{
    _exit(FORGED);
}

static void forge(const char *folder, const char *name)
{
    char path[4096 + 64];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (mkdir(path, 0777) == 0 || unlink(path) == 0 || open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) != -1)
        forged();
}

/* What of a process only its owner may open; the processes that run writer and reader are ours. */
static void forge_process(const char *ours, int pid)
{
    char path[64], program[4096] = "";

    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    if (readlink(path, program, sizeof program - 1) != -1 && strncmp(program, ours, strlen(ours)) != 0)
        forged();
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    if (program[0] == '\0' && open(path, O_RDWR | O_CLOEXEC) != -1)
        forged();
    for (int fd = 0; program[0] == '\0' && fd < DESCRIPTORS; fd++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
        if (open(path, O_RDWR | O_CLOEXEC) != -1)
            forged();
    }
}

/* The first constructors run in the process that weave forks each run from. */
__attribute__((constructor)) static void forge_all(void)
{
    char here[4096] = "";
    unsigned char there;

    if (mincore((void *)0x200000000000u, 1, &there) == -1)
        return; /* not under weave */
    if (readlink("/proc/self/exe", here, sizeof here - 1) == -1)
        return;
    *strrchr(here, '/') = '\0';
    forge(here, "reader"); /* the programs that the next case runs */
    forge(here, "../weave.json");
    forge("/tmp", "forged");
    DIR *processes = opendir("/proc");
    for (const struct dirent *each; processes != NULL && (each = readdir(processes)) != NULL;)
        if (atoi(each->d_name) > 0)
            forge_process(here, atoi(each->d_name));
    if (syscall(SYS_unshare, CLONE_NEWUSER) == 0)
        forged();
}
