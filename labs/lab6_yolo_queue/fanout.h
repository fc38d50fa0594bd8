/*
 * Lab 6, the ring that many read: four calls, one for the producer and three for each reader. The bytes and
 * the protocol are in shmlab/fanout_ring.h.
 */
#ifndef LAB6_FANOUT_H
#define LAB6_FANOUT_H

#include <stdbool.h>

#include "shmlab/fanout_ring.h"

/* Producer: copy the message into the ring. False, and nothing is changed, when the slowest reader is a whole
 * ring behind. Where nobody reads there is always room. */
bool fanout_put(struct fanout *ring, const struct fanout_message *message);

/* Reader: come in. What is sent from now on is for this reader, nothing older. Returns the number of its
 * line, for the calls below; -1 when all FANOUT_READERS lines are taken. */
int fanout_join(struct fanout *ring);

/* Reader: copy the next message out of the ring. False, and nothing is changed, when it has read them all. */
bool fanout_get(struct fanout *ring, int reader, struct fanout_message *message);

/* Reader: go. The producer waits for it no longer, and somebody else may have the line. */
void fanout_leave(struct fanout *ring, int reader);

#endif
