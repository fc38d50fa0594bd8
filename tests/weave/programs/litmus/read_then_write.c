/*
 * Pattern S: who has seen the flag stores over what was stored before it, not under it.
 *
 * run: all
 * variant: relaxed: STORE=relaxed LOAD=relaxed => pass / exit old-value
 * variant: release_acquire: STORE=release LOAD=acquire => pass
 */
#include "litmus.h"

static void first(struct litmus *s)
{
    store(&s->x, 2, relaxed);
    store(&s->y, 1, STORE);
}

static void second(struct litmus *s)
{
    s->note[0] = load(&s->y, LOAD);
    store(&s->x, 1, relaxed);
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 1 && s->x == 2;
}

LITMUS(first, second)
