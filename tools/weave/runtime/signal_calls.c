/*
 * Signals, in the order of the schedule.
 *
 * A handler that ran while its process waits for its turn would act without holding it. So in a run all signals that
 * come from outside of a process are really blocked, and let through only in a window: when the process holds the turn,
 * at a scheduling point, and something is due. What the program itself blocks is kept apart. Alarms go by virtual time.
 */
#include "runtime.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum { NANOSECONDS = 1000000000, MICROSECOND = 1000 };

static sigset_t own_mask, held_back; /* what the program blocks; what weave does */

static void signal_mask(const sigset_t *mask, sigset_t *before)
{
    enum { KERNEL_BYTES = 8 };
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, before, KERNEL_BYTES);
}

void signal_enter_run(void)
{
    static const int immediate[] = {
        SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPIPE, SIGXCPU, SIGXFSZ, WEAVE_SIGNAL_WATCHDOG};
    sigfillset(&held_back);
    for (size_t i = 0; i < sizeof immediate / sizeof immediate[0]; i++)
        sigdelset(&held_back, immediate[i]);
    signal_mask(&held_back, &own_mask);
}

void signal_leave_run(void)
{
    signal_mask(&own_mask, NULL);
}

static struct object *signal_object(int process)
{
    return object_find(runtime.control, key_make(KEY_CHILD, (uint64_t)process), OBJECT_CHILD);
}

/* What will run of the pending signals: nothing, handlers all of which restart calls, or others. */
static enum interruption signal_expected(const sigset_t *mask)
{
    sigset_t pending;
    enum interruption what = INTERRUPTED_NOT;
    sigpending(&pending);
    for (int i = 1; i < NSIG; i++) {
        struct sigaction action;
        if (sigismember(&pending, i) != 1 || sigismember(mask, i) == 1 || sigaction(i, NULL, &action) != 0 ||
            action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)
            continue;
        if (!(action.sa_flags & SA_RESTART))
            return INTERRUPTED;
        what = INTERRUPTED_RESTARTING;
    }
    return what;
}

/* Whoever ended or sent a signal did all that it did before. */
static void signal_learn(void)
{
    struct control *control = runtime.control;
    order_acquire(control, runtime.me, signal_object(runtime.me));
    for (int i = 0; i < control->slots; i++)
        if (control->process[i].parent == runtime.me && control->process[i].state == PROCESS_ENDED) {
            clock_join(&runtime.self->sync, &control->process[i].sync);
            clock_join(&runtime.self->hypothetical, &control->process[i].hypothetical);
        }
}

static enum interruption signal_let_through(const sigset_t *mask)
{
    struct process *p = runtime.self;
    p->signals_due = 0;
    if (p->alarm_due) {
        p->alarm_due = 0;
        syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), SIGALRM);
    }
    enum interruption what = signal_expected(mask);
    int saved = errno;
    if (what != INTERRUPTED_NOT)
        signal_learn();
    signal_mask(mask, NULL); /* here they come */
    signal_mask(&held_back, NULL);
    errno = saved;
    return what;
}

enum interruption signal_window(void)
{
    struct process *p = runtime.self;
    if (p->alarm != 0 && p->time >= p->alarm) {
        p->alarm = p->alarm_interval == 0 ? 0 : p->time + p->alarm_interval;
        p->alarm_due = p->signals_due = 1;
    }
    return p->signals_due ? signal_let_through(&own_mask) : INTERRUPTED_NOT;
}

/* ---- masks and waiting ---- */

static int signal_change_mask(int how, const sigset_t *set, sigset_t *before, const void *pc)
{
    if (before != NULL) {
        access_memory(before, sizeof *before, ACCESS_LIBC | ACCESS_WRITE, pc);
        *before = own_mask;
    }
    if (set == NULL)
        return 0;
    if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
        return EINVAL;
    for (int i = 1; i < NSIG; i++)
        if (how == SIG_SETMASK ? sigismember(set, i) != sigismember(&own_mask, i) : sigismember(set, i) == 1) {
            if (how == SIG_UNBLOCK || (how == SIG_SETMASK && sigismember(set, i) == 0))
                sigdelset(&own_mask, i);
            else
                sigaddset(&own_mask, i);
        }
    if (how != SIG_BLOCK)
        signal_let_through(&own_mask);
    return 0;
}

WEAVE_EXPORT int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict before)
{
    if (!runtime.on)
        return REAL(sigprocmask)(how, set, before);
    int error = signal_change_mask(how, set, before, CALLER);
    errno = error != 0 ? error : errno;
    return error != 0 ? -1 : 0;
}

