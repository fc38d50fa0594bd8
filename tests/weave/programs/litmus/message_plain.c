/*
 * Message passing (MP) with plain data: a missing order is a race whatever is read.
 *
 * run: all
 * variant: relaxed: STORE=relaxed LOAD=relaxed => race relaxed-order
 * variant: release_relaxed: STORE=release LOAD=relaxed => race relaxed-order
 * variant: relaxed_acquire: STORE=relaxed LOAD=acquire => race relaxed-order
 * variant: release_acquire: STORE=release LOAD=acquire => pass
 * variant: fences: STORE=relaxed LOAD=relaxed BEFORE=release AFTER=acquire => pass
 * variant: acquire_fence_only: STORE=relaxed LOAD=relaxed AFTER=acquire => race relaxed-order
 * variant: release_fence_only: STORE=relaxed LOAD=relaxed BEFORE=release => race relaxed-order
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
    s->plain = 1;
    fence(BEFORE);
    store(&s->y, 1, STORE);
}

static void receiver(struct litmus *s)
{
    s->note[0] = load(&s->y, LOAD);
    fence(AFTER);
    if (s->note[0] == 1)
        s->note[1] = s->plain;
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 1 && s->note[1] == 0;
}

LITMUS(sender, receiver)
