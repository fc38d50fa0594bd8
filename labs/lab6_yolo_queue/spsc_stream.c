/*
 * Lab 6, the ring without a lock at work: two processes, a producer and its child, the consumer.
 *
 *     spsc [--messages 100000]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "shmlab/error.h"
#include "shmlab/options.h"
#include "spsc.h"
#include "stream.h"

static const char missing[] = "are spsc_put and spsc_get written, in spsc.c?";

struct spsc_stream {
    struct stream stream;
    struct spsc *ring;
};

static int produce(void *data)
{
    struct spsc_stream *it = data;

    for (long i = 1; i <= it->stream.messages; i++) {
        struct spsc_message message = {.number = (int32_t)i};
        struct stream_wait wait = {0};
        snprintf(message.text, sizeof message.text, "message %ld", i);
        while (!spsc_put(it->ring, &message))
            if (!stream_look_again(&wait))
                return error_report(missing, "message %ld finds no room", i);
    }
    return 0;
}

static int consume(void *data, long which)
{
    struct spsc_stream *it = data;

    (void)which; /* there is one */
    for (long i = 1; i <= it->stream.messages; i++) {
        struct spsc_message message = {0};
        struct stream_wait wait = {0};
        char text[SPSC_TEXT];
        snprintf(text, sizeof text, "message %ld", i);
        while (!spsc_get(it->ring, &message))
            if (!stream_look_again(&wait))
                return error_report(missing, "message %ld never came", i);
        if (message.number != i || strncmp(message.text, text, sizeof text) != 0)
            return error_report(NULL, "message %ld is \"%.*s\" with number %d", i, SPSC_TEXT, message.text,
                                (int)message.number);
    }
    printf("spsc: %ld messages, whole and in order\n", it->stream.messages);
    return 0;
}

static const struct argp_option option_list[] = {STREAM_OPTION, {0}};
static const struct argp argp = {
    .options = option_list,
    .parser = stream_option,
    .doc = "Send messages from one process to another through a ring without a lock.",
};

int main(int argc, char **argv)
{
    struct spsc_stream it = {.stream = {STREAM_MESSAGES}};

    options_parse(&argp, argc, argv, &it);
    it.ring = stream_map(sizeof *it.ring);
    if (it.ring == NULL)
        return EXIT_FAILURE;
    int failed = stream_run(1, consume, produce, &it);
    munmap(it.ring, sizeof *it.ring);
    return failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