WEAVE_EXPORT int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict before)
{
    return runtime.on ? signal_change_mask(how, set, before, CALLER) : REAL(pthread_sigmask)(how, set, before);
}

/* The masks of 4.2BSD, an int of the first signals (sigvec(3)), which shells use, and those of System V (sigset(3)). */
WEAVE_EXPORT int sigsetmask(int bits);
WEAVE_EXPORT int sigblock(int bits);
WEAVE_EXPORT int sighold(int signal);
WEAVE_EXPORT int sigrelse(int signal);

static int signal_bits(int how, int bits)
{
    enum { BITS = 31 };
    sigset_t set, before;
    int old = 0;
    sigemptyset(&set);
    for (int i = 1; i <= BITS; i++)
        if ((unsigned)bits >> (i - 1) & 1)
            sigaddset(&set, i);
    if (runtime.on)
        signal_change_mask(how, &set, &before, CALLER);
    else
        REAL(sigprocmask)(how, &set, &before);
    for (int i = 1; i <= BITS; i++)
        old |= sigismember(&before, i) == 1 ? (int)(1u << (i - 1)) : 0;
    return old;
}

int sigsetmask(int bits)
{
    return signal_bits(SIG_SETMASK, bits);
}

int sigblock(int bits)
{
    return signal_bits(SIG_BLOCK, bits);
}

static int signal_one(int how, int signal)
{
    sigset_t set;
    sigemptyset(&set);
    return sigaddset(&set, signal) != 0 ? -1 : sigprocmask(how, &set, NULL);
}

int sighold(int signal)
{
    return signal_one(SIG_BLOCK, signal);
}

int sigrelse(int signal)
{
    return signal_one(SIG_UNBLOCK, signal);
}

static int signal_suspend(const sigset_t *mask, const void *pc)
{
    uint16_t site = site_at(pc);
    turn_sync();
    while (signal_let_through(mask) == INTERRUPTED_NOT) {
        runtime.self->interrupted = INTERRUPTED_NOT;
        turn_block(PROCESS_BLOCKED, WAIT_SIGNAL, NULL, site);
        if (runtime.self->interrupted != INTERRUPTED_NOT)
            break;
    }
    errno = EINTR;
    return -1;
}

WEAVE_EXPORT int sigsuspend(const sigset_t *mask)
{
    return runtime.on ? signal_suspend(mask, CALLER) : REAL(sigsuspend)(mask);
}

WEAVE_EXPORT int pause(void)
{
    return runtime.on ? signal_suspend(&own_mask, CALLER) : REAL(pause)();
}

static int signal_await(const sigset_t *set, siginfo_t *information, const void *pc)
{
    const struct timespec now = {0};
    uint16_t site = site_at(pc);
    turn_sync();
    for (;;) {
        int signal = REAL(sigtimedwait)(set, information, &now);
        if (signal >= 0 || errno != EAGAIN) {
            signal_learn();
            return signal;
        }
        turn_block(PROCESS_BLOCKED, WAIT_SIGNAL, NULL, site);
    }
}

WEAVE_EXPORT int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict information)
{
    return runtime.on ? signal_await(set, information, CALLER) : REAL(sigwaitinfo)(set, information);
}

WEAVE_EXPORT int sigwait(const sigset_t *restrict set, int *restrict signal)
{
    if (!runtime.on)
        return REAL(sigwait)(set, signal);
    int result = signal_await(set, NULL, CALLER);
    if (result < 0)
        return errno;
    *signal = result;
    return 0;
}

/* ---- actions ---- */

WEAVE_EXPORT int sigaction(int signal, const struct sigaction *restrict wanted, struct sigaction *restrict before)
{
    if (wanted != NULL)
        snapshot_action(signal);
    return REAL(sigaction)(signal, wanted, before);
}

/* signal(3) and its relatives, some of which nobody should use any more. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#define ACTION(type, call, parameters, arguments) \
    WEAVE_EXPORT type call parameters;            \
    type call parameters                          \
    {                                             \
        snapshot_action(number);                  \
        return REAL(call) arguments;              \
    }

ACTION(sighandler_t, signal, (int number, sighandler_t handler), (number, handler))
ACTION(sighandler_t, bsd_signal, (int number, sighandler_t handler), (number, handler))
ACTION(sighandler_t, sysv_signal, (int number, sighandler_t handler), (number, handler))
ACTION(sighandler_t, __sysv_signal, (int number, sighandler_t handler), (number, handler))
ACTION(sighandler_t, sigset, (int number, sighandler_t handler), (number, handler))
ACTION(int, sigignore, (int number), (number))
ACTION(int, siginterrupt, (int number, int interrupt), (number, interrupt))
#pragma GCC diagnostic pop

/* ---- sending ---- */

