/*
 * Calls that synchronise processes and that weave does not know: a run that makes one cannot be judged, and
 * says so.
 *
 * To let them happen would be worse: the order that they make would be invisible, and races be reported that
 * are none.
 */
#include "runtime.h"

#include <mqueue.h>
#include <signal.h>
#include <string.h>
#include <sys/msg.h>

void unmodelled(const char *what, const void *pc)
{
    if (!runtime.on)
        return;
    struct control *control = runtime.control;
    access_settle();
    size_t i = 0;
    for (; i + 1 < sizeof control->unmodelled && what[i] != '\0'; i++)
        control->unmodelled[i] = what[i];
    control->unmodelled[i] = '\0';
    control->unmodelled_site = site_at(pc);
    decide_finish(control, ENDING_UNMODELLED);
    turn_end_run();
}

#define UNMODELLED(type, call, parameters, arguments) \
    WEAVE_EXPORT type call parameters                 \
    {                                                 \
        unmodelled("uses " #call, CALLER);            \
        return REAL(call) arguments;                  \
    }

UNMODELLED(int, msgsnd, (int queue, const void *message, size_t size, int flags), (queue, message, size, flags))
UNMODELLED(ssize_t, msgrcv, (int queue, void *message, size_t size, long type, int flags),
           (queue, message, size, type, flags))
UNMODELLED(int, mq_send, (mqd_t queue, const char *message, size_t size, unsigned priority),
           (queue, message, size, priority))
UNMODELLED(ssize_t, mq_receive, (mqd_t queue, char *message, size_t size, unsigned *priority),
           (queue, message, size, priority))
UNMODELLED(int, mq_timedsend,
           (mqd_t queue, const char *message, size_t size, unsigned priority, const struct timespec *until),
           (queue, message, size, priority, until))
UNMODELLED(ssize_t, mq_timedreceive,
           (mqd_t queue, char *restrict message, size_t size, unsigned *restrict priority,
            const struct timespec *restrict until),
           (queue, message, size, priority, until))
UNMODELLED(int, sigwait, (const sigset_t *restrict set, int *restrict signal), (set, signal))
UNMODELLED(int, sigwaitinfo, (const sigset_t *restrict set, siginfo_t *restrict information), (set, information))
UNMODELLED(int, sigsuspend, (const sigset_t *mask), (mask))
UNMODELLED(int, sigqueue, (pid_t process, int signal, const union sigval value), (process, signal, value))

/* A process that dies of this did not do so by itself. */
static void told_to_die(pid_t pid)
{
    struct control *control = runtime.control;
    for (int i = 0; i < control->slots; i++)
        if (i != runtime.me && control->process[i].pid > 0 && (pid <= 0 || control->process[i].pid == pid))
            control->process[i].told_to_die = 1;
}

/* Asking whether a process is there is fine, and SIGKILL only ends it, which the runner sees. */
WEAVE_EXPORT int kill(pid_t process, int signal)
{
    if (runtime.on && signal != 0 && signal != SIGKILL && process != runtime.self->pid)
        unmodelled("uses kill", CALLER);
    if (runtime.on && signal == SIGKILL)
        told_to_die(process);
    return REAL(kill)(process, signal);
}
