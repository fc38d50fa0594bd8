/*
 * Read to write causality (RWC): a store that somebody has seen, who then missed another store, whose writer misses
 * the first.
 *
 * run: all
 * variant: relaxed: FENCE=none => pass / exit old-value
 * variant: fences: FENCE=seq_cst => pass
 */
#include "litmus.h"

static void writer(struct litmus *s)
{
    store(&s->x, 1, relaxed);
}

static void reader(struct litmus *s)
{
    s->note[0] = load(&s->x, relaxed);
    fence(FENCE);
    s->note[1] = load(&s->y, relaxed);
}

static void other_writer(struct litmus *s)
{
    store(&s->y, 1, relaxed);
    fence(FENCE);
    s->note[2] = load(&s->x, relaxed);
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 1 && s->note[1] == 0 && s->note[2] == 0;
}

LITMUS(writer, reader, other_writer)
