/*
 * A spin lock around a counter.
 *
 * run: all
 * variant: right: TAKE=acquire GIVE=release => pass
 * variant: unlock_relaxed: TAKE=acquire GIVE=relaxed => pass / exit old-value
 * variant: lock_relaxed: TAKE=relaxed GIVE=release => pass / exit old-value
 * variant: right_plain: TAKE=acquire GIVE=release PLAIN => pass
 * variant: unlock_relaxed_plain: TAKE=acquire GIVE=relaxed PLAIN => race relaxed-order
 * variant: lock_relaxed_plain: TAKE=relaxed GIVE=release PLAIN => race relaxed-order
 */
#include "litmus.h"

#ifdef PLAIN
#define count(s) ((s)->plain++)
#define total(s) ((s)->plain)
#else
#define count(s) store(&(s)->z, load(&(s)->z, relaxed) + 1, relaxed)
#define total(s) ((s)->z)
#endif

static void counter(struct litmus *s)
{
    while (swap(&s->lock, 1, TAKE))
        ;
    count(s);
    store(&s->lock, 0, GIVE);
}

static bool forbidden(const struct litmus *s)
{
    return total(s) != 2;
}

LITMUS(counter, counter)
