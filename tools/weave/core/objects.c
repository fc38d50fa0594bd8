/*
 * The table of synchronisation objects: entries lie side by side in the order of their creation, found
 * through an open hash of their keys. Processes are forked for every run and fault in each page that they
 * touch, so few pages matter.
 */
#include "core.h"

#include <assert.h>

static uint32_t object_hash(uint64_t key)
{
    return (uint32_t)(hash_mix(0, key) >> 40) & (WEAVE_OBJECT_SLOTS - 1);
}

/* The slot of this key, or the free slot where it belongs. */
static uint16_t *object_slot(struct control *control, uint64_t key)
{
    uint32_t i = object_hash(key);
    while (control->object_slot[i] != 0 && control->object[control->object_slot[i] - 1].key != key)
        i = (i + 1) & (WEAVE_OBJECT_SLOTS - 1);
    return &control->object_slot[i];
}

struct object *object_find(struct control *control, uint64_t key, enum object_kind kind)
{
    uint16_t *slot = object_slot(control, key);
    if (*slot != 0)
        return &control->object[*slot - 1];
    if (control->objects == WEAVE_OBJECTS) {
        decide_finish(control, ENDING_LIMIT);
        return &control->object[0];
    }
    struct object *object = &control->object[control->objects++];
    *slot = (uint16_t)control->objects;
    *object = (struct object){.key = key, .kind = (uint8_t)kind};
    object->owner = object->maker = object->user = -1;
    object->initial = object->value = -1;
    return object;
}

int object_index(const struct control *control, const struct object *object)
{
    assert(object >= control->object && object < control->object + WEAVE_OBJECTS);
    return (int)(object - control->object);
}

void object_changed(struct control *control, struct object *object)
{
    int index = object_index(control, object);
    object->changes++;
    for (int i = 0; i < control->slots; i++) {
        struct process *p = &control->process[i];
        if (p->state == PROCESS_BLOCKED && p->wait_object == index && p->wait != WAIT_CONDITION &&
            p->wait != WAIT_FUTEX && p->wait != WAIT_BARRIER)
            decide_ready(control, i);
    }
    control->idle_rounds = 0;
    spin_wake(control);
}
