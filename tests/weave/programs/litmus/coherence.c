/*
 * Coherence of reads (CoRR): a process that has seen a store never reads an older one, with any order.
 *
 * run: all
 * variant: relaxed: - => pass
 */
#include "litmus.h"

static void writer(struct litmus *s)
{
    store(&s->x, 1, relaxed);
}

static void reader(struct litmus *s)
{
    s->note[0] = load(&s->x, relaxed);
    s->note[1] = load(&s->x, relaxed);
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 1 && s->note[1] == 0;
}

LITMUS(writer, reader)
