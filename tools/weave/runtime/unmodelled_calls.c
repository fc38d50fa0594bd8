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
#include <sys/signalfd.h>
#include <time.h>

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

UNMODELLED(int, mq_notify, (mqd_t queue, const struct sigevent *event), (queue, event))
UNMODELLED(int, timer_create, (clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer),
           (clock, event, timer))
UNMODELLED(int, signalfd, (int descriptor, const sigset_t *mask, int flags), (descriptor, mask, flags))
UNMODELLED(int, sigqueue, (pid_t process, int signal, const union sigval value), (process, signal, value))
