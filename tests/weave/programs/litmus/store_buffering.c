/*
 * Store buffering (SB), what Dekker's and Peterson's algorithms rest on: each stores to its own variable, then loads
 * the other's. Both must not read 0.
 *
 * run: all
 * variant: relaxed: STORE=relaxed LOAD=relaxed => pass / exit old-value
 * variant: acquire_release: STORE=release LOAD=acquire => pass / exit old-value
 * variant: seq_cst: STORE=seq_cst LOAD=seq_cst => pass
 * variant: two_fences: STORE=relaxed LOAD=relaxed FENCE0=seq_cst FENCE1=seq_cst => pass
 * variant: one_fence: STORE=relaxed LOAD=relaxed FENCE0=seq_cst => pass / exit old-value
 * variant: weak_fences: STORE=relaxed LOAD=relaxed FENCE0=acq_rel FENCE1=acq_rel => pass / exit old-value
 * variant: one_load_acquire: STORE=seq_cst LOAD=seq_cst LOAD0=acquire => pass / exit old-value
 */
#include "litmus.h"

#ifndef FENCE0
#define FENCE0 none
#endif
#ifndef FENCE1
#define FENCE1 none
#endif
#ifndef LOAD0
#define LOAD0 LOAD
#endif

static void first(struct litmus *s)
{
    store(&s->x, 1, STORE);
    fence(FENCE0);
    s->note[0] = load(&s->y, LOAD0);
}

static void second(struct litmus *s)
{
    store(&s->y, 1, STORE);
    fence(FENCE1);
    s->note[1] = load(&s->x, LOAD);
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 0 && s->note[1] == 0;
}

LITMUS(first, second)
