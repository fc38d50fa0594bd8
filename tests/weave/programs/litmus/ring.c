/*
 * A ring of two slots for one producer and one consumer. With atomic slots only load buffering could show that the
 * orders at `read` are missing.
 *
 * run: all
 * variant: right: ROOM=acquire PUBLISH=release LOOK=acquire FREE=release => pass
 * variant: publish_relaxed: ROOM=acquire PUBLISH=relaxed LOOK=acquire FREE=release => pass / exit old-value
 * variant: look_relaxed: ROOM=acquire PUBLISH=release LOOK=relaxed FREE=release => pass / exit old-value
 * variant: free_relaxed: ROOM=acquire PUBLISH=release LOOK=acquire FREE=relaxed => pass
 * variant: room_relaxed: ROOM=relaxed PUBLISH=release LOOK=acquire FREE=release => pass
 * variant: right_plain: ROOM=acquire PUBLISH=release LOOK=acquire FREE=release PLAIN => pass
 * variant: publish_relaxed_plain: ROOM=acquire PUBLISH=relaxed LOOK=acquire FREE=release PLAIN => race relaxed-order
 * variant: look_relaxed_plain: ROOM=acquire PUBLISH=release LOOK=relaxed FREE=release PLAIN => race relaxed-order
 * variant: free_relaxed_plain: ROOM=acquire PUBLISH=release LOOK=acquire FREE=relaxed PLAIN => race relaxed-order
 * variant: room_relaxed_plain: ROOM=relaxed PUBLISH=release LOOK=acquire FREE=release PLAIN => race relaxed-order
 */
#include "litmus.h"

enum { RING = 2, COUNT = 3 };

#ifdef PLAIN
#define put(s, i, value) ((s)->plain_slot[i] = (value))
#define get(s, i)        ((s)->plain_slot[i])
#else
#define put(s, i, value) store(&(s)->slot[i], value, relaxed)
#define get(s, i)        load(&(s)->slot[i], relaxed)
#endif

static void consumer(struct litmus *s)
{
    for (unsigned i = 0; i < COUNT; i++) {
        while (load(&s->written, LOOK) == i)
            ;
        s->note[i] = get(s, i % RING);
        store(&s->read, i + 1, FREE);
    }
}

static void producer(struct litmus *s)
{
    for (unsigned i = 0; i < COUNT; i++) {
        while (i - load(&s->read, ROOM) == RING)
            ;
        put(s, i % RING, (int)i + 1);
        store(&s->written, i + 1, PUBLISH);
    }
}

static bool forbidden(const struct litmus *s)
{
    for (int i = 0; i < COUNT; i++)
        if (s->note[i] != i + 1)
            return true;
    return false;
}

LITMUS(consumer, producer)
