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
    /* TODO 9: Make sequence odd (it may be odd already: a writer died), then store words and checksum, then make
     * it even: one more. Which store must not be seen before which? A fence for the first, release for the last. */
    (void)shared;
    (void)snapshot;
}

enum sequence_end sequence_take(const struct live_snapshot *shared, struct snapshot *snapshot, long tries)
{
    /* TODO 10: Refuse another magic number or version. Then, at most `tries` times: look at sequence, copy, look
     * again. Only a copy whose two looks found the same even number is worth comparing with its checksum. */
    (void)shared;
    (void)snapshot;
    (void)tries;
    return SEQUENCE_FOREIGN;
}
