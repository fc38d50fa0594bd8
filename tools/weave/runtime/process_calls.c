/* Processes and time: fork, wait, exit, signals, sleeping, clocks, raw futexes. */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NANOSECONDS = 1000000000, MICROSECOND = 1000, CLOCK_STEP = MICROSECOND };

/* ---- children ---- */

WEAVE_EXPORT pid_t fork(void)
{
    if (!runtime.on)
        return REAL(fork)();
    turn_sync();
    uint16_t site = site_at(CALLER);
    int slot = run_add_child(runtime.control, runtime.me);
    if (slot < 0) {
        decide_finish(runtime.control, ENDING_LIMIT);
        turn_end_run();
    }
    record_event(runtime.control, runtime.me, EVENT_FORK, site)->value = (uint64_t)slot;
    snapshot_spoil();
    pid_t child = REAL(fork)();
    if (child == 0) {
        runtime.me = slot;
        runtime.self = &runtime.control->process[slot];
        runtime.forked = true;
        turn_wait();
        return 0;
    }
    struct process *p = &runtime.control->process[slot];
    p->pid = child;
    p->state = (uint8_t)(child > 0 ? PROCESS_READY : PROCESS_ENDED);
    REAL(kill)(runtime.control->runner_pid, SIGUSR1); /* so that it watches the new process, too */
    return child;
}

WEAVE_EXPORT pid_t vfork(void)
{
    return fork();
}

/* The child among ours that has ended, -1 none; `any` tells whether there is one at all. */
static int process_ended_child(pid_t pid, bool *any)
{
    struct control *control = runtime.control;
    *any = false;
    for (int i = 0; i < control->slots; i++) {
        struct process *p = &control->process[i];
        if (p->parent != runtime.me || i == runtime.me || p->pid == 0 || (pid > 0 && p->pid != pid))
            continue;
        *any = true;
        if (p->state == PROCESS_ENDED)
            return i;
    }
    return -1;
}

/* All that a child which has ended did happened before. */
static void process_learn(int slot)
{
    const struct process *child = &runtime.control->process[slot];
    struct process *self = runtime.self;
    clock_join(&self->sync, &child->sync);
    clock_join(&self->hypothetical, &child->hypothetical);
    view_join(&self->view, &child->view);
    self->history = hash_mix(self->history, child->history);
    if (child->time > self->time)
        self->time = child->time;
}

/* As the kernel does it: a bad pointer is an error, EFAULT, and no crash. */
static bool process_tell(int *status, int value)
{
    const struct iovec from = {&value, sizeof value}, to = {status, sizeof value};
    uint32_t where;
    bool shared = segment_find(status, &where) > 0; /* a page that may be closed to the library */
    if (!shared && syscall(SYS_process_vm_writev, syscall(SYS_getpid), &from, 1, &to, 1, 0) < 0 && errno == EFAULT)
        return false;
    *status = value;
    return true;
}

static pid_t process_reap(int slot, int *status, int options)
{
    struct process *child = &runtime.control->process[slot];
    int ended = 0;
    pid_t pid = REAL(waitpid)(child->pid, &ended, options);
    child->exit_status = ended;
    child->pid = 0;
    process_learn(slot);
    return status == NULL || process_tell(status, ended) ? pid : -1;
}

pid_t process_wait(pid_t pid, int *status, int options, const void *pc)
{
    if (!runtime.on)
        return REAL(waitpid)(pid, status, options);
    uint16_t site = site_at(pc);
    if (status != NULL)
        access_memory(status, sizeof *status, ACCESS_LIBC | ACCESS_WRITE, pc);
    turn_sync();
    for (;;) {
        bool any;
        int ended = process_ended_child(pid, &any);
        if (ended >= 0)
            return process_reap(ended, status, options);
        if (!any)
            return REAL(waitpid)(pid, status, options | WNOHANG);
        if (options & WNOHANG) {
            turn_yield();
            return 0;
        }
        turn_block(PROCESS_BLOCKED, WAIT_CHILD, NULL, site);
        if (runtime.self->interrupted == INTERRUPTED) {
            errno = EINTR;
            return -1;
        }
    }
}

WEAVE_EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
    return process_wait(pid, status, options, CALLER);
}

WEAVE_EXPORT pid_t wait(int *status)
{
    return process_wait(-1, status, 0, CALLER);
}

