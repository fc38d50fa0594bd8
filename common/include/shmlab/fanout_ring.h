/*
 * A ring without a lock that many read: lab 6's third challenge. One producer, up to FANOUT_READERS readers,
 * who come and go while it runs, and messages of 64 bytes. Every reader gets every message that is sent while
 * it is there.
 *
 *     put:   full when some reader with FANOUT_JOINED has sent - cursor >= FANOUT_SLOTS: it has not read yet
 *            what is in the slot. Else fill slots[sent % FANOUT_SLOTS], store sent + 1
 *     join:  claim a line (compare and exchange FANOUT_FREE for FANOUT_CLAIMED); cursor = sent, as it is now;
 *            state = FANOUT_JOINED; cursor = sent once more, for the producer may have gone on meanwhile
 *     get:   empty when cursor == sent. Else copy slots[cursor % FANOUT_SLOTS], store cursor + 1
 *     leave: state = FANOUT_FREE
 *
 * The counters only ever grow, and have 64 bits: at a message a nanosecond they last for 584 years. A ring of
 * zero bytes is empty and nobody reads it; what is put into it then is gone.
 *
 * Where a producer and a joining reader meet, each stores first and then looks at what the other one has
 * stored: the producer sent, and then, for its next message, the states; the reader its state, and then sent.
 * At least one of the two must see the other's store. That is Dekker's pattern, and it needs these four
 * operations, or fences between the two of each side, to be sequentially consistent (C17, 7.17.3): release and acquire
 * let both look before their store is seen, and so does every x86, whose stores wait in a buffer while later loads go
 * ahead (Intel SDM, volume 3, "Loads May Be Reordered with Earlier Stores to Different Locations").
 *
 * Every store of a cursor is a release, those of join as well: a producer that saw the line joined by the
 * reader before may find the cursor of the reader after it, and must not overwrite what the first one is
 * still copying.
 */
#ifndef SHMLAB_FANOUT_RING_H
#define SHMLAB_FANOUT_RING_H

#include <stddef.h>
#include <stdint.h>

#include "shmlab/atomic.h"

enum {
    FANOUT_SLOTS = 4,
    FANOUT_READERS = 4,
    FANOUT_LINE = 64, /* bytes of a cache line: sent has one, and each reader */
    FANOUT_TEXT = 60, /* bytes */
};

enum fanout_state {
    FANOUT_FREE,    /* nobody's line: the producer does not look at its cursor */
    FANOUT_CLAIMED, /* somebody is about to join: likewise, but nobody else may have the line */
    FANOUT_JOINED,  /* a reader is here: the producer waits for its cursor */
};

struct fanout_message {
    int32_t number;
    char text[FANOUT_TEXT];
};

struct fanout_reader {
    _Alignas(FANOUT_LINE) _Atomic(uint32_t) state; /* enum fanout_state; written by the reader whose line it is */
    _Alignas(8) _Atomic(uint64_t) cursor;          /* number of the message that is read next; likewise */
};

struct fanout {
    _Alignas(FANOUT_LINE) _Atomic(uint64_t) sent; /* messages put so far; written by the producer alone */
    struct fanout_reader readers[FANOUT_READERS];
    _Alignas(FANOUT_LINE) struct fanout_message slots[FANOUT_SLOTS];
};

_Static_assert(offsetof(struct fanout_reader, state) == 0, "a reader's state is at 0");
_Static_assert(offsetof(struct fanout_reader, cursor) == 8, "a reader's cursor is at 8");
_Static_assert(sizeof(struct fanout_reader) == 64, "a reader has a cache line");
_Static_assert(sizeof(struct fanout_message) == 64, "a message is 64 bytes");
_Static_assert(offsetof(struct fanout, sent) == 0, "sent is at 0");
_Static_assert(offsetof(struct fanout, readers) == 64, "the readers begin at 64");
_Static_assert(offsetof(struct fanout, slots) == 320, "the slots begin at 320");
_Static_assert(sizeof(struct fanout) == 576, "the ring is 576 bytes");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2 && sizeof(long long) == sizeof(uint64_t),
               "a lock in another process's memory would be no lock");

#endif
