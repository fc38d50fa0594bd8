/* Plain accesses: the compiler's callbacks for everything that is not atomic. */
#include "runtime.h"

#include <string.h>

enum { LARGEST_VALUE = 8 };

static uint64_t access_value(const void *pointer, size_t size)
{
    uint64_t value = 0;
    const unsigned char *bytes = pointer;
    for (size_t i = 0; i < size && i < LARGEST_VALUE; i++)
        value |= (uint64_t)bytes[i] << (8 * i); /* little-endian, like the wire formats */
    return value;
}

void access_settle(void)
{
    struct process *p = runtime.self;
    if (p->open_event == 0)
        return;
    struct event *event = &runtime.control->event[(p->open_event - 1) % WEAVE_EVENTS];
    uint32_t where;
    const void *pointer = (const void *)(uintptr_t)p->open_address;
    if (segment_find(pointer, &where) >= event->size && event->process == runtime.me && where == event->where) {
        segment_open();
        event->value = access_value(pointer, event->size);
        segment_close();
    }
    p->open_event = 0;
}

/* A loop over many bytes is one line of the trace. */
static bool access_continues(const struct event *last, enum event_kind kind, uint16_t site, uint32_t where)
{
    return last->process == runtime.me && last->kind == kind && last->site == site && where == last->where + last->old;
}

static void access_trace(const void *pointer, uint32_t where, size_t size, unsigned flags, uint16_t site)
{
    struct control *control = runtime.control;
    enum event_kind kind = flags & ACCESS_WRITE ? EVENT_WRITE : EVENT_READ;
    if (control->events > 0) {
        struct event *last = &control->event[(control->events - 1) % WEAVE_EVENTS];
        if (access_continues(last, kind, site, where)) {
            last->old += size;
            return;
        }
    }
    struct event *event = record_event(control, runtime.me, kind, site);
    event->where = where;
    event->size = (uint8_t)(size > UINT8_MAX ? UINT8_MAX : size);
    event->flags = (uint8_t)flags;
    event->old = size; /* for plain accesses: how many bytes */
    if (flags & ACCESS_WRITE) {
        runtime.self->open_event = control->events;
        runtime.self->open_address = (uint64_t)(uintptr_t)pointer;
    } else {
        segment_open();
        event->value = access_value(pointer, size);
        segment_close();
    }
}

/*
 * What the other side uses atomically counts as atomic here, too. On x86 every load acquires and every store
 * releases, and an interpreter's compiler cannot move them across the calls that it makes for every
 * operation.
 */
static bool access_counts_as_atomic(uint32_t where, uint32_t size)
{
    enum { LARGEST_ATOMIC = 8 };
    return size <= LARGEST_ATOMIC && shadow_atomics(runtime.control, where);
}

void access_of_peer(const void *pointer, uint32_t where, uint32_t size, unsigned flags, bool locked, uint16_t site)
{
    struct control *control = runtime.control;
    bool write = flags & ACCESS_WRITE, atomic = locked || access_counts_as_atomic(where, size);
    access_settle();
    if (!write) {
        turn_spin_check(where, size, site, atomic);
        spin_remember(control, runtime.me, where, size, site);
    }
    if (atomic || control->every_access || size <= LARGEST_VALUE)
        turn_point(); /* it may be a flag, even if nobody has used it atomically so far */
    else
        runtime.self->skip_point = 0;
    atomic = locked || access_counts_as_atomic(where, size);
    if (atomic) {
        struct object *object = object_find(control, key_make(KEY_ADDRESS, where), OBJECT_ATOMIC);
        object->where = where;
        uint64_t memory = 0; /* a peer reads and writes memory itself: always the newest value */
        if (control->weak) {
            segment_open();
            memory = access_value(pointer, size);
            segment_close();
        }
        struct location *location = weak_locate(control, object, where, size, memory);
        if (location != NULL && write) {
            int index =
                weak_store(control, runtime.me, object, location, location->stores, memory, ORDER_RELEASE, false);
            location->store[index].trapped = 1;
        } else if (location != NULL) {
            weak_load(control, runtime.me, object, location, location->stores - 1, ORDER_ACQUIRE);
        } else if (write) {
            order_store(control, runtime.me, object, ORDER_RELEASE, false);
        } else {
            order_load(control, runtime.me, object, ORDER_ACQUIRE);
        }
    }
    flags |= ACCESS_TRAPPED | (atomic ? ACCESS_ATOMIC : 0);
    shadow_access(control, runtime.me, where, size, flags, site);
    if (write)
        shadow_changed(control, runtime.me, where, size);
    access_trace(pointer, where, size, flags, site);
    if (atomic)
        control->event[(control->events - 1) % WEAVE_EVENTS].object =
            (int16_t)object_index(control, object_find(control, key_make(KEY_ADDRESS, where), OBJECT_ATOMIC));
}

