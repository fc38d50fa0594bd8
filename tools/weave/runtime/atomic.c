/*
 * Atomic operations and fences: the compiler's callbacks, and the optional store buffers.
 *
 * Every operation on shared memory is a scheduling point, is ordered as C11 says, and is then done for real,
 * always sequentially consistent: which weaker behaviour the program might see is the business of
 * core/order.c.
 *
 * With --tso a store that is not seq_cst may stay in the process's store buffer, as on x86 (Sewell et al.,
 * "x86-TSO", CACM 2010): its own loads see it, others do not, until a seq_cst store, a read-modify-write, a
 * seq_cst fence or any lock or system call. Whether a store begins to wait is a decision; later ones queue
 * behind it.
 */
#include "runtime.h"

struct operation {
    volatile void *pointer;
    struct object *object;
    uint32_t where;
    uint16_t site;
    uint8_t size;
    bool reads, writes;
    bool counts; /* never part of a waiting loop */
    int order;
};

static uint64_t atomic_get(const volatile void *pointer, unsigned size)
{
    switch (size) {
    case 1:
        return __atomic_load_n((const volatile uint8_t *)pointer, __ATOMIC_SEQ_CST);
    case 2:
        return __atomic_load_n((const volatile uint16_t *)pointer, __ATOMIC_SEQ_CST);
    case 4:
        return __atomic_load_n((const volatile uint32_t *)pointer, __ATOMIC_SEQ_CST);
    default:
        return __atomic_load_n((const volatile uint64_t *)pointer, __ATOMIC_SEQ_CST);
    }
}

/* Returns the old value. */
static uint64_t atomic_put(volatile void *pointer, unsigned size, uint64_t value)
{
    switch (size) {
    case 1:
        return __atomic_exchange_n((volatile uint8_t *)pointer, (uint8_t)value, __ATOMIC_SEQ_CST);
    case 2:
        return __atomic_exchange_n((volatile uint16_t *)pointer, (uint16_t)value, __ATOMIC_SEQ_CST);
    case 4:
        return __atomic_exchange_n((volatile uint32_t *)pointer, (uint32_t)value, __ATOMIC_SEQ_CST);
    default:
        return __atomic_exchange_n((volatile uint64_t *)pointer, value, __ATOMIC_SEQ_CST);
    }
}

static void atomic_flush_one(void)
{
    struct process *p = runtime.self;
    struct buffered_store store = p->store[0];
    p->stores--;
    for (int i = 0; i < p->stores; i++)
        p->store[i] = p->store[i + 1];
    segment_open();
    uint64_t old = atomic_put((volatile void *)(uintptr_t)store.address, store.size, store.value);
    segment_close();
    struct object *object = object_find(runtime.control, key_make(KEY_ADDRESS, store.where), OBJECT_ATOMIC);
    order_note(runtime.control, runtime.me, object, EVENT_FLUSH);
    object->sync = store.sync;
    object->hypothetical = store.hypothetical;
    struct event *event = record_event(runtime.control, runtime.me, EVENT_FLUSH, store.site);
    event->where = store.where;
    event->size = store.size;
    event->value = store.value;
    event->old = old;
    if (old != store.value)
        shadow_changed(runtime.control, runtime.me, store.where, store.size);
}

void atomic_flush(void)
{
    while (runtime.self->stores > 0)
        atomic_flush_one();
}

static void atomic_trace(const struct operation *op, enum event_kind kind, uint64_t value, uint64_t old)
{
    struct event *event = record_event(runtime.control, runtime.me, kind, op->site);
    event->where = op->where;
    event->size = op->size;
    event->order = (uint8_t)op->order;
    event->value = value;
    event->old = old;
    event->flags = ACCESS_ATOMIC;
    event->object = (int16_t)object_index(runtime.control, op->object);
}

static void atomic_shadow(const struct operation *op, bool wrote)
{
    unsigned flags = wrote ? ACCESS_ATOMIC | ACCESS_WRITE : ACCESS_ATOMIC;
    shadow_access(runtime.control, runtime.me, op->where, op->size, flags, op->site);
}

