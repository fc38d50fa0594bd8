/*
 * The challenge of lab 5: one object that is overwritten in place again and again, and a reader that never
 * takes half of a snapshot all the same.
 *
 * The published 244 bytes stay as they are, for others read them. This is a layout of its own, with a name of
 * its own: a snapshot after a header that says what it is and whether it is whole.
 *
 *     writer: sequence becomes odd; words and checksum; sequence becomes even
 *     reader: sequence is even; words and checksum; sequence is still the same, or all of it once more
 *
 * There is one writer at a time (live.c sees to that), any number of readers, and nobody waits for a reader.
 */
#ifndef LAB5_SEQUENCE_H
#define LAB5_SEQUENCE_H

#include <stdatomic.h>

#include "shmlab/snapshot.h"

#define LIVE_NAME  "/ipc_dog_live"
#define LIVE_MAGIC UINT32_C(0x4556494C) /* the bytes "LIVE" */

enum {
    LIVE_VERSION = 1,
    LIVE_WORDS = sizeof(struct snapshot) / sizeof(uint32_t),
};

/*
 * Everything that changes while others look is atomic: the orders that matter are at sequence, the words
 * are relaxed.
 */
struct live_snapshot {
    uint32_t magic;                     /* LIVE_MAGIC; set when the object is made */
    uint32_t version;                   /* LIVE_VERSION; likewise */
    _Atomic uint32_t sequence;          /* odd: the words are being written */
    _Atomic uint32_t checksum;          /* sequence_checksum of the words */
    _Atomic uint32_t words[LIVE_WORDS]; /* a struct snapshot */
};

_Static_assert(offsetof(struct live_snapshot, sequence) == 8, "sequence is at 8");
_Static_assert(offsetof(struct live_snapshot, checksum) == 12, "checksum is at 12");
_Static_assert(offsetof(struct live_snapshot, words) == 16, "the words begin at 16");
_Static_assert(sizeof(struct live_snapshot) == 260, "a live snapshot is 260 bytes");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a lock in another process's memory would be no lock");

enum sequence_end {
    SEQUENCE_DONE,
    SEQUENCE_BUSY,    /* no try met a snapshot that stayed the same meanwhile */
    SEQUENCE_FOREIGN, /* another magic number or version: this is not ours to understand */
    SEQUENCE_DAMAGED, /* it stayed the same, but the checksum is another's */
};

/* CRC-32 as in zlib, gzip and PNG, over the 244 bytes; Python: zlib.crc32. */
uint32_t sequence_checksum(const struct snapshot *snapshot);

/* Overwrite what is there. Fit for an object whose last writer died in the middle. */
void sequence_publish(struct live_snapshot *shared, const struct snapshot *snapshot);

/*
 * Take a whole snapshot, in at most so many tries, one at once after the other: who calls rests in between.
 * What is in *snapshot counts only after SEQUENCE_DONE.
 */
enum sequence_end sequence_take(const struct live_snapshot *shared, struct snapshot *snapshot, long tries);

#endif
