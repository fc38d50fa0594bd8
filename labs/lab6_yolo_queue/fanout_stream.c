/*
 * Lab 6, the ring that many read at work: a producer, and children that come and go while it runs.
 *
 *     fanout [--messages 100000] [--readers 3]
 *
 * A reader joins, reads up to VISIT messages, leaves, and joins again, until it has seen the last one. All
 * spin, and let others run now and then: a ring without semaphores has nobody who wakes a sleeper.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fanout.h"
#include "shmlab/error.h"
#include "shmlab/options.h"

enum {
    SPINS = 100,  /* looks between two calls of sched_yield */
    VISIT = 1000, /* messages that a reader takes before it leaves */
};
static const double patience_seconds = 10; /* without any progress: somebody is gone, or code is missing */

static const char missing[] =
    "are fanout_put, fanout_join, fanout_get and fanout_leave written, in fanout.c?";

struct stream {
    struct fanout *ring;
    long messages, readers;
};

static double clock_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Let others run; false when there was no progress for too long. `begin` is 0 at the first turn of a wait. */
static bool turn_take(double *begin)
{
    sched_yield();
    if (*begin == 0)
        *begin = clock_seconds();
    return clock_seconds() - *begin <= patience_seconds;
}

static int produce(const struct stream *stream)
{
    for (long i = 1; i <= stream->messages; i++) {
        struct fanout_message message = {.number = (int32_t)i};
        double begin = 0;
        snprintf(message.text, sizeof message.text, "message %ld", i);
        for (int spins = 1; !fanout_put(stream->ring, &message); spins++)
            if (spins % SPINS == 0 && !turn_take(&begin))
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
static int visit(const struct stream *stream, int reader, long *next)
{
    for (long end = *next + VISIT; *next < end && *next <= stream->messages; ++*next) {
        struct fanout_message message = {0};
        double begin = 0;
        for (int spins = 1; !fanout_get(stream->ring, reader, &message); spins++)
            if (spins % SPINS == 0 && !turn_take(&begin))
                return error_report(missing, "message %ld never came", *next);
        if (!message_right(&message, *next))
            return error_report(NULL, "message %ld is \"%.*s\" with number %d", *next, FANOUT_TEXT,
                                message.text, (int)message.number);
    }
    return 0;
}

static int read_all(const struct stream *stream, long which)
{
    long visits = 0, taken = 0;

    for (long next = 1; next <= stream->messages; visits++) {
        int reader = fanout_join(stream->ring);
        if (reader < 0 || reader >= FANOUT_READERS)
            return error_report(missing, "reader %ld finds no free line", which);
        long first = (long)atomic_load(&stream->ring->readers[reader].cursor) + 1;
        next = first;
        int failed = visit(stream, reader, &next);
        fanout_leave(stream->ring, reader);
        if (failed != 0)
            return failed;
        taken += next - first;
    }
    printf("fanout: reader %ld: %ld messages in %ld visits, whole and in order\n", which, taken, visits);
    return 0;
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct stream *stream = state->input;

    switch (key) {
    case 'n':
        stream->messages = options_integer(state, "--messages", text, 1, INT_MAX);
        return 0;
    case 'r':
        stream->readers = options_integer(state, "--readers", text, 0, FANOUT_READERS);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one argument too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"messages", 'n', "N", 0, "Messages to send (default 100000)", 0},
    {"readers", 'r', "N", 0, "Readers that come and go, 0 to 4 (default 3)", 0},
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .doc = "Send messages from one process to several others through a ring without a lock.",
};

/* Start the readers. Returns how many there are; fewer than asked for when fork fails. */
static long readers_start(const struct stream *stream)
{
    fflush(stdout);
    for (long i = 0; i < stream->readers; i++) {
        pid_t child = fork();
        if (child == -1) {
            error_report_errno(NULL, "fork");
            return i;
        }
        if (child == 0) {
            int failed = read_all(stream, i + 1);
            fflush(stdout);
            _exit(failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        }
    }
    return stream->readers;
}

/* Each reader's end is told by its exit status. */
static int stream_run(const struct stream *stream)
{
    long started = readers_start(stream);
    int failed = produce(stream);

    for (long i = 0; i < started; i++) {
        int status;
        if (wait(&status) == -1)
            return error_report_errno(NULL, "wait");
        failed |= status;
    }
    if (failed != 0 || started < stream->readers)
        return 1;
    printf("fanout: %ld messages sent\n", stream->messages);
    return 0;
}

int main(int argc, char **argv)
{
    struct stream stream = {.messages = 100000, .readers = 3};

    options_parse(&argp, argc, argv, &stream);
    stream.ring = mmap(NULL, sizeof *stream.ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stream.ring == MAP_FAILED)
        return error_report_errno(NULL, "mmap(%zu bytes)", sizeof *stream.ring);
    int failed = stream_run(&stream);
    munmap(stream.ring, sizeof *stream.ring);
    return failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
