/*
 * Lab 6, the ring for messages of any size at work: two processes, a producer and its child, the consumer.
 *
 *     record [--messages 100000]
 *
 * Message n has (n * STRIDE) % (RECORD_MAX + 1) bytes, all of which follow from n: STRIDE and RECORD_MAX + 1
 * have no common divisor, so that every length comes before one comes again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "record.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "stream.h"

enum { STRIDE = 1009 };

static const char missing[] = "are record_put and record_get written, in record.c?";

struct record_stream {
    struct stream stream;
    struct record_ring *ring;
};

/* Fill the buffer with message n. Returns its length. */
static size_t message_make(unsigned char buffer[RECORD_MAX], long n)
{
    size_t length = (size_t)(n * STRIDE % (RECORD_MAX + 1));

    for (size_t i = 0; i < length; i++)
        buffer[i] = (unsigned char)((size_t)n + i);
    return length;
}

static int produce(void *data)
{
    struct record_stream *it = data;
    unsigned char message[RECORD_MAX];

    for (long i = 1; i <= it->stream.messages; i++) {
        size_t length = message_make(message, i);
        struct stream_wait wait = {0};
        enum record_end end;
        while ((end = record_put(it->ring, message, length)) == RECORD_FULL)
            if (!stream_look_again(&wait))
                return error_report(missing, "message %ld finds no room", i);
        if (end != RECORD_DONE)
            return error_report(NULL, "message %ld, %zu bytes: record_put gives %d", i, length, (int)end);
    }
    return 0;
}

static int consume(void *data, long which)
{
    struct record_stream *it = data;
    unsigned char wanted[RECORD_MAX], message[RECORD_MAX];
    unsigned long long bytes = 0;

    (void)which; /* there is one */
    for (long i = 1; i <= it->stream.messages; i++) {
        size_t due = message_make(wanted, i), length = 0;
        struct stream_wait wait = {0};
        enum record_end end;
        while ((end = record_get(it->ring, message, sizeof message, &length)) == RECORD_EMPTY)
            if (!stream_look_again(&wait))
                return error_report(missing, "message %ld never came", i);
        if (end != RECORD_DONE)
            return error_report(NULL, "message %ld: record_get gives %d", i, (int)end);
        if (length != due || memcmp(message, wanted, due) != 0)
            return error_report(NULL, "message %ld has %zu bytes, %zu were sent, or others", i, length, due);
        bytes += length;
    }
    printf("record: %ld messages, %llu bytes, whole and in order\n", it->stream.messages, bytes);
    return 0;
}

static const struct argp_option option_list[] = {STREAM_OPTION, {0}};
static const struct argp argp = {
    .options = option_list,
    .parser = stream_option,
    .doc = "Send messages of all sizes from one process to another through a ring without a lock.",
};

int main(int argc, char **argv)
{
    struct record_stream it = {.stream = {STREAM_MESSAGES}};

    options_parse(&argp, argc, argv, &it);
    it.ring = stream_map(sizeof *it.ring);
    if (it.ring == NULL)
        return EXIT_FAILURE;
    int failed = stream_run(1, consume, produce, &it);
    munmap(it.ring, sizeof *it.ring);
    return failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
