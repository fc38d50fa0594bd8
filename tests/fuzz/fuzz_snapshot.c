/* Lab 5's live snapshot in shared memory, written by anybody. */
#include <string.h>

#include "fuzz.h"
#include "sequence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct live_snapshot shared;
    struct snapshot snapshot;

    memset(&shared, 0, sizeof shared);
    memcpy(&shared, data, size < sizeof shared ? size : sizeof shared);
    enum sequence_end end = sequence_take(&shared, &snapshot, 3);
    fuzz_require(end != SEQUENCE_DONE || sequence_checksum(&snapshot) == shared.checksum, "what is taken is whole");
    fuzz_require(end != SEQUENCE_DONE || (shared.magic == LIVE_MAGIC && shared.sequence % 2 == 0), "and ours");
    sequence_publish(&shared, &snapshot);
    return 0;
}
