/*
 * Lab 5: the detection snapshot, 244 bytes in POSIX shared memory.
 *
 * The producer fills it once and may be gone when a reader comes: the object lives until it is unlinked. A
 * reader maps it read-only and trusts nothing in it, count least of all. Records at and after count are
 * zero.
 */
#ifndef SHMLAB_SNAPSHOT_H
#define SHMLAB_SNAPSHOT_H

#include "shmlab/detection.h"

#define SNAPSHOT_NAME "/ipc_dog_shm"

enum {
    SNAPSHOT_RECORDS = 10,
    SNAPSHOT_CLASS_DOG = 16, /* its line in Darknet's coco.names, from 0; COCO's own id is 18 */
};

#define SNAPSHOT_THRESHOLD 0.5f /* confidence above which a detection is kept by default */

struct snapshot {
    int32_t count; /* 0 ... SNAPSHOT_RECORDS; stored last */
    struct detection records[SNAPSHOT_RECORDS];
};

_Static_assert(offsetof(struct snapshot, count) == 0, "count is at 0");
_Static_assert(offsetof(struct snapshot, records) == 4, "the records begin at 4");
_Static_assert(sizeof(struct snapshot) == 244, "the snapshot is 244 bytes");

#endif