/* The scheduling point before an operation. False: the memory is private, do it natively. */
static bool atomic_begin(struct operation *op, const void *pc)
{
    if (!runtime.on || segment_find((const void *)op->pointer, &op->where) < op->size)
        return false;
    access_settle();
    op->site = site_at(pc);
    if (op->reads && !op->counts) {
        turn_spin_check(op->where, op->size, op->site, true);
        spin_remember(runtime.control, runtime.me, op->where, op->size, op->site);
    }
    turn_point();
    if (op->reads && op->writes)
        atomic_flush(); /* locked instructions drain the buffer */
    op->object = object_find(runtime.control, key_make(KEY_ADDRESS, op->where), OBJECT_ATOMIC);
    op->object->where = op->where;
    return true;
}

static bool atomic_forward(const struct operation *op, uint64_t *value)
{
    struct process *p = runtime.self;
    for (int i = p->stores - 1; i >= 0; i--)
        if (p->store[i].where == op->where && p->store[i].size == op->size) {
            *value = p->store[i].value;
            return true;
        }
    return false;
}

static bool atomic_buffer(const struct operation *op, uint64_t value)
{
    struct process *p = runtime.self;
    if (!runtime.control->store_buffers)
        return false;
    if (op->order == ORDER_SEQUENTIAL || p->stores == WEAVE_BUFFER) {
        atomic_flush();
        return false;
    }
    if (p->stores == 0 && !decide_choice(runtime.control, runtime.me, DECIDE_DELAY_STORE))
        return false;
    p->store[p->stores++] = (struct buffered_store){
        .address = (uint64_t)(uintptr_t)op->pointer,
        .value = value,
        .sync = order_published(runtime.control, runtime.me, op->order),
        .hypothetical = p->hypothetical,
        .where = op->where,
        .site = op->site,
        .size = op->size,
        .order = (uint8_t)op->order,
    };
    atomic_shadow(op, true);
    p->sync.at[runtime.me]++; /* what follows is not published by this store */
    p->hypothetical.at[runtime.me] = p->sync.at[runtime.me];
    p->history = hash_mix(p->history, value);
    spin_progress(runtime.control, runtime.me);
    atomic_trace(op, EVENT_BUFFER, value, value);
    return true;
}

/* ---- weak memory: core/weak.c ---- */

/* What if the order were stronger, or a fence came before? */
static void atomic_strengthen(struct operation *op)
{
    const struct stronger *stronger = weak_stronger(runtime.control, runtime.me, op->site);
    if (stronger != NULL && stronger->fence_before)
        order_fence(runtime.control, runtime.me, stronger->order);
    else if (stronger != NULL)
        op->order = stronger->order;
}

/* The variable's history, or NULL. */
static struct location *atomic_locate(struct operation *op)
{
    if (!runtime.control->weak)
        return NULL;
    atomic_strengthen(op);
    segment_open();
    uint64_t memory = atomic_get(op->pointer, op->size);
    segment_close();
    return weak_locate(runtime.control, op->object, op->where, op->size, memory);
}

static uint64_t atomic_newest(const struct location *location)
{
    return location->store[location->stores - 1].value;
}

/* The last event of the trace is one of an old value: what it misses belongs to it. */
static void atomic_trace_old(const struct location *location)
{
    struct event *event = &runtime.control->event[(runtime.control->events - 1) % WEAVE_EVENTS];
    event->flags |= ACCESS_OLD;
    event->other = location->store[location->stores - 1].event;
    event->pick = runtime.control->picks - 1;
}

static void atomic_weak_read(const struct operation *op, struct location *location, int index)
{
    uint64_t value = location->store[index].value;
    weak_load(runtime.control, runtime.me, op->object, location, index, op->order);
    atomic_shadow(op, false);
    atomic_trace(op, EVENT_LOAD, value, atomic_newest(location));
    if (weak_newer(location, index) > 0) {
        atomic_trace_old(location);
        spin_old(runtime.control, runtime.me, op->where);
    }
}

static uint64_t atomic_weak_load(const struct operation *op, struct location *location)
{
    int index = weak_choose_load(runtime.control, runtime.me, location, op->order, op->site);
    uint64_t value = location->store[index].value;
    atomic_weak_read(op, location, index);
    return value;
}

