/*
 * Lab 6, the ring for messages of any size: two calls, one for each side. The bytes and the protocol are in
 * shmlab/record_ring.h.
 */
#ifndef LAB6_RECORD_H
#define LAB6_RECORD_H

#include "shmlab/record_ring.h"

enum record_end {
    RECORD_DONE,
    RECORD_FULL,     /* put: there is no room now; later there will be */
    RECORD_TOO_LONG, /* put: longer than RECORD_MAX, there may never be room */
    RECORD_EMPTY,    /* get: there is no message */
    RECORD_SMALL,    /* get: the message is longer than the buffer, and stays in the ring */
    RECORD_DAMAGED,  /* what is in shared memory cannot have come from somebody who follows the protocol */
};

/* Producer: copy a message of `length` bytes into the ring. Nothing is changed but with RECORD_DONE. */
enum record_end record_put(struct record_ring *ring, const void *data, size_t length);

/*
 * Consumer: copy the oldest message out of the ring, into a buffer of `capacity` bytes, and its length into
 * *length (after RECORD_SMALL, too). But for RECORD_DONE nothing in the ring is changed, and nothing in the
 * buffer. Nothing in shared memory is trusted: whatever is there, no byte outside of the ring is read,
 * none after `written`, and none outside of the buffer is written.
 */
enum record_end record_get(struct record_ring *ring, void *buffer, size_t capacity, size_t *length);

#endif
