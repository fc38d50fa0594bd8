/*
 * A work-stealing queue (Chase and Lev, SPAA 2005; orders of Lê et al., PPoPP 2013): the owner pushes two and takes
 * two, a thief steals twice. Nothing may be got twice, or without having been pushed.
 *
 * run: all
 * variant: right: PUSH=release TAKE=seq_cst STEAL=seq_cst LOOK=acquire => pass
 * variant: no_push_fence: PUSH=none TAKE=seq_cst STEAL=seq_cst LOOK=acquire => pass / exit old-value
 * variant: no_take_fence: PUSH=release TAKE=none STEAL=seq_cst LOOK=acquire => pass / exit old-value
 * variant: no_steal_fence: PUSH=release TAKE=seq_cst STEAL=none LOOK=acquire => pass / exit old-value
 * variant: bottom_loaded_relaxed: PUSH=release TAKE=seq_cst STEAL=seq_cst LOOK=relaxed => pass / exit old-value
 */
#include "litmus.h"

enum { NEVER_PUSHED = 3 };

static void push(struct litmus *s, int value)
{
    int bottom = load(&s->bottom, relaxed);
    store(&s->slot[bottom], value, relaxed);
    fence(PUSH);
    store(&s->bottom, bottom + 1, relaxed);
}

static bool advance(struct litmus *s, int top)
{
    return atomic_compare_exchange_strong_explicit(&s->top, &top, top + 1, memory_order_seq_cst, memory_order_relaxed);
}

static int take(struct litmus *s)
{
    int bottom = load(&s->bottom, relaxed) - 1, value = 0;
    store(&s->bottom, bottom, relaxed);
    fence(TAKE);
    int top = load(&s->top, relaxed);
    if (top <= bottom)
        value = load(&s->slot[bottom], relaxed);
    if (top == bottom && !advance(s, top))
        value = 0;
    if (top >= bottom)
        store(&s->bottom, bottom + 1, relaxed);
    return value;
}

static int steal(struct litmus *s)
{
    int top = load(&s->top, acquire);
    fence(STEAL);
    int bottom = load(&s->bottom, LOOK);
    if (top >= bottom)
        return 0;
    int value = load(&s->slot[top], relaxed);
    if (!advance(s, top))
        return 0;
    return value == 0 ? NEVER_PUSHED : value;
}

static void owner(struct litmus *s)
{
    push(s, 1);
    push(s, 2);
    s->note[0] = take(s);
    s->note[1] = take(s);
}

static void thief(struct litmus *s)
{
    s->note[2] = steal(s);
    s->note[3] = steal(s);
}

static bool forbidden(const struct litmus *s)
{
    int got[NEVER_PUSHED + 1] = {0};
    for (int i = 0; i < 4; i++)
        got[s->note[i]]++;
    return got[1] > 1 || got[2] > 1 || got[NEVER_PUSHED] > 0;
}

LITMUS(owner, thief)
