/*
 * Lab 6, the ring without a lock: see spsc.h.
 *
 * Why release and acquire suffice: a side that reads a counter with acquire, and finds what the other side
 * stored with release, also finds everything that the other side did before (C17, 5.1.2.4). Nothing is said
 * about how soon.
 */
#include "spsc.h"

bool spsc_put(struct spsc *ring, const struct spsc_message *message)
{
    /* TODO 12: (challenge) Full: written is SPSC_SLOTS ahead of read. If not, fill the slot, and say so then. Which
     * load must be an acquire, which store a release, and which load may be relaxed? */
    (void)ring;
    (void)message;
    return false;
}

bool spsc_get(struct spsc *ring, struct spsc_message *message)
{
    /* TODO 13: (challenge) The mirror image. When may the producer have the slot back? */
    (void)ring;
    (void)message;
    return false;
}
