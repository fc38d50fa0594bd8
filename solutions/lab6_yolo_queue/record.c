/*
 * Lab 6, the ring for messages of any size: see record.h, and shmlab/record_ring.h for the bytes.
 */
#include "record.h"

#include <stdbool.h>
#include <string.h>

// shmlab:cut
/* Bytes of the ring that a message needs. The length is RECORD_MAX at most: more might overflow. */
static uint64_t record_size(uint64_t length)
{
    return (sizeof(struct record_header) + length + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

/* Can these two have come from sides that follow the protocol? */
static bool counters_sound(uint64_t written, uint64_t read)
{
    return written % RECORD_ALIGN == 0 && read % RECORD_ALIGN == 0 && written - read <= RECORD_BYTES;
}

static void header_store(struct record_ring *ring, uint64_t at, uint64_t length)
{
    const struct record_header header = {.length = length};

    memcpy(&ring->bytes[at], &header, sizeof header);
}

// shmlab:end
enum record_end record_put(struct record_ring *ring, const void *data, size_t length)
{
    // shmlab:cut 18 (challenge) How many bytes does the record need, and how many more are skipped when it does not fit
    // shmlab:text before the ring's end? If so many are free: the skip, the header, the bytes; and say so then, once.
    // shmlab:give (void)ring;
    // shmlab:give (void)data;
    // shmlab:give (void)length;
    // shmlab:give return RECORD_FULL;
    if (length > RECORD_MAX)
        return RECORD_TOO_LONG;
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed); /* only we write it */
    /* acquire: pairs with the release in record_get, which has copied the bytes that are overwritten below */
    uint64_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
    if (!counters_sound(written, read))
        return RECORD_DAMAGED;

    uint64_t at = written % RECORD_BYTES, size = record_size(length);
    uint64_t skip = size > RECORD_BYTES - at ? RECORD_BYTES - at : 0;
    if (skip + size > RECORD_BYTES - (written - read))
        return RECORD_FULL;
    if (skip > 0) {
        header_store(ring, at, RECORD_SKIP);
        at = 0;
    }
    header_store(ring, at, length);
    if (length > 0) /* C17, 7.24.1: memcpy's pointers must be valid even then, and data may be NULL */
        memcpy(&ring->bytes[at + sizeof(struct record_header)], data, length);
    /* release: pairs with the acquire in record_get, which finds skip and record complete */
    atomic_store_explicit(&ring->written, written + skip + size, memory_order_release);
    return RECORD_DONE;
    // shmlab:end
}

// shmlab:cut
/* The header at this place, looked at once: a program that may write to the ring may change it between two
 * looks. */
static uint64_t header_load(const struct record_ring *ring, uint64_t at)
{
    struct record_header header;

    memcpy(&header, &ring->bytes[at], sizeof header);
    atomic_signal_fence(
        memory_order_acquire); /* or the compiler may look again where it needs the number again */
    return header.length;
}

// shmlab:end
enum record_end record_get(struct record_ring *ring, void *buffer, size_t capacity, size_t *length)
{
    // shmlab:cut 19 (challenge) The mirror image, but trust nothing: neither the counters, nor a length, nor where a skip
    // shmlab:text is. Compare in such a way that nothing can overflow.
    // shmlab:give (void)ring;
    // shmlab:give (void)buffer;
    // shmlab:give (void)capacity;
    // shmlab:give (void)length;
    // shmlab:give return RECORD_EMPTY;
    uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed); /* only we write it */
    /* acquire: pairs with the release in record_put, which has filled all up to there */
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    if (!counters_sound(written, read))
        return RECORD_DAMAGED;
    if (written == read)
        return RECORD_EMPTY;

    uint64_t at = read % RECORD_BYTES, skip = 0, found = header_load(ring, at);
    if (found == RECORD_SKIP) {
        skip = RECORD_BYTES - at;
        if (skip >= written - read) /* put publishes the record together with the skip */
            return RECORD_DAMAGED;
        at = 0;
        found = header_load(ring, at);
    }
    if (found > RECORD_MAX || record_size(found) > RECORD_BYTES - at ||
        record_size(found) > written - read - skip)
        return RECORD_DAMAGED;
    *length = found;
    if (found > capacity)
        return RECORD_SMALL;
    if (found > 0)
        memcpy(buffer, &ring->bytes[at + sizeof(struct record_header)], found);
    /* release: pairs with the acquire in record_put, which overwrites the bytes */
    atomic_store_explicit(&ring->read, read + skip + record_size(found), memory_order_release);
    return RECORD_DONE;
    // shmlab:end
}
