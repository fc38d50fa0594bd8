/* Namespaces and mounts. */
#include "sandbox.h"

#include "../architecture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int sandbox_fail(const char *what, char *why, size_t size)
{
    snprintf(why, size, "%s: %s", what, strerror(errno));
    return -1;
}

static int sandbox_write(const char *path, const char *text)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    ssize_t written = write(descriptor, text, strlen(text));
    close(descriptor);
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

/* The user keeps the user id, so that files stay readable and writable as before. */
static int sandbox_map_user(uid_t user, gid_t group, char *why, size_t size)
{
    char map[64];
    snprintf(map, sizeof map, "%u %u 1", (unsigned)user, (unsigned)user);
    if (sandbox_write("/proc/self/uid_map", map) != 0)
        return sandbox_fail("cannot write /proc/self/uid_map", why, size);
    sandbox_write("/proc/self/setgroups", "deny"); /* required before gid_map, absent in old kernels */
    snprintf(map, sizeof map, "%u %u 1", (unsigned)group, (unsigned)group);
    if (sandbox_write("/proc/self/gid_map", map) != 0)
        return sandbox_fail("cannot write /proc/self/gid_map", why, size);
    return 0;
}

int sandbox_enter(char *why, size_t size)
{
    const int namespaces = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID;
    uid_t user = geteuid();
    gid_t group = getegid();
    if (unshare(namespaces) == 0)
        return 0;
    if (errno != EPERM)
        return sandbox_fail("unshare(2) of mounts, IPC and processes", why, size);
    if (unshare(namespaces | CLONE_NEWUSER) != 0)
        return sandbox_fail("user namespaces are refused here, unshare(2)", why, size);
    return sandbox_map_user(user, group, why, size);
}

/* Every mount that there is; those made afterwards can be written to. */
static int sandbox_seal(void)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    return mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes);
}

int sandbox_mount(bool sealed, char *why, size_t size)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return sandbox_fail("cannot make mounts private", why, size);
    if (sealed && sandbox_seal() != 0)
        return sandbox_fail("cannot make mounts read-only, mount_setattr(2), Linux 5.12", why, size);
    if (mount("weave", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "size=512m,mode=1777") != 0)
        return sandbox_fail("cannot mount a tmpfs on /dev/shm", why, size);
    /* Without a new /proc, process ids under /proc are those outside: programs rarely notice. */
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
        errno = 0;
    return 0;
}

#define LOAD(member)                         BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define SKIP_UNLESS(operation, value, count) BPF_JUMP(BPF_JMP | (operation) | BPF_K, (value), 0, (count))
#define RETURN(value)                        BPF_STMT(BPF_RET | BPF_K, (value))
#define RETURN_ERROR(number)                 RETURN(SECCOMP_RET_ERRNO | (number))

int sandbox_confine(void)
{
    enum { X32_BIT = 0x40000000 }; /* __X32_SYSCALL_BIT: the same calls by other numbers */
    static struct sock_filter filter[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        SKIP_UNLESS(BPF_JGE, X32_BIT, 1),
        RETURN_ERROR(ENOSYS),
        /* Its flags lie in memory, where no filter sees them; the C library then takes clone(2). */
        SKIP_UNLESS(BPF_JEQ, SYS_clone3, 1),
        RETURN_ERROR(ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
        SKIP_UNLESS(BPF_JEQ, SYS_unshare, 3),
        LOAD(args[0]), /* the lower half, little endian: flags */
        SKIP_UNLESS(BPF_JSET, CLONE_NEWUSER, 1),
        RETURN_ERROR(EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    static const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
