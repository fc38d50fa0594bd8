/*
 * Peterson's lock around a counter. With `turn` stored relaxed or release its two stores may come in the other order
 * (pattern R), which a fence does not help against; an exchange does.
 *
 * run: all
 * variant: seq_cst: WANT=seq_cst TURN=seq_cst LOOK=seq_cst OUT=release => pass
 * variant: seq_cst_plain: WANT=seq_cst TURN=seq_cst LOOK=seq_cst OUT=release PLAIN => pass
 * variant: acquire_release: WANT=release TURN=release LOOK=acquire OUT=release => pass / exit old-value
 * variant: acquire_release_plain: WANT=release TURN=release LOOK=acquire OUT=release PLAIN => pass / race old-value
 * variant: fence_alone: WANT=release TURN=release LOOK=acquire OUT=release FENCE=seq_cst => pass / exit old-value
 * variant: exchange_and_fence: WANT=release TURN=acq_rel LOOK=acquire OUT=release FENCE=seq_cst SWAP => pass
 * variant: looks_acquire: WANT=seq_cst TURN=seq_cst LOOK=acquire OUT=release => pass / exit old-value
 * variant: exit_relaxed: WANT=seq_cst TURN=seq_cst LOOK=seq_cst OUT=relaxed => pass / exit old-value
 * variant: exit_relaxed_plain: WANT=seq_cst TURN=seq_cst LOOK=seq_cst OUT=relaxed PLAIN => race relaxed-order
 */
#include "litmus.h"

#ifndef FENCE
#define FENCE none
#endif

#ifdef PLAIN
#define count(s) ((s)->plain++)
#define total(s) ((s)->plain)
#else
#define count(s) store(&(s)->z, load(&(s)->z, relaxed) + 1, relaxed)
#define total(s) ((s)->z)
#endif

#ifdef SWAP
#define give_turn(s, whose) ((void)swap(&(s)->turn, whose, TURN))
#else
#define give_turn(s, whose) store(&(s)->turn, whose, TURN)
#endif

static void first(struct litmus *s)
{
    store(&s->x, 1, WANT);
    give_turn(s, 1);
    fence(FENCE);
    while (load(&s->y, LOOK) && load(&s->turn, LOOK) == 1)
        ;
    count(s);
    store(&s->x, 0, OUT);
}

static void second(struct litmus *s)
{
    store(&s->y, 1, WANT);
    give_turn(s, 0);
    fence(FENCE);
    while (load(&s->x, LOOK) && load(&s->turn, LOOK) == 0)
        ;
    count(s);
    store(&s->y, 0, OUT);
}

static bool forbidden(const struct litmus *s)
{
    return total(s) != 2;
}

LITMUS(first, second)
