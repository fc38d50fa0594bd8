/* The table of synchronisation objects: open addressing, emptied at every run. */
#include "core.h"

static uint32_t object_slot(uint64_t key)
{
    return (uint32_t)(hash_mix(0, key) >> 40) & (WEAVE_OBJECTS - 1);
}

struct object *object_lookup(struct control *control, uint64_t key)
{
    for (uint32_t n = 0, i = object_slot(key); n < WEAVE_OBJECTS; n++, i = (i + 1) & (WEAVE_OBJECTS - 1)) {
        if (control->object[i].key == key)
            return &control->object[i];
        if (control->object[i].key == 0)
            return NULL;
    }
    return NULL;
}

struct object *object_find(struct control *control, uint64_t key, enum object_kind kind)
{
    uint32_t i = object_slot(key);
    while (control->object[i].key != 0 && control->object[i].key != key)
        i = (i + 1) & (WEAVE_OBJECTS - 1);
    struct object *object = &control->object[i];
    if (object->key == key)
        return object;
    if (control->objects >= WEAVE_OBJECTS / 2) {
        decide_finish(control, ENDING_LIMIT);
        return object;
    }
    control->object_list[control->objects++] = (uint16_t)i;
    object->key = key;
    object->kind = (uint8_t)kind;
    object->owner = object->maker = -1;
    object->initial = object->value = -1;
    return object;
}

int object_index(const struct control *control, const struct object *object)
{
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
