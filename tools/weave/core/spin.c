/*
 * Recognising busy waiting.
 *
 * A process that comes back to a read it has made before, while nothing that it read has changed and it has
 * changed nothing itself, will go round its loop until somebody else acts. Running it further would only
 * multiply schedules, so it is set aside until one of the watched values changes. Nothing wrong is ever
 * reported because of this rule: a process that was set aside too early loses interleavings, no more, and
 * when nobody else can run it goes on (decide.c).
 */
#include "core.h"

enum { PLAIN_REPEATS = 3, ATOMIC_REPEATS = 1, HELD_REPEATS = 6 }; /* plain reads repeat for other reasons, too */

static uint32_t spin_stamp(struct control *control, uint32_t where, uint32_t size)
{
    if (where & WEAVE_OBJECT_BIT)
        return control->object[(where & ~WEAVE_OBJECT_BIT) % WEAVE_OBJECTS].changes;
    return shadow_stamp(control, where, size);
}

static bool spin_changed(struct control *control, const struct process *p)
{
    if (p->reads_overflowed)
        return true;
    for (int i = 0; i < p->reads; i++) {
        const struct watched *w = &p->read[i];
        if (w->size == 0)
            continue; /* a lock call: where the loop turns, not what it looks at */
        uint32_t now = spin_stamp(control, w->where, w->size);
        if (w->where & WEAVE_OBJECT_BIT ? now != w->stamp : now > w->stamp)
            return true;
    }
    return false;
}

static struct watched *spin_find(struct process *p, uint32_t where, uint16_t site)
{
    for (int i = 0; i < p->reads; i++)
        if (p->read[i].where == where && p->read[i].site == site)
            return &p->read[i];
    return NULL;
}

bool spin_check(struct control *control, int process, uint32_t where, uint32_t size, uint16_t site, bool atomic)
{
    (void)size;
    struct process *p = &control->process[process];
    struct watched *before = spin_find(p, where, site);
    if (before == NULL)
        return false;
    if (spin_changed(control, p)) {
        p->reads = 0;
        p->reads_overflowed = 0;
        return false;
    }
    int most = atomic ? ATOMIC_REPEATS : PLAIN_REPEATS;
    if (p->held > 0)
        most = HELD_REPEATS; /* "lock; look; unlock" turns at the lock: see poll_at_lock in runtime/ipc.c */
    return ++before->times >= most;
}

void spin_remember(struct control *control, int process, uint32_t where, uint32_t size, uint16_t site)
{
    struct process *p = &control->process[process];
    if (spin_find(p, where, site) != NULL)
        return;
    if (p->reads == WEAVE_READS) {
        p->reads_overflowed = 1;
        return;
    }
    size = size > UINT8_MAX ? UINT8_MAX : size;
    uint32_t stamp = where & WEAVE_OBJECT_BIT ? spin_stamp(control, where, size) : control->changes++;
    p->read[p->reads++] = (struct watched){.where = where, .size = (uint8_t)size, .site = site, .stamp = stamp};
}

void spin_old(struct control *control, int process, uint32_t where)
{
    struct process *p = &control->process[process];
    for (int i = 0; i < p->reads; i++)
        if (p->read[i].where == where)
            p->read[i].stamp = 0;
}

void spin_progress(struct control *control, int process)
{
    control->process[process].progress++;
    control->process[process].reads = 0;
    control->process[process].reads_overflowed = 0;
    control->idle_rounds = 0;
}

void spin_wake(struct control *control)
{
    for (int i = 0; control->spinning > 0 && i < control->slots; i++) {
        struct process *p = &control->process[i];
        if (p->state == PROCESS_SPINNING && spin_changed(control, p))
            decide_ready(control, i);
    }
}
