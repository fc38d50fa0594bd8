static int in_namespace(void *data)
{
    (void)data;
    return 0;
}

int main(void)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

    if (setrlimit(RLIMIT_NPROC, &limit) == 0 || setrlimit(RLIMIT_FSIZE, &limit) == 0)
        breach("a limit raised");
    if (mount("none", "/tmp", "tmpfs", 0, NULL) == 0 || umount("/proc") == 0)
        breach("mount");
    if (chroot("/tmp") == 0)
        breach("chroot");
    if (setuid(0) == 0 || setgid(0) == 0 || seteuid(0) == 0)
        breach("setuid");
    if (unshare(CLONE_NEWUSER) == 0)
        breach("a user namespace");
    if (sethostname("mine", 4) == 0)
        breach("sethostname");
    if (mknod("/tmp/memory", S_IFCHR | 0600, 0x101) == 0 && open("/tmp/memory", O_RDONLY) != -1)
        breach("mknod");
    try_to_write("/proc/sys/kernel/shmall");
    try_to_write("/proc/sys/kernel/core_pattern");
    if (setpriority(PRIO_PROCESS, 0, -20) == 0)
        breach("a higher priority");
    in_namespace(NULL);
    if (access("/usr/bin/su", X_OK) == 0 && system("echo | su -c true >/dev/null 2>&1") == 0)
        breach("su");
    return 0;
}