/* The store comes at `index` in modification order. Memory has the value of the last one. `old`: for the trace. */
static void atomic_weak_write(const struct operation *op, struct location *location, int index, uint64_t value,
                              uint64_t old, bool update)
{
    struct control *control = runtime.control;
    bool newest = index == location->stores;
    atomic_shadow(op, true);
    index = weak_store(control, runtime.me, op->object, location, index, value, op->order, update);
    atomic_trace(op, update ? EVENT_UPDATE : EVENT_STORE, value, old);
    location->store[index].event = control->events;
    if (newest) {
        segment_open();
        atomic_put(op->pointer, op->size, value);
        segment_close();
    } else {
        atomic_trace_old(location);
    }
    if (newest && value != old)
        shadow_changed(control, runtime.me, op->where, op->size);
    else if (!update)
        spin_progress(control, runtime.me);
}

static void atomic_weak_store(const struct operation *op, struct location *location, uint64_t value)
{
    int index = weak_choose_store(runtime.control, runtime.me, location, op->order);
    atomic_weak_write(op, location, index, value, atomic_newest(location), false);
}

/* Reads the store at `index` and comes directly after it. */
static void atomic_weak_update(const struct operation *op, struct location *location, int index, uint64_t value)
{
    uint64_t old = location->store[index].value;
    weak_load(runtime.control, runtime.me, op->object, location, index, op->order);
    atomic_weak_write(op, location, index + 1, value, old, true);
}

static uint64_t atomic_weak_compare(struct operation *op, struct location *location, int failure, uint64_t expected,
                                    uint64_t desired)
{
    if (weak_stronger(runtime.control, runtime.me, op->site) != NULL && op->order != ORDER_RELEASE)
        failure = op->order == ORDER_BOTH ? ORDER_ACQUIRE : op->order;
    int index = weak_choose_compare(runtime.control, runtime.me, location, op->order, failure, op->site, expected);
    uint64_t value = location->store[index].value;
    if (value == expected) {
        atomic_weak_update(op, location, index, desired);
    } else {
        op->order = failure;
        atomic_weak_read(op, location, index);
    }
    return value;
}

static bool atomic_load(const volatile void *pointer, unsigned size, int order, uint64_t *value, const void *pc)
{
    struct operation op = {
        .pointer = (volatile void *)(uintptr_t)pointer, .size = (uint8_t)size, .order = order, .reads = true};
    if (!atomic_begin(&op, pc))
        return false;
    if (atomic_forward(&op, value))
        return true;
    struct location *location = atomic_locate(&op);
    if (location != NULL) {
        *value = atomic_weak_load(&op, location);
        return true;
    }
    segment_open();
    *value = atomic_get(pointer, size);
    segment_close();
    order_load(runtime.control, runtime.me, op.object, order);
    atomic_shadow(&op, false);
    atomic_trace(&op, EVENT_LOAD, *value, *value);
    return true;
}

static bool atomic_store(volatile void *pointer, unsigned size, int order, uint64_t value, const void *pc)
{
    struct operation op = {.pointer = pointer, .size = (uint8_t)size, .order = order, .writes = true};
    if (!atomic_begin(&op, pc))
        return false;
    if (atomic_buffer(&op, value))
        return true;
    struct location *location = atomic_locate(&op);
    if (location != NULL) {
        atomic_weak_store(&op, location, value);
        return true;
    }
    atomic_shadow(&op, true);
    segment_open();
    uint64_t old = atomic_put(pointer, size, value);
    segment_close();
    order_store(runtime.control, runtime.me, op.object, order, false);
    atomic_trace(&op, EVENT_STORE, value, old);
    if (old != value)
        shadow_changed(runtime.control, runtime.me, op.where, size);
    else
        spin_progress(runtime.control, runtime.me);
    return true;
}

enum update { UPDATE_EXCHANGE, UPDATE_ADD, UPDATE_SUB, UPDATE_AND, UPDATE_OR, UPDATE_XOR, UPDATE_NAND };

