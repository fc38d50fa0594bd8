/*
 * Independent reads of independent writes (IRIW): two readers must not see two stores in different orders.
 *
 * run: all
 * variant: relaxed: STORE=relaxed LOAD=relaxed FENCE=none => pass / exit old-value
 * variant: acquire_release: STORE=release LOAD=acquire FENCE=none => pass / exit old-value
 * variant: seq_cst: STORE=seq_cst LOAD=seq_cst FENCE=none => pass
 * variant: fences: STORE=relaxed LOAD=relaxed FENCE=seq_cst => pass
 */
#include "litmus.h"

static void writer_of_x(struct litmus *s)
{
    store(&s->x, 1, STORE);
}

static void writer_of_y(struct litmus *s)
{
    store(&s->y, 1, STORE);
}

static void x_then_y(struct litmus *s)
{
    s->note[0] = load(&s->x, LOAD);
    fence(FENCE);
    s->note[1] = load(&s->y, LOAD);
}

static void y_then_x(struct litmus *s)
{
    s->note[2] = load(&s->y, LOAD);
    fence(FENCE);
    s->note[3] = load(&s->x, LOAD);
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] == 1 && s->note[1] == 0 && s->note[2] == 1 && s->note[3] == 0;
}

LITMUS(writer_of_x, writer_of_y, x_then_y, y_then_x)
