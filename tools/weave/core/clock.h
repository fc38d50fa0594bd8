/*
 * Vector clocks: what each process knows of every other process's past.
 *
 * Entry q of a clock is the last moment of process q that is known to have happened before. A moment
 * (process, time) is ordered before somebody's present exactly when that somebody's clock covers it (Lamport
 * 1978, Fidge 1988).
 */
#ifndef WEAVE_CLOCK_H
#define WEAVE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { WEAVE_PROCESSES = 16 }; /* how many processes may take part in a run at once, children included */

struct clock {
    uint32_t at[WEAVE_PROCESSES];
};

/* Afterwards `into` knows all that `from` knows. */
static inline void clock_join(struct clock *into, const struct clock *from)
{
    for (int i = 0; i < WEAVE_PROCESSES; i++)
        if (from->at[i] > into->at[i])
            into->at[i] = from->at[i];
}

/* Whether moment `time` of `process` lies in the past of the owner of `clock`. */
static inline bool clock_covers(const struct clock *clock, int process, uint32_t time)
{
    return time <= clock->at[process];
}

/*
 * What a process knows for coherence, which is more than what happened before: a seq_cst fence also hands on what the
 * processes knew whose fences came earlier (ISO C23 7.17.3; C++20 [atomics.order]).
 */
struct view {
    struct clock clock;
    uint32_t fences; /* number of the last seq_cst fence that is known */
};

static inline void view_join(struct view *into, const struct view *from)
{
    clock_join(&into->clock, &from->clock);
    if (from->fences > into->fences)
        into->fences = from->fences;
}

/* Mixes a value into a 64-bit hash; the constant is 2^64 divided by the golden ratio (Knuth, TAOCP 6.4). */
static inline uint64_t hash_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

#endif
