/*
 * Coherence: two readers see the stores of two writers to one variable in the same order.
 *
 * run: all
 * variant: relaxed: - => pass
 */
#include "litmus.h"

static void one(struct litmus *s)
{
    store(&s->x, 1, relaxed);
}

static void two(struct litmus *s)
{
    store(&s->x, 2, relaxed);
    s->note[2] = load(&s->x, relaxed);
    s->note[3] = load(&s->x, relaxed);
}

static void reader(struct litmus *s)
{
    s->note[0] = load(&s->x, relaxed);
    s->note[1] = load(&s->x, relaxed);
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 1 && s->note[1] == 2 && s->note[2] == 2 && s->note[3] == 1;
}

LITMUS(one, two, reader)
