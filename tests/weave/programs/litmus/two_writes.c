/*
 * Two pairs of stores (2+2W): the first store of each must not be the last of its variable.
 *
 * run: all
 * variant: relaxed: STORE=relaxed FENCE=none => pass / exit old-value
 * variant: release: STORE=release FENCE=none => pass / exit old-value
 * variant: seq_cst: STORE=seq_cst FENCE=none => pass
 * variant: fences: STORE=relaxed FENCE=seq_cst => pass
 */
#include "litmus.h"

static void first(struct litmus *s)
{
    store(&s->x, 1, STORE);
    fence(FENCE);
    store(&s->y, 2, STORE);
}

static void second(struct litmus *s)
{
    store(&s->y, 1, STORE);
    fence(FENCE);
    store(&s->x, 2, STORE);
}

static bool forbidden(const struct litmus *s)
{
    return s->x == 1 && s->y == 1;
}

LITMUS(first, second)
