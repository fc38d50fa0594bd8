/*
 * Lab 6, the ring without a lock: two calls, one for each side. The bytes are in shmlab/spsc_ring.h.
 */
#ifndef LAB6_SPSC_H
#define LAB6_SPSC_H

#include <stdbool.h>

#include "shmlab/spsc_ring.h"

/* Producer: copy the message into the ring. False, and nothing is changed, when all slots are full. */
bool spsc_put(struct spsc *ring, const struct spsc_message *message);

/* Consumer: copy the oldest message out of the ring. False, and nothing is changed, when there is none. */
bool spsc_get(struct spsc *ring, struct spsc_message *message);

#endif
