/*
 * A ring without a lock for messages of any size: lab 6's fourth challenge. One producer, one consumer, and
 * a ring of bytes. Each message is in one piece, as a record: a header with its length, its bytes, and
 * then nothing up to the next multiple of 8 (what is there means nothing).
 *
 *     put: where the record does not fit between written and the ring's end, a header with RECORD_SKIP is
 *          stored there and the record goes to the ring's beginning; then written grows by all of that at
 *          once, with release order
 *     get: a header with RECORD_SKIP: go on at the ring's beginning; copy the bytes; then read grows, with
 *          release order
 *
 * Both counters count bytes, only ever grow, and have 64 bits. All that is added to them is a multiple of 8,
 * so that there is room for a header wherever they are. The counter modulo RECORD_BYTES is the place in
 * the ring, and `written - read` the number of bytes that are in use, 0 to RECORD_BYTES. A ring of zero
 * bytes is empty.
 *
 * RECORD_MAX: a record that fits at last must fit when the ring is empty, wherever the counters are. At
 * place p it is either before the ring's end, where there are RECORD_BYTES - p, or, after a skip, at
 * its beginning, where there are p, for the skipped bytes are in use as well. At the worst p, in the middle,
 * both are half of the ring.
 */
#ifndef SHMLAB_RECORD_RING_H
#define SHMLAB_RECORD_RING_H

#include <stddef.h>
#include <stdint.h>

#include "shmlab/atomic.h"

enum {
    RECORD_BYTES = 4096,
    RECORD_LINE = 64, /* bytes of a cache line: the two counters must not share one */
    RECORD_ALIGN = 8, /* every record begins at a multiple of it, and so do its bytes */
};

#define RECORD_SKIP UINT64_MAX /* in place of a length: nothing more up to the ring's end */

struct record_header {
    uint64_t length; /* bytes of the message that follow, 0 to RECORD_MAX; or RECORD_SKIP */
};

enum { RECORD_MAX = RECORD_BYTES / 2 - (int)sizeof(struct record_header) };

struct record_ring {
    _Alignas(RECORD_LINE) _Atomic(uint64_t) written; /* bytes put so far; written by the producer alone */
    _Alignas(RECORD_LINE) _Atomic(uint64_t) read;    /* bytes got so far; written by the consumer alone */
    _Alignas(RECORD_LINE) unsigned char bytes[RECORD_BYTES];
};

_Static_assert(RECORD_BYTES % RECORD_ALIGN == 0, "after the last place comes the first");
_Static_assert(RECORD_BYTES / 2 % RECORD_ALIGN == 0, "a record of half the ring ends where another one may begin");
_Static_assert(sizeof(struct record_header) == RECORD_ALIGN, "wherever a record may begin there is room for a header");
_Static_assert(RECORD_MAX == 2040, "the greatest message is 2040 bytes");
_Static_assert(offsetof(struct record_ring, written) == 0, "written is at 0");
_Static_assert(offsetof(struct record_ring, read) == 64, "read is at 64");
_Static_assert(offsetof(struct record_ring, bytes) == 128, "the bytes begin at 128");
_Static_assert(sizeof(struct record_ring) == 4224, "the ring is 4224 bytes");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && sizeof(long long) == sizeof(uint64_t),
               "a lock in another process's memory would be no lock");

#endif
