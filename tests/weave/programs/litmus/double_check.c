/*
 * Double-checked initialisation: who finds it done without the lock must see what was done.
 *
 * run: all
 * variant: right: LOOK=acquire DONE=release => pass
 * variant: look_relaxed: LOOK=relaxed DONE=release => pass / exit old-value
 * variant: done_relaxed: LOOK=acquire DONE=relaxed => pass / exit old-value
 * variant: right_plain: LOOK=acquire DONE=release PLAIN => pass
 * variant: look_relaxed_plain: LOOK=relaxed DONE=release PLAIN => race relaxed-order
 * variant: done_relaxed_plain: LOOK=acquire DONE=relaxed PLAIN => race relaxed-order
 */
#include "litmus.h"

enum { VALUE = 7 };

#ifdef PLAIN
#define set(s) ((s)->plain = VALUE)
#define use(s) ((s)->plain)
#else
#define set(s) store(&(s)->z, VALUE, relaxed)
#define use(s) load(&(s)->z, relaxed)
#endif

static int initialised(struct litmus *s)
{
    if (!load(&s->x, LOOK)) {
        while (swap(&s->lock, 1, acquire))
            ;
        if (!load(&s->x, relaxed)) {
            set(s);
            store(&s->x, 1, DONE);
        }
        store(&s->lock, 0, release);
    }
    return use(s);
}

static void first(struct litmus *s)
{
    s->note[0] = initialised(s);
}

static void second(struct litmus *s)
{
    s->note[1] = initialised(s);
}

static bool forbidden(const struct litmus *s)
{
    return s->note[0] != VALUE || s->note[1] != VALUE;
}

LITMUS(first, second)
