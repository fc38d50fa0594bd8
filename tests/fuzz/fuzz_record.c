/* Lab 6's ring for messages of any size, written by anybody; the consumer may not be led out of it. */
#include <string.h>

#include "fuzz.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct record_ring ring;
    unsigned char buffer[RECORD_MAX];
    size_t length = 0, counters = sizeof ring.written + sizeof ring.read;

    memset(&ring, 0, sizeof ring);
    if (size < counters)
        return 0;
    memcpy(&ring.written, data, sizeof ring.written);
    memcpy(&ring.read, data + sizeof ring.written, sizeof ring.read);
    size -= counters;
    memcpy(ring.bytes, data + counters, size < sizeof ring.bytes ? size : sizeof ring.bytes);
    for (int i = 0; i < 100; i++) { /* each one moves `read`, or is the last */
        enum record_end end = record_get(&ring, buffer, sizeof buffer, &length);
        if (end != RECORD_DONE)
            break;
        fuzz_require(length <= sizeof buffer, "a message is no longer than the longest");
    }
    record_put(&ring, buffer, length <= sizeof buffer ? length : 0);
    return 0;
}
