/*
 * Dekker's entry, which gives up when the other one wants in: both must not get in.
 *
 * run: all
 * variant: seq_cst: STORE0=seq_cst LOAD0=seq_cst => pass
 * variant: one_load_acquire: STORE0=seq_cst LOAD0=acquire => pass / exit old-value
 * variant: one_load_relaxed: STORE0=seq_cst LOAD0=relaxed => pass / exit old-value
 * variant: one_store_release: STORE0=release LOAD0=seq_cst => pass / exit old-value
 */
#include "litmus.h"

static void first(struct litmus *s)
{
    store(&s->x, 1, STORE0);
    if (!load(&s->y, LOAD0))
        s->note[0] = 1;
}

static void second(struct litmus *s)
{
    store(&s->y, 1, seq_cst);
    if (!load(&s->x, seq_cst))
        s->note[1] = 1;
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 1 && s->note[1] == 1;
}

LITMUS(first, second)
