/*
 * Lab 6, the ring that many read at work: a producer, and children that come and go while it runs.
 *
 *     fanout [--messages 100000] [--readers 3]
 *
 * A reader joins, reads up to VISIT messages, leaves, and joins again, until it has seen the last one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fanout.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "stream.h"

enum { VISIT = 1000 }; /* messages that a reader takes before it leaves */

static const char missing[] =
    "are fanout_put, fanout_join, fanout_get and fanout_leave written, in fanout.c?";

struct fanout_stream {
    struct stream stream;
    struct fanout *ring;
    long readers;
};

static int produce(void *data)
{
    struct fanout_stream *it = data;

    for (long i = 1; i <= it->stream.messages; i++) {
        struct fanout_message message = {.number = (int32_t)i};
        struct stream_wait wait = {0};
        snprintf(message.text, sizeof message.text, "message %ld", i);
        while (!fanout_put(it->ring, &message))
            if (!stream_look_again(&wait))
                return error_report(missing, "message %ld finds no room", i);
    }
    return 0;
}

/* Whole, and the one that is due? */
static bool message_right(const struct fanout_message *message, long number)
{
    char text[FANOUT_TEXT];

    snprintf(text, sizeof text, "message %ld", number);
    return message->number == number && strncmp(message->text, text, sizeof text) == 0;
}

/* One visit: messages from *next on, which goes on with them. */
static int visit(const struct fanout_stream *it, int reader, long *next)
{
    for (long end = *next + VISIT; *next < end && *next <= it->stream.messages; ++*next) {
        struct fanout_message message = {0};
        struct stream_wait wait = {0};
        while (!fanout_get(it->ring, reader, &message))
            if (!stream_look_again(&wait))
                return error_report(missing, "message %ld never came", *next);
        if (!message_right(&message, *next))
            return error_report(NULL, "message %ld is \"%.*s\" with number %d", *next, FANOUT_TEXT,
                                message.text, (int)message.number);
    }
    return 0;
}

static int read_all(void *data, long which)
{
    struct fanout_stream *it = data;
    long visits = 0, taken = 0;

    for (long next = 1; next <= it->stream.messages; visits++) {
        int reader = fanout_join(it->ring);
        if (reader < 0 || reader >= FANOUT_READERS)
            return error_report(missing, "reader %ld finds no free line", which);
        long first = (long)atomic_load(&it->ring->readers[reader].cursor) + 1;
        next = first;
        int failed = visit(it, reader, &next);
        fanout_leave(it->ring, reader);
        if (failed != 0)
            return failed;
        taken += next - first;
    }
    printf("fanout: reader %ld: %ld messages in %ld visits, whole and in order\n", which, taken, visits);
    return 0;
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct fanout_stream *it = state->input;

    if (key != 'r')
        return stream_option(key, text, state);
    it->readers = options_integer(state, "--readers", text, 0, FANOUT_READERS);
    return 0;
}

static const struct argp_option option_list[] = {
    STREAM_OPTION,
    {"readers", 'r', "N", 0, "Readers that come and go, 0 to 4 (default 3)", 0},
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .doc = "Send messages from one process to several others through a ring without a lock.",
};

int main(int argc, char **argv)
{
    struct fanout_stream it = {.stream = {STREAM_MESSAGES}, .readers = 3};

    options_parse(&argp, argc, argv, &it);
    it.ring = stream_map(sizeof *it.ring);
    if (it.ring == NULL)
        return EXIT_FAILURE;
    int failed = stream_run(it.readers, read_all, produce, &it);
    munmap(it.ring, sizeof *it.ring);
    if (failed != 0)
        return EXIT_FAILURE;
    printf("fanout: %ld messages sent\n", it.stream.messages);
    return EXIT_SUCCESS;
}