/* What a child has used is of no interest here: all zero. */
static void process_usage(struct rusage *usage, const void *pc)
{
    if (usage == NULL)
        return;
    access_memory(usage, sizeof *usage, ACCESS_LIBC | ACCESS_WRITE, pc);
    segment_open();
    memset(usage, 0, sizeof *usage);
    segment_close();
}

WEAVE_EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    if (!runtime.on)
        return REAL(wait4)(pid, status, options, usage);
    process_usage(usage, CALLER);
    return process_wait(pid, status, options, CALLER);
}

WEAVE_EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
    if (!runtime.on)
        return REAL(wait3)(status, options, usage);
    process_usage(usage, CALLER);
    return process_wait(-1, status, options, CALLER);
}

/* Until a child has ended; what it came to is asked of the kernel, which keeps it or not as WNOWAIT says. */
WEAVE_EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    uint16_t site;
    if (!runtime.on || !(options & WEXITED) || (type != P_PID && type != P_ALL))
        return REAL(waitid)(type, id, info, options);
    site = site_at(CALLER);
    if (info != NULL)
        access_memory(info, sizeof *info, ACCESS_LIBC | ACCESS_WRITE, CALLER);
    turn_sync();
    for (;;) {
        bool any;
        int ended = process_ended_child(type == P_PID ? (pid_t)id : -1, &any);
        if (ended >= 0) {
            pid_t pid = runtime.control->process[ended].pid;
            int result = REAL(waitid)(P_PID, (id_t)pid, info, options | WNOWAIT);
            process_learn(ended);
            if (!(options & WNOWAIT))
                process_reap(ended, NULL, 0);
            return result;
        }
        if (!any || (options & WNOHANG))
            return REAL(waitid)(type, id, info, options | WNOHANG);
        turn_block(PROCESS_BLOCKED, WAIT_CHILD, NULL, site);
        if (runtime.self->interrupted == INTERRUPTED) {
            errno = EINTR;
            return -1;
        }
    }
}

/* The end is a step only when stores still wait in the buffer: others may run before these come out. */
static void process_leave(void)
{
    if (!runtime.on || runtime.self->exiting)
        return;
    if (runtime.self->stores > 0)
        turn_point();
    atomic_flush();
    access_settle();
    runtime.self->exiting = 1;
}

/* Who waits for a robust lock of one that has ended is told by the system alone. */
static bool process_holds_robust_lock(void)
{
    for (uint32_t i = 0; i < runtime.control->objects; i++)
        if (runtime.control->object[i].owner == runtime.me && runtime.control->object[i].robust)
            return true;
    return false;
}

/* Does what the runner does for one that really ends (watch_died in session.c), if the process can be used again. */
static void process_gone(int status)
{
    enum { STATUS_BITS = 0xff, STATUS_SHIFT = 8 }; /* wait(2) */
    struct control *control = runtime.control;
    if (!runtime.on || control->turn != runtime.me || process_holds_robust_lock() || !snapshot_undo())
        return;
    runtime.self->exit_status = (status & STATUS_BITS) << STATUS_SHIFT;
    if (control->ending == ENDING_NONE) {
        int next = run_end_process(control, runtime.me);
        if (next >= 0)
            turn_give(next);
    }
    turn_leave();
    snapshot_restore();
}

void process_ended(int status)
{
    if (!runtime.on)
        return;
    REAL(fflush)(NULL); /* as exit(3) would after this */
    process_gone(status);
}

WEAVE_EXPORT void _exit(int status)
{
    process_leave();
    process_gone(status);
    for (;;)
        syscall(SYS_exit_group, status);
}

WEAVE_EXPORT void _Exit(int) __attribute__((alias("_exit")));

/* Last of all destructors, since ours was the first constructor. The runner sees the death and passes the turn on. */
__attribute__((destructor(101))) static void process_at_exit(void)
{
    process_leave();
}

/* A child goes on in the caller's place, which ends: see daemon(3). */
WEAVE_EXPORT int daemon(int stay, int keep_open)
{
    if (!runtime.on)
        return REAL(daemon)(stay, keep_open);
    pid_t child = fork();
    if (child < 0)
        return -1;
    if (child > 0)
        _exit(0);
    int nothing = keep_open ? -1 : open("/dev/null", O_RDWR);
    for (int i = STDIN_FILENO; i <= STDERR_FILENO && nothing >= 0; i++)
        dup2(nothing, i);
    if (nothing > STDERR_FILENO)
        close(nothing);
    return setsid() < 0 || (!stay && chdir("/") != 0) ? -1 : 0;
}

