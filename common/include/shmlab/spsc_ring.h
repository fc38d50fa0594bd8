/*
 * A ring without a lock, for one producer and one consumer and small messages: lab 6's second challenge.
 *
 * No count, no semaphore, no lock: each of the two counters has one writer. Both only ever grow and wrap
 * around at 2^32, of which the number of slots is a divisor. All arithmetic is modulo 2^32, so that `written
 * - read` is the number of messages in the ring at any time, and counter modulo SPSC_SLOTS the slot. A ring
 * of zero bytes is empty.
 */
#ifndef SHMLAB_SPSC_RING_H
#define SHMLAB_SPSC_RING_H

#include <stddef.h>
#include <stdint.h>

#include "shmlab/atomic.h"

enum {
    SPSC_SLOTS = 8,
    SPSC_LINE = 64, /* bytes of a cache line: the two counters must not share one */
    SPSC_TEXT = 60, /* bytes */
};

struct spsc_message {
    int32_t number;
    char text[SPSC_TEXT];
};

struct spsc {
    _Alignas(SPSC_LINE) _Atomic(uint32_t) written; /* messages put so far; written by the producer alone */
    _Alignas(SPSC_LINE) _Atomic(uint32_t) read;    /* messages got so far; written by the consumer alone */
    _Alignas(SPSC_LINE) struct spsc_message slots[SPSC_SLOTS];
};

_Static_assert(UINT32_MAX % SPSC_SLOTS == SPSC_SLOTS - 1, "after counter 2^32 - 1 comes the next slot");
_Static_assert(offsetof(struct spsc, written) == 0, "written is at 0");
_Static_assert(offsetof(struct spsc, read) == 64, "read is at 64");
_Static_assert(offsetof(struct spsc, slots) == 128, "the slots begin at 128");
_Static_assert(sizeof(struct spsc) == 640, "the ring is 640 bytes");

#endif