/* It looks at what has come when it is its turn; one that waits for a signal of a condition or the like stays asleep.
 */
static void signal_arrives(int process)
{
    struct process *p = &runtime.control->process[process];
    p->signals_due = 1;
    bool wakes = p->state == PROCESS_SPINNING || p->state == PROCESS_PARKED ||
                 (p->state == PROCESS_BLOCKED && p->wait != WAIT_CONDITION && p->wait != WAIT_BARRIER);
    if (wakes)
        decide_ready(runtime.control, process);
}

/* The process of the run with this id, -1 none. */
static int signal_target(pid_t pid)
{
    for (int i = 0; i < runtime.control->slots; i++)
        if (runtime.control->process[i].pid == pid && runtime.control->process[i].state != PROCESS_ENDED)
            return i;
    return -1;
}

/* Whether the process has ended and was collected: it may be there to run again. */
static bool signal_is_gone(pid_t pid)
{
    for (int i = 0; i < runtime.control->processes; i++)
        if (runtime.control->process[i].pid == pid && runtime.control->process[i].state == PROCESS_ENDED)
            return pid > 0;
    return false;
}

/* Asking whether a process is there is fine, and SIGKILL only ends it, which the runner sees. */
WEAVE_EXPORT int kill(pid_t pid, int signal)
{
    if (runtime.on && signal_is_gone(pid)) {
        errno = ESRCH;
        return -1;
    }
    if (!runtime.on || signal == 0)
        return REAL(kill)(pid, signal);
    int target = pid > 0 ? signal_target(pid) : -1;
    bool group = pid <= 0, stops = signal == SIGSTOP || signal == SIGTSTP || signal == SIGCONT;
    if (signal != SIGKILL && (group || target < 0 || (stops && target != runtime.me)))
        unmodelled("uses kill", CALLER);
    for (int i = 0; i < runtime.control->slots; i++)
        if (i != runtime.me && (group || i == target))
            runtime.control->process[i].told_to_die = 1;
    if (target >= 0 && target != runtime.me && signal != SIGKILL) {
        turn_sync();
        order_release(runtime.control, runtime.me, signal_object(target));
    }
    int result = REAL(kill)(pid, signal);
    if (target == runtime.me)
        signal_let_through(&own_mask);
    else if (target >= 0 && signal != SIGKILL && result == 0)
        signal_arrives(target);
    return result;
}

WEAVE_EXPORT int raise(int signal)
{
    int result = REAL(raise)(signal);
    if (runtime.on)
        signal_let_through(&own_mask);
    return result;
}

/* ---- alarms ---- */

static uint64_t alarm_set(uint64_t after, uint64_t interval)
{
    struct process *p = runtime.self;
    uint64_t left = p->alarm > p->time ? p->alarm - p->time : 0;
    p->alarm = after == 0 ? 0 : p->time + after;
    p->alarm_interval = interval;
    return left;
}

WEAVE_EXPORT unsigned alarm(unsigned seconds)
{
    if (!runtime.on)
        return REAL(alarm)(seconds);
    return (unsigned)((alarm_set((uint64_t)seconds * NANOSECONDS, 0) + NANOSECONDS - 1) / NANOSECONDS);
}

static uint64_t alarm_time(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * NANOSECONDS + (uint64_t)time->tv_usec * MICROSECOND;
}

WEAVE_EXPORT int setitimer(__itimer_which_t which, const struct itimerval *restrict wanted,
                           struct itimerval *restrict before)
{
    if (which != ITIMER_REAL)
        snapshot_spoil();
    if (!runtime.on || which != ITIMER_REAL)
        return REAL(setitimer)(which, wanted, before);
    uint64_t interval = runtime.self->alarm_interval,
             left = alarm_set(alarm_time(&wanted->it_value), alarm_time(&wanted->it_interval));
    if (before != NULL) {
        before->it_value =
            (struct timeval){(time_t)(left / NANOSECONDS), (suseconds_t)(left % NANOSECONDS / MICROSECOND)};
        before->it_interval =
            (struct timeval){(time_t)(interval / NANOSECONDS), (suseconds_t)(interval % NANOSECONDS / MICROSECOND)};
    }
    return 0;
}
