/*
 * A sequence lock: the two words belong to the same round.
 *
 * run: all
 * variant: right: BEGIN=acquire END=release WRITER=release READER=acquire => pass
 * variant: twice: BEGIN=acquire END=release WRITER=release READER=acquire ROUNDS=2 => pass
 * variant: no_reader_fence: BEGIN=acquire END=release WRITER=release READER=none => pass / exit old-value
 * variant: no_writer_fence: BEGIN=acquire END=release WRITER=none READER=acquire => pass / exit old-value
 * variant: no_fence: BEGIN=acquire END=release WRITER=none READER=none => pass / exit old-value
 * variant: first_look_relaxed: BEGIN=relaxed END=release WRITER=release READER=acquire => pass / exit old-value
 * variant: last_store_relaxed: BEGIN=acquire END=relaxed WRITER=release READER=acquire => pass / exit old-value
 * variant: twice_wrong: BEGIN=acquire END=release WRITER=release READER=none ROUNDS=2 => pass / exit old-value
 */
#include "litmus.h"

#ifndef ROUNDS
#define ROUNDS 1
#endif

static void reader(struct litmus *s)
{
    unsigned before, after;
    do {
        before = load(&s->version, BEGIN);
        s->note[0] = load(&s->x, relaxed);
        s->note[1] = load(&s->y, relaxed);
        fence(READER);
        after = load(&s->version, relaxed);
    } while (before != after || before % 2 != 0);
}

static void writer(struct litmus *s)
{
    for (int i = 1; i <= ROUNDS; i++) {
        unsigned version = load(&s->version, relaxed);
        store(&s->version, version + 1, relaxed);
        fence(WRITER);
        store(&s->x, i, relaxed);
        store(&s->y, i, relaxed);
        store(&s->version, version + 2, END);
    }
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] != s->note[1];
}

LITMUS(reader, writer)
