/* What the wrappers of synchronisation calls share: objects behind keys, polling, locks held. */
#include "runtime.h"

#include <errno.h>

/* Numbers beyond the table: large enough to be none of it, small enough for the keys that are made of them. */
enum { HASH_SHIFT = 34, FAR_NUMBER = 1 << 30 };

uint64_t key_of_text(const char *text)
{
    uint64_t hash = 7;
    for (; *text != '\0'; text++)
        hash = hash_mix(hash, (unsigned char)*text);
    return hash;
}

uint64_t kernel_number(uint64_t space, uint64_t id)
{
    struct control *control = runtime.control;
    uint32_t before = 0;
    for (uint32_t i = 0; i < control->numbered_count; i++) {
        const struct numbered *known = &control->numbered[i];
        if (known->space == space && known->id == id)
            return known->number;
        before += known->number / WEAVE_NUMBERED == (uint32_t)runtime.me;
    }
    if (control->numbered_count == WEAVE_NUMBERED)
        return hash_mix(space, id) >> HASH_SHIFT | FAR_NUMBER; /* only pruning suffers */
    uint32_t number = (uint32_t)runtime.me * WEAVE_NUMBERED + before;
    control->numbered[control->numbered_count++] = (struct numbered){space, id, number};
    return number;
}

struct object *object_at(const void *pointer, enum object_kind kind)
{
    uint32_t where;
    if (!runtime.on || segment_find(pointer, &where) == 0)
        return NULL;
    struct object *object = object_find(runtime.control, key_make(KEY_ADDRESS, where), kind);
    object->where = where;
    return object;
}

void object_set_name(struct object *object, const char *name)
{
    size_t i = 0;
    for (; i + 1 < sizeof object->name && name[i] != '\0'; i++)
        object->name[i] = name[i];
    object->name[i] = '\0';
}

void object_event(enum event_kind kind, uint16_t site, const struct object *object, uint64_t value)
{
    struct event *event = record_event(runtime.control, runtime.me, kind, site);
    event->object = (int16_t)object_index(runtime.control, object);
    event->where = object->where;
    event->value = value;
}

static uint32_t poll_address(const struct object *object)
{
    return WEAVE_OBJECT_BIT | (uint32_t)object_index(runtime.control, object);
}

void poll_begin(struct object *object, uint16_t site)
{
    turn_spin_check(poll_address(object), 1, site, true);
}

void poll_failed(struct object *object, uint16_t site)
{
    int saved = errno;
    spin_remember(runtime.control, runtime.me, poll_address(object), 1, site);
    errno = saved;
}

void poll_at_lock(struct object *object, uint16_t site)
{
    struct process *p = runtime.self;
    bool looked = p->reads_overflowed;
    for (int i = 0; i < p->reads; i++)
        looked |= p->read[i].size > 0;
    if (p->held > 0)
        return;
    if (looked) /* otherwise it repeats for another reason than to look at something */
        turn_spin_check(poll_address(object), 0, site, true);
    spin_remember(runtime.control, runtime.me, poll_address(object), 0, site);
}

struct object *name_begin(uint64_t name, const char *text, uint16_t site)
{
    struct object *object = object_find(runtime.control, key_make(KEY_NAME, name), OBJECT_NAME);
    if (object->name[0] == '\0')
        object_set_name(object, text);
    poll_begin(object, site);
    turn_sync();
    return object;
}

/*
 * Opening something by name passes the creator's past on: a successful open of what somebody made is ordered
 * after the making. The C standard knows nothing of it, the kernel's locks do.
 */
void name_end(struct object *object, bool success, bool making, uint16_t site)
{
    int saved = errno;
    object_event(EVENT_OPEN, site, object, success);
    if (!success) {
        order_note(runtime.control, runtime.me, object, EVENT_OPEN);
        if (saved == ENOENT || saved == EACCES || saved == EINVAL)
            poll_failed(object, site);
    } else {
        order_acquire(runtime.control, runtime.me, object);
        if (making) {
            order_release(runtime.control, runtime.me, object);
            object_changed(runtime.control, object);
            spin_progress(runtime.control, runtime.me);
        }
    }
    errno = saved;
}

void lock_taken(struct object *object, uint16_t site)
{
    object->owner = (int8_t)runtime.me;
    object->site = site;
    runtime.self->held++;
}

void lock_given(struct object *object)
{
    if (object->owner == runtime.me && runtime.self->held > 0)
        runtime.self->held--;
    object->owner = -1;
}
