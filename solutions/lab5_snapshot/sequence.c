/*
 * The sequence lock: see sequence.h. For the memory orders: H.-J. Boehm, "Can seqlocks get along with
 * programming language memory models?" (MSPC 2012).
 */
#define _POSIX_C_SOURCE 200809L
#include "sequence.h"

#include <string.h>
#include <zlib.h>

uint32_t sequence_checksum(const struct snapshot *snapshot)
{
    return (uint32_t)crc32(0, (const Bytef *)snapshot, sizeof *snapshot);
}

void sequence_publish(struct live_snapshot *shared, const struct snapshot *snapshot)
{
    // shmlab:cut 9 Make sequence odd (it may be odd already: a writer died), then store words and checksum, then make
    // shmlab:text it even: one more. Which store must not be seen before which? A fence for the first, release for the last.
    // shmlab:give (void)shared;
    // shmlab:give (void)snapshot;
    uint32_t words[LIVE_WORDS];
    uint32_t odd = atomic_load_explicit(&shared->sequence, memory_order_relaxed) | 1U;

    memcpy(words, snapshot, sizeof words);
    atomic_store_explicit(&shared->sequence, odd, memory_order_relaxed);
    /* pairs with the acquire fence in sequence_take: who has read a word of ours sees the odd number, or a
     * later one, when it looks again */
    atomic_thread_fence(memory_order_release);
    for (int i = 0; i < LIVE_WORDS; i++)
        atomic_store_explicit(&shared->words[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&shared->checksum, sequence_checksum(snapshot), memory_order_relaxed);
    /* release: pairs with the acquire load in sequence_take; who sees this number sees all the words */
    atomic_store_explicit(&shared->sequence, odd + 1, memory_order_release);
    // shmlab:end
}

enum sequence_end sequence_take(const struct live_snapshot *shared, struct snapshot *snapshot, long tries)
{
    // shmlab:cut 10 Refuse another magic number or version. Then, at most `tries` times: look at sequence, copy, look
    // shmlab:text again. Only a copy whose two looks found the same even number is worth comparing with its checksum.
    // shmlab:give (void)shared;
    // shmlab:give (void)snapshot;
    // shmlab:give (void)tries;
    // shmlab:give return SEQUENCE_FOREIGN;
    if (shared->magic != LIVE_MAGIC || shared->version != LIVE_VERSION)
        return SEQUENCE_FOREIGN;
    for (long i = 0; i < tries; i++) {
        uint32_t words[LIVE_WORDS];
        /* acquire: pairs with the release store in sequence_publish */
        uint32_t before = atomic_load_explicit(&shared->sequence, memory_order_acquire);
        if (before % 2 != 0)
            continue;
        for (int w = 0; w < LIVE_WORDS; w++)
            words[w] = atomic_load_explicit(&shared->words[w], memory_order_relaxed);
        uint32_t checksum = atomic_load_explicit(&shared->checksum, memory_order_relaxed);
        /* pairs with the release fence in sequence_publish */
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&shared->sequence, memory_order_relaxed) != before)
            continue;
        memcpy(snapshot, words, sizeof *snapshot);
        return sequence_checksum(snapshot) == checksum ? SEQUENCE_DONE : SEQUENCE_DAMAGED;
    }
    return SEQUENCE_BUSY;
    // shmlab:end
}
