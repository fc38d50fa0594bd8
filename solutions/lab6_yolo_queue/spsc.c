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
    // shmlab:cut 12 (challenge) Full: written is SPSC_SLOTS ahead of read. If not, fill the slot, and say so then. Which
    // shmlab:text load must be an acquire, which store a release, and which load may be relaxed?
    // shmlab:give (void)ring;
    // shmlab:give (void)message;
    // shmlab:give return false;
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed); /* only we write it */
    /* acquire: pairs with the release in spsc_get, which has copied the slot that is overwritten below */
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_acquire);

    if (written - read >= SPSC_SLOTS)
        return false;
    ring->slots[written % SPSC_SLOTS] = *message;
    /* release: pairs with the acquire in spsc_get, which finds the slot complete */
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
    // shmlab:end
}

bool spsc_get(struct spsc *ring, struct spsc_message *message)
{
    // shmlab:cut 13 (challenge) The mirror image. When may the producer have the slot back?
    // shmlab:give (void)ring;
    // shmlab:give (void)message;
    // shmlab:give return false;
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed); /* only we write it */
    /* acquire: pairs with the release in spsc_put, which has filled the slot before */
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);

    if (written == read)
        return false;
    *message = ring->slots[read % SPSC_SLOTS];
    /* release: pairs with the acquire in spsc_put, which overwrites the slot */
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return true;
    // shmlab:end
}
