/*
 * Lab 6, the ring that many read: see fanout.h, and shmlab/fanout_ring.h for the protocol.
 */
#include "fanout.h"

// shmlab:cut
/* Has this reader read what is in the slot of message `sent`? Who is not here need not. */
static bool reader_allows(struct fanout_reader *reader, uint64_t sent)
{
    /* seq_cst: with the stores to sent and state, and the load of sent in fanout_join, Dekker's four. It is
     * an acquire, too, and pairs with the release in fanout_leave: who has gone has copied all it wanted */
    if (atomic_load_explicit(&reader->state, memory_order_seq_cst) != FANOUT_JOINED)
        return true;
    /* acquire: pairs with the release in fanout_get, which has copied the slot that is overwritten next */
    return sent - atomic_load_explicit(&reader->cursor, memory_order_acquire) < FANOUT_SLOTS;
}

// shmlab:end
bool fanout_put(struct fanout *ring, const struct fanout_message *message)
{
    // shmlab:cut 14 (challenge) Full: some reader that has joined has sent - cursor >= FANOUT_SLOTS. If none has, fill
    // shmlab:text the slot, and say so then. The store to sent, and the next call's loads of the states: what must not happen?
    // shmlab:give (void)ring;
    // shmlab:give (void)message;
    // shmlab:give return false;
    uint64_t sent = atomic_load_explicit(&ring->sent, memory_order_relaxed); /* only we write it */

    for (int i = 0; i < FANOUT_READERS; i++)
        if (!reader_allows(&ring->readers[i], sent))
            return false;
    ring->slots[sent % FANOUT_SLOTS] = *message;
    /* seq_cst: before the states are looked at for the next message. It is a release, too, and pairs with the
     * acquire in fanout_get, which finds the slot complete */
    atomic_store_explicit(&ring->sent, sent + 1, memory_order_seq_cst);
    return true;
    // shmlab:end
}

int fanout_join(struct fanout *ring)
{
    // shmlab:cut 15 (challenge) Claim a line that is free, say from where on you read, say that you are here; and look
    // shmlab:text once more how far the producer has come meanwhile. Which store must be seen before which load?
    // shmlab:give (void)ring;
    // shmlab:give return -1;
    for (int i = 0; i < FANOUT_READERS; i++) {
        struct fanout_reader *reader = &ring->readers[i];
        uint32_t state = FANOUT_FREE;
        /* acquire: pairs with the release in fanout_leave, whose cursor was this line's last */
        if (!atomic_compare_exchange_strong_explicit(&reader->state, &state, FANOUT_CLAIMED,
                                                     memory_order_acquire, memory_order_relaxed))
            continue;
        /*
         * Where we begin, for now. Release, here and below: pairs with the acquire in fanout_put. A producer
         * may have seen this line JOINED by the reader before us, and find our cursor: all that reader's
         * copies must be done for it, too.
         */
        atomic_store_explicit(&reader->cursor, atomic_load_explicit(&ring->sent, memory_order_relaxed),
                              memory_order_release);
        /* seq_cst: before sent is looked at. It is a release, too: who sees us here sees our cursor */
        atomic_store_explicit(&reader->state, FANOUT_JOINED, memory_order_seq_cst);
        /* seq_cst: a producer that puts a message after this one sees us when it looks for the next */
        uint64_t sent = atomic_load_explicit(&ring->sent, memory_order_seq_cst);
        atomic_store_explicit(&reader->cursor, sent, memory_order_release);
        return i;
    }
    return -1;
    // shmlab:end
}

bool fanout_get(struct fanout *ring, int reader, struct fanout_message *message)
{
    // shmlab:cut 16 (challenge) As in spsc_get, with a cursor of your own. When may the producer have the slot back?
    // shmlab:give (void)ring;
    // shmlab:give (void)reader;
    // shmlab:give (void)message;
    // shmlab:give return false;
    _Atomic uint64_t *own = &ring->readers[reader].cursor;
    uint64_t cursor = atomic_load_explicit(own, memory_order_relaxed); /* only we write it */

    /* acquire: pairs with the store in fanout_put, which has filled the slot before */
    if (cursor == atomic_load_explicit(&ring->sent, memory_order_acquire))
        return false;
    *message = ring->slots[cursor % FANOUT_SLOTS];
    /* release: pairs with the acquire in fanout_put, which overwrites the slot */
    atomic_store_explicit(own, cursor + 1, memory_order_release);
    return true;
    // shmlab:end
}

void fanout_leave(struct fanout *ring, int reader)
{
    // shmlab:cut 17 (challenge) One store. Of which order, for a producer that overwrites what you have just copied?
    // shmlab:give (void)ring;
    // shmlab:give (void)reader;
    /* release: pairs with the load of state in fanout_put */
    atomic_store_explicit(&ring->readers[reader].state, FANOUT_FREE, memory_order_release);
    // shmlab:end
}