static void process_wait_for_signal(const void *pc)
{
    uint16_t site = site_at(pc);
    atomic_flush();
    turn_block(PROCESS_BLOCKED, WAIT_SIGNAL, NULL, site);
}

/* ---- time ---- */

uint64_t time_of(const struct timespec *when)
{
    return (uint64_t)when->tv_sec * NANOSECONDS + (uint64_t)when->tv_nsec;
}

void time_set(struct timespec *when, uint64_t nanoseconds)
{
    when->tv_sec = (time_t)(nanoseconds / NANOSECONDS);
    when->tv_nsec = (long)(nanoseconds % NANOSECONDS);
}

/* A time that a call reads or writes at the caller's. */
static void time_accessed(const void *pointer, size_t size, unsigned flags, const void *pc)
{
    if (pointer != NULL)
        access_memory(pointer, size, ACCESS_LIBC | flags, pc);
}

/* Sleeping orders nothing: it gives way, and the clock of this process goes on. Returns what an alarm left of it. */
static uint64_t time_sleep(uint64_t nanoseconds, const void *pc)
{
    struct process *p = runtime.self;
    record_event(runtime.control, runtime.me, EVENT_SLEEP, site_at(pc))->value = nanoseconds;
    bool cut = p->alarm != 0 && p->time + nanoseconds > p->alarm; /* an alarm ends it */
    uint64_t end = p->time + nanoseconds, until = cut ? (p->alarm > p->time ? p->alarm : p->time) : end;
    p->time = until;
    turn_yield();
    return cut ? end - until : 0;
}

WEAVE_EXPORT unsigned sleep(unsigned seconds)
{
    if (!runtime.on)
        return REAL(sleep)(seconds);
    return (unsigned)(time_sleep((uint64_t)seconds * NANOSECONDS, CALLER) / NANOSECONDS);
}

WEAVE_EXPORT int usleep(useconds_t microseconds)
{
    if (!runtime.on)
        return REAL(usleep)(microseconds);
    time_sleep((uint64_t)microseconds * MICROSECOND, CALLER);
    return 0;
}

WEAVE_EXPORT int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    if (!runtime.on)
        return REAL(nanosleep)(wanted, left);
    time_accessed(wanted, sizeof *wanted, 0, CALLER);
    time_sleep(time_of(wanted), CALLER);
    return 0;
}

WEAVE_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left)
{
    if (!runtime.on)
        return REAL(clock_nanosleep)(clock, flags, wanted, left);
    time_accessed(wanted, sizeof *wanted, 0, CALLER);
    uint64_t span = time_of(wanted);
    if (flags & TIMER_ABSTIME)
        span = span > runtime.self->time ? span - runtime.self->time : 0;
    time_sleep(span, CALLER);
    return 0;
}

/* What there would be without weave, which keeps everybody on one processor: see the runner's session.c. */
WEAVE_EXPORT int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    const uint8_t *processors = runtime.control == NULL ? NULL : runtime.control->processors;
    size_t used = processors == NULL ? 0 : WEAVE_PROCESSORS;
    while (used > 0 && processors[used - 1] == 0)
        used--;
    if (used == 0)
        return REAL(sched_getaffinity)(pid, size, set);
    if (size < used) { /* as the kernel does */
        errno = EINVAL;
        return -1;
    }
    memset(set, 0, size);
    memcpy(set, processors, used);
    return 0;
}

WEAVE_EXPORT int sched_yield(void)
{
    if (!runtime.on)
        return REAL(sched_yield)();
    time_sleep(0, CALLER);
    return 0;
}

/* Waiting for input or for time to pass, when nothing is ready: a sleep, or without a limit a wait for a signal. */
static int time_await_input(const struct timespec *limit, const void *pc)
{
    if (limit == NULL) {
        process_wait_for_signal(pc);
        errno = EINTR;
        return -1;
    }
    if (time_of(limit) > 0)
        time_sleep(time_of(limit), pc);
    return 0;
}

