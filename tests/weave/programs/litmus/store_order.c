/*
 * Pattern R: two stores, against a store to the second variable and a load of the first.
 *
 * run: all
 * variant: relaxed: STORE=relaxed LOAD=relaxed FENCE=none => pass / exit old-value
 * variant: acquire_release: STORE=release LOAD=acquire FENCE=none => pass / exit old-value
 * variant: seq_cst: STORE=seq_cst LOAD=seq_cst FENCE=none => pass
 * variant: fences: STORE=relaxed LOAD=relaxed FENCE=seq_cst => pass
 */
#include "litmus.h"

static void first(struct litmus *s)
{
    store(&s->x, 1, STORE);
    fence(FENCE);
    store(&s->y, 1, STORE);
}

static void second(struct litmus *s)
{
    store(&s->y, 2, STORE);
    fence(FENCE);
    s->note[0] = load(&s->x, LOAD);
}

static bool forbidden(const struct litmus *s)
{
    return s->y == 2 && s->note[0] == 0;
}

LITMUS(first, second)
