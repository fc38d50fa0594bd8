/*
 * The monotonic clock, which nobody sets and which is one for all processes (clock_gettime(2), CLOCK_MONOTONIC), and
 * waiting with an end on it. Counting the pauses between two looks instead would make a wait longer than it says: each
 * pause takes longer than was asked for. Python's shmlab.waiting.Deadline has the same words.
 *
 *     struct deadline deadline = deadline_in(options->timeout);
 *     while (!what_is_wanted())
 *         if (deadline_passed(&deadline) || !stop_sleep(retry_seconds))
 *             return ...;
 */
#ifndef SHMLAB_CLOCK_H
#define SHMLAB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "shmlab/language.h"

SHMLAB_BEGIN_C

/* Now, since some point in the past that is the same for all processes until the machine starts again. */
int64_t clock_now_ns(void);
int64_t clock_now_ms(void);
double clock_now(void); /* seconds */

/* A point in time on this clock. */
struct deadline {
    double seconds; /* from deadline_in or the last deadline_restart until then */
    int64_t end_ns;
};

/* That many seconds from now. Not more than 0: it has passed already. INFINITY: it never passes in practice. */
struct deadline deadline_in(double seconds);

/* Begin again, because something came. */
void deadline_restart(struct deadline *deadline);

/* Is it over? */
bool deadline_passed(const struct deadline *deadline);

/* Seconds that are left; 0 when it has passed. */
double deadline_left(const struct deadline *deadline);

/* For sem_clockwait(3) and others that want a point on CLOCK_MONOTONIC. */
struct timespec deadline_timespec(const struct deadline *deadline);

SHMLAB_END_C

#endif
