/*
 * Load buffering (LB): each loads one variable and then stores to the other. That both read 1 is not to be seen: RC11
 * forbids it, and weave does not look for it (arm64 does it).
 *
 * run: all
 * variant: relaxed: - => pass
 */
#include "litmus.h"

static void first(struct litmus *s)
{
    s->note[0] = load(&s->x, relaxed);
    store(&s->y, 1, relaxed);
}

static void second(struct litmus *s)
{
    s->note[1] = load(&s->y, relaxed);
    store(&s->x, 1, relaxed);
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 1 && s->note[1] == 1;
}

LITMUS(first, second)
