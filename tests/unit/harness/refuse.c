/*
 * refuse WHAT,... COMMAND...: run a command on a machine that refuses what some machines refuse, to it and to all that
 * it starts. WHAT, with the machines that do so:
 *
 *     namespaces    Docker's seccomp profile: unshare, setns, clone with namespaces: EPERM; clone3: ENOSYS
 *     mounts        AppArmor's restriction of user namespaces in Ubuntu 24.04: EACCES
 *     ptrace        emulators such as Rosetta, qemu-user: EPERM
 *     personality   Docker's profile: EPERM, but for asking
 *     listing       Linux before 4.17, qemu-user: shmctl(2) does not know SHM_STAT_ANY: EINVAL
 *     layout        where libraries are not where ThreadSanitizer expects them: the legacy layout of addresses
 *     shm=SIZE      a small /dev/shm (mount option size=), in a mount namespace of its own: wants root
 *     noexec        /tmp mounted with noexec: wants root
 *     full          /tmp of 64 KiB: wants root
 *
 * A filter of seccomp(2) needs no privilege: PR_SET_NO_NEW_PRIVS is enough. Exit status 125: it could not be arranged.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOT_ARRANGED = 125, FILTER = 64 };

/* Flags of clone(2) that make namespaces: those of user, mounts, ipc, pid, net, uts, cgroup. */
static const unsigned namespaces =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP;

static struct sock_filter filter[FILTER];
static unsigned short length;

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "refuse: %s: %s\n", what, strerror(errno));
    exit(NOT_ARRANGED);
}

static void filter_add(unsigned short code, unsigned value, unsigned char jump_true, unsigned char jump_false)
{
    if (length == FILTER)
        abort();
    filter[length++] = (struct sock_filter)BPF_JUMP(code, value, jump_true, jump_false);
}

static void filter_load(size_t offset)
{
    filter_add(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void filter_refuse(long call, int number)
{
    filter_add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1);
    filter_add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)number, 0, 0);
}

static void refuse_namespaces(void)
{
    filter_refuse(SYS_unshare, EPERM);
    filter_refuse(SYS_setns, EPERM);
    filter_refuse(SYS_clone3, ENOSYS); /* its flags are in memory, where no filter sees them */
    filter_add(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
    filter_load(offsetof(struct seccomp_data, args[0]));
    filter_add(BPF_JMP | BPF_JSET | BPF_K, namespaces, 0, 1);
    filter_add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
    filter_load(offsetof(struct seccomp_data, nr));
}

static void refuse_mounts(void)
{
    static const long calls[] = {SYS_mount, SYS_umount2, SYS_pivot_root, SYS_mount_setattr, SYS_move_mount, SYS_fsopen};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        filter_refuse(calls[i], EACCES);
}

static void refuse_personality(void)
{
    enum { ASKS = -1 };

    filter_add(BPF_JMP | BPF_JEQ | BPF_K, SYS_personality, 0, 4);
    filter_load(offsetof(struct seccomp_data, args[0]));
    filter_add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)ASKS, 1, 0);
    filter_add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
    filter_load(offsetof(struct seccomp_data, nr));
}

static void refuse_listing(void)
{
    filter_add(BPF_JMP | BPF_JEQ | BPF_K, SYS_shmctl, 0, 4);
    filter_load(offsetof(struct seccomp_data, args[1]));
    filter_add(BPF_JMP | BPF_JEQ | BPF_K, SHM_STAT_ANY, 0, 1);
    filter_add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL, 0, 0);
    filter_load(offsetof(struct seccomp_data, nr));
}

/* Over a folder, in a namespace that goes with the command. */
static void cover(const char *folder, unsigned long flags, const char *options)
{
    if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
        mount("refuse", folder, "tmpfs", flags, options) == -1)
        stop(folder);
}

static void arrange(const char *what)
{
    char options[64];

    if (strcmp(what, "namespaces") == 0)
        refuse_namespaces();
    else if (strcmp(what, "mounts") == 0)
        refuse_mounts();
    else if (strcmp(what, "ptrace") == 0)
        filter_refuse(SYS_ptrace, EPERM);
    else if (strcmp(what, "personality") == 0)
        refuse_personality();
    else if (strcmp(what, "listing") == 0)
        refuse_listing();
    else if (strcmp(what, "layout") == 0)
        personality(ADDR_COMPAT_LAYOUT);
    else if (strncmp(what, "shm=", 4) == 0 && snprintf(options, sizeof options, "mode=1777,size=%s", what + 4) > 0)
        cover("/dev/shm", 0, options);
    else if (strcmp(what, "noexec") == 0)
        cover("/tmp", MS_NOEXEC, "mode=1777");
    else if (strcmp(what, "full") == 0)
        cover("/tmp", 0, "mode=1777,size=64k");
    else
        stop(what);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s WHAT,... COMMAND...\n", argv[0]);
        return 2;
    }
    filter_load(offsetof(struct seccomp_data, nr));
    for (char *what = strtok(argv[1], ","); what != NULL; what = strtok(NULL, ","))
        arrange(what);
    filter_add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    const struct sock_fprog program = {length, filter};
    if (length > 2 &&
        (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1))
        stop("seccomp");
    execvp(argv[2], argv + 2);
    stop(argv[2]);
}
