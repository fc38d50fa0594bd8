/*
 * Calls that change something of a process which lasts beyond a run and cannot be undone: after one of them the process
 * is not used again (see snapshot.c). Those that make descriptors, mappings or handlers are not among them, nor those
 * that weave keeps itself, as masks and alarms.
 */
#include "runtime.h"

#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LASTING(type, call, parameters, arguments) \
    WEAVE_EXPORT type call parameters              \
    {                                              \
        snapshot_spoil();                          \
        return REAL(call) arguments;               \
    }

LASTING(int, fchdir, (int folder), (folder))
LASTING(int, chroot, (const char *path), (path))
LASTING(pid_t, setsid, (void), ())
LASTING(int, setpgid, (pid_t pid, pid_t group), (pid, group))
LASTING(int, setpgrp, (void), ())
LASTING(int, nice, (int more), (more))
LASTING(int, setpriority, (__priority_which_t which, id_t who, int value), (which, who, value))
LASTING(int, setrlimit, (__rlimit_resource_t which, const struct rlimit *limit), (which, limit))
LASTING(int, prlimit, (pid_t pid, __rlimit_resource_t which, const struct rlimit *limit, struct rlimit *before),
        (pid, which, limit, before))
LASTING(int, sched_setaffinity, (pid_t pid, size_t size, const cpu_set_t *set), (pid, size, set))
LASTING(int, sched_setscheduler, (pid_t pid, int policy, const struct sched_param *how), (pid, policy, how))
LASTING(int, sched_setparam, (pid_t pid, const struct sched_param *how), (pid, how))
LASTING(int, setuid, (uid_t user), (user))
LASTING(int, seteuid, (uid_t user), (user))
LASTING(int, setreuid, (uid_t user, uid_t effective), (user, effective))
LASTING(int, setresuid, (uid_t user, uid_t effective, uid_t saved), (user, effective, saved))
LASTING(int, setgid, (gid_t group), (group))
LASTING(int, setegid, (gid_t group), (group))
LASTING(int, setregid, (gid_t group, gid_t effective), (group, effective))
LASTING(int, setresgid, (gid_t group, gid_t effective, gid_t saved), (group, effective, saved))
LASTING(int, setfsuid, (uid_t user), (user))
LASTING(int, setfsgid, (gid_t group), (group))
LASTING(int, unshare, (int flags), (flags))
LASTING(int, mprotect, (void *start, size_t size, int protection), (start, size, protection))
LASTING(int, madvise, (void *start, size_t size, int advice), (start, size, advice))
LASTING(int, posix_madvise, (void *start, size_t size, int advice), (start, size, advice))
LASTING(int, mlock, (const void *start, size_t size), (start, size))
LASTING(int, munlock, (const void *start, size_t size), (start, size))
LASTING(int, mlockall, (int flags), (flags))
LASTING(int, sigaltstack, (const stack_t *restrict stack, stack_t *restrict before), (stack, before))

WEAVE_EXPORT int prctl(int what, ...)
{
    enum { ARGUMENTS = 4 };
    unsigned long argument[ARGUMENTS];
    va_list arguments;
    va_start(arguments, what);
    for (int i = 0; i < ARGUMENTS; i++)
        argument[i] = va_arg(arguments, unsigned long);
    va_end(arguments);
    snapshot_spoil();
    return REAL(prctl)(what, argument[0], argument[1], argument[2], argument[3]);
}

WEAVE_EXPORT void *mremap(void *start, size_t size, size_t wanted, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    void *place = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    snapshot_spoil();
    return REAL(mremap)(start, size, wanted, flags, place);
}

/* By number: descriptors and mappings are undone like others. This library, too, calls the system so. */
void lasting_number(long number)
{
    static const long fleeting[] = {
        SYS_futex,         SYS_kill,           SYS_tgkill,      SYS_getpid,     SYS_gettid,     SYS_getppid,
        SYS_exit_group,    SYS_mmap,           SYS_munmap,      SYS_brk,        SYS_openat,     SYS_read,
        SYS_write,         SYS_close,          SYS_lseek,       SYS_readlinkat, SYS_fcntl,      SYS_ftruncate,
        SYS_clock_gettime, SYS_rt_sigprocmask, SYS_close_range, SYS_fstat,      SYS_getdents64, SYS_statx,
        SYS_getrandom,     SYS_memfd_create,   SYS_sched_yield, SYS_getcpu,     SYS_umask};
    for (size_t i = 0; i < sizeof fleeting / sizeof fleeting[0]; i++)
        if (fleeting[i] == number)
            return;
    snapshot_spoil();
}