static uint64_t atomic_new_value(enum update update, uint64_t old, uint64_t operand)
{
    switch (update) {
    case UPDATE_ADD:
        return old + operand;
    case UPDATE_SUB:
        return old - operand;
    case UPDATE_AND:
        return old & operand;
    case UPDATE_OR:
        return old | operand;
    case UPDATE_XOR:
        return old ^ operand;
    case UPDATE_NAND:
        return ~(old & operand);
    default:
        return operand;
    }
}

/* One process runs at a time, so reading and writing apart is atomic here. */
static bool atomic_update(volatile void *pointer, unsigned size, int order, enum update update, uint64_t operand,
                          uint64_t *old, const void *pc)
{
    struct operation op = {.pointer = pointer, .size = (uint8_t)size, .order = order, .writes = true, .reads = true};
    /* Only an exchange may spin (a test-and-set lock); counting up always makes progress. */
    op.counts = update != UPDATE_EXCHANGE && update != UPDATE_OR;
    if (!atomic_begin(&op, pc))
        return false;
    uint64_t mask = size == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * size)) - 1;
    struct location *location = atomic_locate(&op);
    if (location != NULL) {
        int index = weak_choose_update(runtime.control, runtime.me, location, op.order);
        *old = location->store[index].value;
        atomic_weak_update(&op, location, index, atomic_new_value(update, *old, operand) & mask);
        return true;
    }
    segment_open();
    *old = atomic_get(pointer, size);
    uint64_t value = atomic_new_value(update, *old, operand);
    atomic_put(pointer, size, value);
    segment_close();
    order_load(runtime.control, runtime.me, op.object, order);
    order_store(runtime.control, runtime.me, op.object, order, true);
    atomic_shadow(&op, true);
    atomic_trace(&op, EVENT_UPDATE, value & mask, *old);
    if ((value & mask) != *old)
        shadow_changed(runtime.control, runtime.me, op.where, size);
    return true;
}

static bool atomic_compare(volatile void *pointer, unsigned size, int order, int failure, uint64_t expected,
                           uint64_t desired, uint64_t *old, const void *pc)
{
    struct operation op = {.pointer = pointer, .size = (uint8_t)size, .order = order, .reads = true, .writes = true};
    if (!atomic_begin(&op, pc))
        return false;
    struct location *location = atomic_locate(&op);
    if (location != NULL) {
        *old = atomic_weak_compare(&op, location, failure, expected, desired);
        return true;
    }
    segment_open();
    *old = atomic_get(pointer, size);
    bool success = *old == expected;
    if (success)
        atomic_put(pointer, size, desired);
    segment_close();
    op.order = success ? order : failure;
    order_load(runtime.control, runtime.me, op.object, op.order);
    if (success)
        order_store(runtime.control, runtime.me, op.object, order, true);
    atomic_shadow(&op, success);
    atomic_trace(&op, success ? EVENT_UPDATE : EVENT_LOAD, success ? desired : *old, *old);
    if (success && desired != *old)
        shadow_changed(runtime.control, runtime.me, op.where, size);
    return true;
}

#define UPDATE_CALLBACK(type, bits, name, update, builtin)                                         \
    WEAVE_EXPORT type __tsan_atomic##bits##_##name(volatile type *pointer, type value, int order); \
    type __tsan_atomic##bits##_##name(volatile type *pointer, type value, int order)               \
    {                                                                                              \
        uint64_t old;                                                                              \
        if (atomic_update(pointer, sizeof(type), order, update, value, &old, CALLER))              \
            return (type)old;                                                                      \
        return builtin(pointer, value, __ATOMIC_SEQ_CST);                                          \
    }

