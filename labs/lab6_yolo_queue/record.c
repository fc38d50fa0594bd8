/*
 * Lab 6, the ring for messages of any size: see record.h, and shmlab/record_ring.h for the bytes.
 */
#include "record.h"

#include <stdbool.h>
#include <string.h>

enum record_end record_put(struct record_ring *ring, const void *data, size_t length)
{
    /* TODO 18: (challenge) How many bytes does the record need, and how many more are skipped when it does not fit
     * before the ring's end? If so many are free: the skip, the header, the bytes; and say so then, once. */
    (void)ring;
    (void)data;
    (void)length;
    return RECORD_FULL;
}

enum record_end record_get(struct record_ring *ring, void *buffer, size_t capacity, size_t *length)
{
    /* TODO 19: (challenge) The mirror image, but trust nothing: neither the counters, nor a length, nor where a skip
     * is. Compare in such a way that nothing can overflow. */
    (void)ring;
    (void)buffer;
    (void)capacity;
    (void)length;
    return RECORD_EMPTY;
}
