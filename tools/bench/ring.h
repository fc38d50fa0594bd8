/*
 * A ring of slots in shared memory for one producer and one consumer, without a lock: each index is written
 * by one side only. Shared with the helper that Python loads, hence a header of its own.
 *
 * Why it is right, by C11: the producer fills the slot and then stores `written` with release; a consumer
 * that loads that value with acquire sees all of the slot. The consumer uses the slot and then stores `read`
 * with release; a producer that loads that value with acquire may overwrite. Both counts have 64 bits and
 * never wrap: 2^32 is no multiple of 5, so a 32-bit count would jump from slot 0 to slot 0 at its wrap, after
 * twelve minutes at six million hand-overs a second.
 */
#ifndef BENCH_RING_H
#define BENCH_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RING_SLOTS = 5,
    RING_LINE = 128,  /* bytes: neighbouring cache lines are fetched in pairs */
    RING_PAGE = 4096, /* bytes: slots begin at pages */
};

struct ring {
    _Alignas(RING_LINE) _Atomic uint64_t written; /* by the producer */
    _Atomic uint32_t producer_waits;              /* it sleeps on the low half of `read` */
    _Alignas(RING_LINE) _Atomic uint64_t read;    /* by the consumer */
    _Atomic uint32_t consumer_waits;              /* it sleeps on the low half of `written` */
    _Alignas(RING_LINE) uint64_t stride;          /* bytes from slot to slot; constant */
    _Alignas(RING_PAGE) unsigned char slots[];
};

/* What a side knows by itself. */
struct ring_end {
    struct ring *ring;
    uint64_t mine; /* how many I published or released */
    uint64_t seen; /* the other side's count when I looked last: saves looking each time */
};

static inline size_t ring_size(size_t slot_size)
{
    return sizeof(struct ring) + RING_SLOTS * ((slot_size + RING_PAGE - 1) / RING_PAGE * RING_PAGE);
}

static inline void *ring_slot(const struct ring_end *end)
{
    return end->ring->slots + end->mine % RING_SLOTS * end->ring->stride;
}

/* Producer: is there a free slot? Pairs with ring_release. */
static inline bool ring_has_room(struct ring_end *end)
{
    if (end->mine - end->seen < RING_SLOTS)
        return true;
    end->seen = atomic_load_explicit(&end->ring->read, memory_order_acquire);
    return end->mine - end->seen < RING_SLOTS;
}

/* Producer: the slot is full. Pairs with ring_has_message. */
static inline void ring_publish(struct ring_end *end)
{
    atomic_store_explicit(&end->ring->written, ++end->mine, memory_order_release);
}

/* Consumer: is there a full slot? Pairs with ring_publish. */
static inline bool ring_has_message(struct ring_end *end)
{
    if (end->seen != end->mine)
        return true;
    end->seen = atomic_load_explicit(&end->ring->written, memory_order_acquire);
    return end->seen != end->mine;
}

/* Consumer: the slot is free. Pairs with ring_has_room. */
static inline void ring_release(struct ring_end *end)
{
    atomic_store_explicit(&end->ring->read, ++end->mine, memory_order_release);
}

#endif
