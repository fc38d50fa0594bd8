/*
 * Ending on request: SIGINT, SIGTERM and SIGHUP (a closed terminal) set a flag that every loop looks at, so
 * that a program always leaves through its own clean-up. A second signal is not needed and does no harm.
 */
#ifndef SHMLAB_STOP_H
#define SHMLAB_STOP_H

#include <stdbool.h>

#include "shmlab/language.h"

SHMLAB_BEGIN_C

/* Install the handlers (without SA_RESTART: blocking calls return EINTR). Also ignores SIGPIPE: writes fail
 * with EPIPE. */
void stop_on_signals(void);

/* The number of the signal that asked us to end, 0 while none did. */
int stop_signal(void);

/* Sleep for that many seconds or until a signal asks us to end; false in the second case. No signal is missed. */
bool stop_sleep(double seconds);

enum stop_reason {
    STOP_ENTER,  /* a line was typed */
    STOP_TIME,   /* the time is over */
    STOP_SIGNAL, /* a signal came: see stop_signal */
};

/*
 * Wait for Enter on standard input, a signal, or the end of the time (seconds < 0: no limit). Standard input
 * that is at its end, or belongs to another job of the shell, is not waited for.
 */
enum stop_reason stop_wait(double seconds);

SHMLAB_END_C

#endif
