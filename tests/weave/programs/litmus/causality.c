/*
 * Write to read causality (WRC): a flag set by somebody who has seen the data, not by its writer.
 *
 * run: all
 * variant: relaxed: STORE=relaxed LOAD=relaxed => pass / exit old-value
 * variant: release_acquire: STORE=release LOAD=acquire => pass
 */
#include "litmus.h"

static void writer(struct litmus *s)
{
    store(&s->x, 1, relaxed);
}

static void between(struct litmus *s)
{
    s->note[0] = load(&s->x, relaxed);
    store(&s->y, 1, STORE);
}

static void reader(struct litmus *s)
{
    s->note[1] = load(&s->y, LOAD);
    s->note[2] = load(&s->x, relaxed);
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 1 && s->note[1] == 1 && s->note[2] == 0;
}

LITMUS(writer, between, reader)