/* With channels among them it waits for these to change, and looks again. */
static int time_poll(struct pollfd *descriptors, nfds_t count, const struct timespec *limit, const sigset_t *mask,
                     const void *pc)
{
    const struct timespec now = {0};
    bool channels = channel_among(descriptors, count);
    if (channels)
        turn_sync();
    for (;;) {
        int ready = REAL(ppoll)(descriptors, count, &now, mask); /* a pending signal is delivered here */
        if (ready != 0)
            return ready;
        int more = channels ? channel_await(limit, pc) : time_await_input(limit, pc);
        if (more <= 0)
            return more;
    }
}

WEAVE_EXPORT int poll(struct pollfd *descriptors, nfds_t count, int timeout)
{
    if (!runtime.on)
        return REAL(poll)(descriptors, count, timeout);
    enum { MILLISECOND = 1000000, MILLISECONDS = 1000 };
    time_accessed(descriptors, count * sizeof *descriptors, ACCESS_WRITE, CALLER);
    struct timespec limit = {timeout / MILLISECONDS, timeout % MILLISECONDS * (long)MILLISECOND};
    return time_poll(descriptors, count, timeout < 0 ? NULL : &limit, NULL, CALLER);
}

WEAVE_EXPORT int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *limit, const sigset_t *mask)
{
    if (!runtime.on)
        return REAL(ppoll)(descriptors, count, limit, mask);
    return time_poll(descriptors, count, limit, mask, CALLER);
}

/* The sets lose what is not ready, so they are tried on copies. */
static int time_select(int count, fd_set *sets[3], const struct timespec *limit, const sigset_t *mask, const void *pc)
{
    fd_set copies[3];
    bool channels = false;
    for (int i = 0; i < 3; i++)
        if (sets[i] != NULL)
            copies[i] = *sets[i];
    for (int i = 0; i < 3; i++)
        for (int descriptor = 0; sets[i] != NULL && descriptor < count; descriptor++)
            channels =
                channels || (FD_ISSET(descriptor, sets[i]) && channel_among(&(struct pollfd){.fd = descriptor}, 1));
    const struct timespec now = {0};
    if (channels)
        turn_sync();
    int result;
    do {
        for (int i = 0; i < 3; i++)
            if (sets[i] != NULL)
                *sets[i] = copies[i];
        int ready = REAL(pselect)(count, sets[0], sets[1], sets[2], &now, mask);
        if (ready != 0)
            return ready;
        result = channels ? channel_await(limit, pc) : time_await_input(limit, pc);
    } while (result > 0);
    for (int i = 0; result < 0 && i < 3; i++)
        if (sets[i] != NULL)
            *sets[i] = copies[i];
    return result;
}

WEAVE_EXPORT int select(int count, fd_set *restrict readable, fd_set *restrict writable, fd_set *restrict failed,
                        struct timeval *restrict timeout)
{
    if (!runtime.on)
        return REAL(select)(count, readable, writable, failed, timeout);
    struct timespec limit = {0};
    if (timeout != NULL)
        limit = (struct timespec){timeout->tv_sec, timeout->tv_usec * MICROSECOND};
    fd_set *sets[3] = {readable, writable, failed};
    return time_select(count, sets, timeout == NULL ? NULL : &limit, NULL, CALLER);
}

WEAVE_EXPORT int pselect(int count, fd_set *restrict readable, fd_set *restrict writable, fd_set *restrict failed,
                         const struct timespec *restrict limit, const sigset_t *restrict mask)
{
    if (!runtime.on)
        return REAL(pselect)(count, readable, writable, failed, limit, mask);
    fd_set *sets[3] = {readable, writable, failed};
    return time_select(count, sets, limit, mask, CALLER);
}

WEAVE_EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *limit)
{
    if (!runtime.on)
        return REAL(sigtimedwait)(set, info, limit);
    const struct timespec now = {0};
    int signal = REAL(sigtimedwait)(set, info, &now);
    if (signal < 0 && errno == EAGAIN && time_await_input(limit, CALLER) == 0)
        errno = EAGAIN;
    return signal;
}

static bool time_is_virtual(clockid_t clock)
{
    return runtime.on && (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
                          clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME);
}

WEAVE_EXPORT int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (!time_is_virtual(clock))
        return (int)syscall(SYS_clock_gettime, clock, now);
    time_accessed(now, sizeof *now, ACCESS_WRITE, CALLER);
    runtime.self->time += CLOCK_STEP;
    segment_open();
    time_set(now, runtime.self->time);
    segment_close();
    return 0;
}

