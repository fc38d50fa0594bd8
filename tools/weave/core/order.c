/*
 * Happens-before as ISO C17 5.1.2.4 and 7.17.3 define it, over processes.
 *
 * Each process has two clocks. `sync` obeys the memory orders that the program wrote; `hypothetical` pretends
 * that every atomic operation were both acquire and release. Two accesses that only the second orders are a
 * race whose cause is a too weak order, which is how the report can say so.
 */
#include "core.h"

enum { NOTE_ACQUIRE = 3, NOTE_RELEASE, NOTE_LOAD, NOTE_STORE, NOTE_FENCE };

static bool order_acquires(int order)
{
    return order == ORDER_CONSUME || order == ORDER_ACQUIRE || order >= ORDER_BOTH;
}

static bool order_releases(int order)
{
    return order >= ORDER_RELEASE;
}

void order_tick(struct process *p, int process)
{
    p->sync.at[process]++;
    p->hypothetical.at[process] = p->view.clock.at[process] = p->sync.at[process];
}

void order_note(struct control *control, int process, struct object *object, uint64_t tag)
{
    struct process *p = &control->process[process];
    object->history = hash_mix(hash_mix(p->history, hash_mix(tag, object->key)), object->history);
    p->history = object->history;
}

static void order_learn_time(struct process *p, const struct object *object)
{
    if (object->time > p->time)
        p->time = object->time;
}

void order_acquire(struct control *control, int process, struct object *object)
{
    struct process *p = &control->process[process];
    order_note(control, process, object, NOTE_ACQUIRE);
    clock_join(&p->sync, &object->sync);
    view_join(&p->view, &object->view);
    clock_join(&p->hypothetical, &object->hypothetical);
    order_learn_time(p, object);
}

void order_release(struct control *control, int process, struct object *object)
{
    struct process *p = &control->process[process];
    order_note(control, process, object, NOTE_RELEASE);
    clock_join(&object->sync, &p->sync);
    view_join(&object->view, &p->view);
    clock_join(&object->hypothetical, &p->hypothetical);
    if (p->time > object->time)
        object->time = p->time;
    order_tick(p, process);
}

void order_load(struct control *control, int process, struct object *object, int order)
{
    struct process *p = &control->process[process];
    /* Reads of the same value commute: only what was read counts, so the object's own history stays. */
    p->history = hash_mix(hash_mix(p->history, hash_mix(NOTE_LOAD, object->key)), object->history);
    if (order_acquires(order)) {
        clock_join(&p->sync, &object->sync);
        view_join(&p->view, &object->view);
    } else { /* 7.17.4: a later acquire fence makes it count */
        clock_join(&p->acquire_fence, &object->sync);
        view_join(&p->acquire_view, &object->view);
    }
    clock_join(&p->hypothetical, &object->hypothetical);
    order_learn_time(p, object);
}

struct clock order_published(const struct control *control, int process, int order)
{
    const struct process *p = &control->process[process];
    return order_releases(order) ? p->sync : p->release_fence;
}

void order_store(struct control *control, int process, struct object *object, int order, bool update)
{
    struct process *p = &control->process[process];
    struct clock published = order_published(control, process, order);
    order_note(control, process, object, NOTE_STORE);
    if (!update) { /* a plain store breaks the release sequence, a read-modify-write continues it (5.1.2.4 p10) */
        object->sync = (struct clock){{0}};
        object->hypothetical = (struct clock){{0}};
        object->view = (struct view){.fences = 0};
        object->time = 0;
    }
    clock_join(&object->sync, &published);
    clock_join(&object->hypothetical, &p->hypothetical);
    view_join(&object->view, order_releases(order) ? &p->view : &p->release_view);
    if (p->time > object->time)
        object->time = p->time;
    order_tick(p, process);
}

void order_fence(struct control *control, int process, int order)
{
    struct process *p = &control->process[process];
    p->history = hash_mix(p->history, (uint64_t)NOTE_FENCE + (uint64_t)order);
    if (order_acquires(order)) {
        clock_join(&p->sync, &p->acquire_fence);
        view_join(&p->view, &p->acquire_view);
    }
    if (order == ORDER_SEQUENTIAL && control->weak) { /* the fences' order is the one in which they are executed */
        control->sequential.fences++;
        view_join(&control->sequential, &p->view);
        p->view = control->sequential;
        p->history = control->sequential_history = hash_mix(p->history, control->sequential_history);
    }
    if (order_releases(order)) {
        p->release_fence = p->sync;
        p->release_view = p->view;
        order_tick(p, process);
    }
}
