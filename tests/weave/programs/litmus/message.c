/*
 * Message passing (MP) with atomic data: who sees the flag must see the data.
 *
 * run: all
 * variant: relaxed: STORE=relaxed LOAD=relaxed => pass / exit old-value
 * variant: release_relaxed: STORE=release LOAD=relaxed => pass / exit old-value
 * variant: relaxed_acquire: STORE=relaxed LOAD=acquire => pass / exit old-value
 * variant: release_acquire: STORE=release LOAD=acquire => pass
 * variant: fences: STORE=relaxed LOAD=relaxed BEFORE=release AFTER=acquire => pass
 * variant: acquire_fence_only: STORE=relaxed LOAD=relaxed AFTER=acquire => pass / exit old-value
 * variant: release_fence_only: STORE=relaxed LOAD=relaxed BEFORE=release => pass / exit old-value
 */
#include "litmus.h"

#ifndef BEFORE
#define BEFORE none
#endif
#ifndef AFTER
#define AFTER none
#endif

static void sender(struct litmus *s)
{
    store(&s->x, 1, relaxed);
    fence(BEFORE);
    store(&s->y, 1, STORE);
}

static void receiver(struct litmus *s)
{
    s->note[0] = load(&s->y, LOAD);
    fence(AFTER);
    s->note[1] = load(&s->x, relaxed);
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 1 && s->note[1] == 0;
}

LITMUS(sender, receiver)