WEAVE_EXPORT time_t time(time_t *now)
{
    struct timespec when;
    clock_gettime(CLOCK_REALTIME, &when);
    time_accessed(now, sizeof *now, ACCESS_WRITE, CALLER);
    segment_open();
    if (now != NULL)
        *now = when.tv_sec;
    segment_close();
    return when.tv_sec;
}

WEAVE_EXPORT int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    struct timespec when;
    clock_gettime(CLOCK_REALTIME, &when);
    time_accessed(now, sizeof *now, ACCESS_WRITE, CALLER);
    segment_open();
    now->tv_sec = when.tv_sec;
    now->tv_usec = when.tv_nsec / MICROSECOND;
    segment_close();
    return 0;
}

/* ---- futexes ---- */

static long futex_wait(const uint32_t *word, uint32_t expected, const struct timespec *timeout, struct object *object,
                       uint16_t site)
{
    turn_sync();
    segment_open();
    uint32_t now = __atomic_load_n(word, __ATOMIC_SEQ_CST);
    segment_close();
    shadow_access(runtime.control, runtime.me, object->where, sizeof *word, ACCESS_ATOMIC, site);
    order_note(runtime.control, runtime.me, object, EVENT_BLOCK);
    if (now != expected) {
        errno = EAGAIN;
        return -1;
    }
    runtime.self->timed = timeout != NULL;
    if (timeout != NULL)
        runtime.self->deadline = runtime.self->time + time_of(timeout);
    runtime.self->wait_where = object->where;
    object->waited = 1;
    if (turn_block(PROCESS_BLOCKED, WAIT_FUTEX, object, site)) {
        errno = ETIMEDOUT;
        return -1;
    }
    if (runtime.self->interrupted == INTERRUPTED) {
        errno = EINTR;
        return -1;
    }
    return 0;
}

static long futex_wake(long most, struct object *object, uint16_t site)
{
    struct control *control = runtime.control;
    turn_sync();
    order_note(control, runtime.me, object, EVENT_WAKE);
    int index = object_index(control, object);
    long woken = 0;
    for (int i = 0; i < control->slots && woken < most; i++) {
        struct process *p = &control->process[i];
        if (p->state == PROCESS_BLOCKED && p->wait == WAIT_FUTEX && p->wait_object == index) {
            decide_ready(control, i);
            woken++;
        }
    }
    if (woken == 0) {
        object->lost++;
        object->site = site;
    }
    object_event(EVENT_WAKE, site, object, (uint64_t)woken);
    spin_progress(control, runtime.me);
    return woken;
}

static bool futex_call(const long *arguments, long *result, const void *pc)
{
    const uint32_t *word = (const uint32_t *)(uintptr_t)arguments[0];
    int operation = (int)arguments[1] & FUTEX_CMD_MASK;
    if (operation != FUTEX_WAIT && operation != FUTEX_WAKE && operation != FUTEX_WAIT_BITSET)
        return false;
    struct object *object = object_at(word, OBJECT_ATOMIC);
    if (object == NULL)
        return false;
    object = object_find(runtime.control, hash_mix(object->key, OBJECT_FUTEX), OBJECT_FUTEX);
    segment_find(word, &object->where);
    uint16_t site = site_at(pc);
    if (arguments[1] & FUTEX_PRIVATE_FLAG)
        record_misuse(runtime.control, runtime.me, MISUSE_FUTEX_PRIVATE, site)->where = object->where;
    if (operation == FUTEX_WAKE)
        *result = futex_wake(arguments[2], object, site);
    else
        *result =
            futex_wait(word, (uint32_t)arguments[2], (const struct timespec *)(uintptr_t)arguments[3], object, site);
    return true;
}

WEAVE_EXPORT long syscall(long number, ...)
{
    enum { ARGUMENTS = 6 };
    long argument[ARGUMENTS];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < ARGUMENTS; i++)
        argument[i] = va_arg(arguments, long);
    va_end(arguments);
    long result;
    lasting_number(number);
    if (number == SYS_futex && runtime.on && (int32_t *)(uintptr_t)argument[0] != NULL) {
        uint32_t where;
        if (segment_find((const void *)(uintptr_t)argument[0], &where) > 0 && futex_call(argument, &result, CALLER))
            return result;
    }
    return REAL(syscall)(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