#define ATOMIC_CALLBACKS(type, bits)                                                                                   \
    WEAVE_EXPORT type __tsan_atomic##bits##_load(const volatile type *pointer, int order);                             \
    WEAVE_EXPORT void __tsan_atomic##bits##_store(volatile type *pointer, type value, int order);                      \
    WEAVE_EXPORT int __tsan_atomic##bits##_compare_exchange_strong(volatile type *pointer, type *expected,             \
                                                                   type desired, int order, int failure);              \
    WEAVE_EXPORT int __tsan_atomic##bits##_compare_exchange_weak(volatile type *pointer, type *expected, type desired, \
                                                                 int order, int failure);                              \
    WEAVE_EXPORT type __tsan_atomic##bits##_compare_exchange_val(volatile type *pointer, type expected, type desired,  \
                                                                 int order, int failure);                              \
    type __tsan_atomic##bits##_load(const volatile type *pointer, int order)                                           \
    {                                                                                                                  \
        uint64_t value;                                                                                                \
        if (atomic_load(pointer, sizeof(type), order, &value, CALLER))                                                 \
            return (type)value;                                                                                        \
        return __atomic_load_n(pointer, __ATOMIC_SEQ_CST);                                                             \
    }                                                                                                                  \
    void __tsan_atomic##bits##_store(volatile type *pointer, type value, int order)                                    \
    {                                                                                                                  \
        if (!atomic_store(pointer, sizeof(type), order, value, CALLER))                                                \
            __atomic_store_n(pointer, value, __ATOMIC_SEQ_CST);                                                        \
    }                                                                                                                  \
    static int atomic_compare##bits(volatile type *pointer, type *expected, type desired, int order, int failure,      \
                                    const void *pc)                                                                    \
    {                                                                                                                  \
        uint64_t old;                                                                                                  \
        if (!atomic_compare(pointer, sizeof(type), order, failure, *expected, desired, &old, pc))                      \
            return __atomic_compare_exchange_n(pointer, expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);     \
        if ((type)old == *expected)                                                                                    \
            return 1;                                                                                                  \
        *expected = (type)old;                                                                                         \
        return 0;                                                                                                      \
    }                                                                                                                  \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type *pointer, type *expected, type desired, int order, \
                                                      int failure)                                                     \
    {                                                                                                                  \
        return atomic_compare##bits(pointer, expected, desired, order, failure, CALLER);                               \
    }                                                                                                                  \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile type *pointer, type *expected, type desired, int order,   \
                                                    int failure)                                                       \
    {                                                                                                                  \
        return atomic_compare##bits(pointer, expected, desired, order, failure, CALLER);                               \
    }                                                                                                                  \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *pointer, type expected, type desired, int order,    \
                                                    int failure)                                                       \
    {                                                                                                                  \
        atomic_compare##bits(pointer, &expected, desired, order, failure, CALLER);                                     \
        return expected;                                                                                               \
    }                                                                                                                  \
    UPDATE_CALLBACK(type, bits, exchange, UPDATE_EXCHANGE, __atomic_exchange_n)                                        \
    UPDATE_CALLBACK(type, bits, fetch_add, UPDATE_ADD, __atomic_fetch_add)                                             \
    UPDATE_CALLBACK(type, bits, fetch_sub, UPDATE_SUB, __atomic_fetch_sub)                                             \
    UPDATE_CALLBACK(type, bits, fetch_and, UPDATE_AND, __atomic_fetch_and)                                             \
    UPDATE_CALLBACK(type, bits, fetch_or, UPDATE_OR, __atomic_fetch_or)                                                \
    UPDATE_CALLBACK(type, bits, fetch_xor, UPDATE_XOR, __atomic_fetch_xor)                                             \
    UPDATE_CALLBACK(type, bits, fetch_nand, UPDATE_NAND, __atomic_fetch_nand)

ATOMIC_CALLBACKS(uint8_t, 8)
ATOMIC_CALLBACKS(uint16_t, 16)
ATOMIC_CALLBACKS(uint32_t, 32)
ATOMIC_CALLBACKS(uint64_t, 64)

WEAVE_EXPORT void __tsan_atomic_thread_fence(int order);
WEAVE_EXPORT void __tsan_atomic_signal_fence(int order);

void __tsan_atomic_thread_fence(int order)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!runtime.on)
        return;
    if (order == ORDER_SEQUENTIAL && runtime.control->weak)
        turn_point(); /* the order of these fences matters */
    if (order == ORDER_SEQUENTIAL)
        atomic_flush();
    order_fence(runtime.control, runtime.me, order);
    record_event(runtime.control, runtime.me, EVENT_FENCE, site_at(CALLER))->order = (uint8_t)order;
}

/* Orders a process against its own signal handlers only: nothing between processes. */
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}