void access_memory(const void *pointer, size_t size, unsigned flags, const void *pc)
{
    uint32_t where, room;
    if (!runtime.on || size == 0 || (room = segment_find(pointer, &where)) == 0)
        return;
    if (size > room)
        size = room;
    uint16_t site = site_at(pc);
    if (runtime.peer) {
        access_of_peer(pointer, where, (uint32_t)size, flags, false, site);
        return;
    }
    access_settle();
    bool read = !(flags & ACCESS_WRITE);
    if (read && !(flags & ACCESS_LIBC))
        turn_spin_check(where, (uint32_t)size, site, false);
    if (read)
        spin_remember(runtime.control, runtime.me, where, (uint32_t)size, site);
    if (runtime.control->every_access)
        turn_point();
    else
        runtime.self->skip_point = 0;
    shadow_access(runtime.control, runtime.me, where, (uint32_t)size, flags, site);
    access_trace(pointer, where, size, flags, site);
}

#define PLAIN(size)                                                           \
    WEAVE_EXPORT void __tsan_read##size(void *pointer);                       \
    WEAVE_EXPORT void __tsan_write##size(void *pointer);                      \
    WEAVE_EXPORT void __tsan_unaligned_read##size(void *pointer);             \
    WEAVE_EXPORT void __tsan_unaligned_write##size(void *pointer);            \
    WEAVE_EXPORT void __tsan_read_write##size(void *pointer);                 \
    WEAVE_EXPORT void __tsan_unaligned_read_write##size(void *pointer);       \
    WEAVE_EXPORT void __tsan_volatile_read##size(void *pointer);              \
    WEAVE_EXPORT void __tsan_volatile_write##size(void *pointer);             \
    WEAVE_EXPORT void __tsan_unaligned_volatile_read##size(void *pointer);    \
    WEAVE_EXPORT void __tsan_unaligned_volatile_write##size(void *pointer);   \
    void __tsan_read##size(void *pointer)                                     \
    {                                                                         \
        access_memory(pointer, size, 0, CALLER);                              \
    }                                                                         \
    void __tsan_write##size(void *pointer)                                    \
    {                                                                         \
        access_memory(pointer, size, ACCESS_WRITE, CALLER);                   \
    }                                                                         \
    void __tsan_unaligned_read##size(void *pointer)                           \
    {                                                                         \
        access_memory(pointer, size, 0, CALLER);                              \
    }                                                                         \
    void __tsan_unaligned_write##size(void *pointer)                          \
    {                                                                         \
        access_memory(pointer, size, ACCESS_WRITE, CALLER);                   \
    }                                                                         \
    void __tsan_read_write##size(void *pointer)                               \
    {                                                                         \
        access_memory(pointer, size, 0, CALLER);                              \
        access_memory(pointer, size, ACCESS_WRITE, CALLER);                   \
    }                                                                         \
    void __tsan_unaligned_read_write##size(void *pointer)                     \
    {                                                                         \
        access_memory(pointer, size, 0, CALLER);                              \
        access_memory(pointer, size, ACCESS_WRITE, CALLER);                   \
    }                                                                         \
    void __tsan_volatile_read##size(void *pointer)                            \
    {                                                                         \
        access_memory(pointer, size, ACCESS_VOLATILE, CALLER);                \
    }                                                                         \
    void __tsan_volatile_write##size(void *pointer)                           \
    {                                                                         \
        access_memory(pointer, size, ACCESS_VOLATILE | ACCESS_WRITE, CALLER); \
    }                                                                         \
    void __tsan_unaligned_volatile_read##size(void *pointer)                  \
    {                                                                         \
        access_memory(pointer, size, ACCESS_VOLATILE, CALLER);                \
    }                                                                         \
    void __tsan_unaligned_volatile_write##size(void *pointer)                 \
    {                                                                         \
        access_memory(pointer, size, ACCESS_VOLATILE | ACCESS_WRITE, CALLER); \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

WEAVE_EXPORT void __tsan_init(void);
WEAVE_EXPORT void __tsan_read_range(void *pointer, size_t size);
WEAVE_EXPORT void __tsan_write_range(void *pointer, size_t size);

void __tsan_init(void)
{
}

void __tsan_read_range(void *pointer, size_t size)
{
    access_memory(pointer, size, 0, CALLER);
}

void __tsan_write_range(void *pointer, size_t size)
{
    access_memory(pointer, size, ACCESS_WRITE, CALLER);
}
