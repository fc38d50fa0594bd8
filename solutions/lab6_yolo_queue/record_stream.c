/*
 * Lab 6, the ring for messages of any size at work: two processes, a producer and its child, the consumer.
 *
 *     record [--messages 100000]
 *
 * Message n has (n * STRIDE) % (RECORD_MAX + 1) bytes, all of which follow from n: STRIDE and RECORD_MAX + 1
 * have no common divisor, so that every length comes before one comes again. Both spin, and let others run
 * now and then: a ring without semaphores has nobody who wakes a sleeper.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "record.h"
#include "shmlab/error.h"
#include "shmlab/options.h"

enum {
    SPINS = 100, /* looks between two calls of sched_yield */
    STRIDE = 1009,
};
static const double patience_seconds =
    10; /* without any progress: the other side is gone, or its code missing */

static const char missing[] = "are record_put and record_get written, in record.c?";

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

/* Fill the buffer with message n. Returns its length. */
static size_t message_make(unsigned char buffer[RECORD_MAX], long n)
{
    size_t length = (size_t)(n * STRIDE % (RECORD_MAX + 1));

    for (size_t i = 0; i < length; i++)
        buffer[i] = (unsigned char)((size_t)n + i);
    return length;
}

static int produce(struct record_ring *ring, long messages)
{
    unsigned char message[RECORD_MAX];

    for (long i = 1; i <= messages; i++) {
        size_t length = message_make(message, i);
        enum record_end end;
        double begin = 0;
        for (int spins = 1; (end = record_put(ring, message, length)) == RECORD_FULL; spins++)
            if (spins % SPINS == 0 && !turn_take(&begin))
                return error_report(missing, "message %ld finds no room", i);
        if (end != RECORD_DONE)
            return error_report(NULL, "message %ld, %zu bytes: record_put gives %d", i, length, (int)end);
    }
    return 0;
}

static int consume(struct record_ring *ring, long messages)
{
    unsigned char wanted[RECORD_MAX], message[RECORD_MAX];
    unsigned long long bytes = 0;

    for (long i = 1; i <= messages; i++) {
        size_t due = message_make(wanted, i), length = 0;
        enum record_end end;
        double begin = 0;
        for (int spins = 1; (end = record_get(ring, message, sizeof message, &length)) == RECORD_EMPTY;
             spins++)
            if (spins % SPINS == 0 && !turn_take(&begin))
                return error_report(missing, "message %ld never came", i);
        if (end != RECORD_DONE)
            return error_report(NULL, "message %ld: record_get gives %d", i, (int)end);
        if (length != due || memcmp(message, wanted, due) != 0)
            return error_report(NULL, "message %ld has %zu bytes, %zu were sent, or others", i, length, due);
        bytes += length;
    }
    printf("record: %ld messages, %llu bytes, whole and in order\n", messages, bytes);
    return 0;
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    long *messages = state->input;

    switch (key) {
    case 'n':
        *messages = options_integer(state, "--messages", text, 1, INT_MAX);
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
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .doc = "Send messages of all sizes from one process to another through a ring without a lock.",
};

/* The child is the consumer; its end is told by its exit status. */
static int stream(struct record_ring *ring, long messages)
{
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child == -1)
        return error_report_errno(NULL, "fork");
    if (child == 0) {
        int failed = consume(ring, messages);
        fflush(stdout);
        _exit(failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    int failed = produce(ring, messages);
    if (waitpid(child, &status, 0) == -1)
        return error_report_errno(NULL, "waitpid");
    return failed != 0 || status != 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    long messages = 100000;

    options_parse(&argp, argc, argv, &messages);
    struct record_ring *ring =
        mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ring == MAP_FAILED)
        return error_report_errno(NULL, "mmap(%zu bytes)", sizeof *ring);
    int failed = stream(ring, messages);
    munmap(ring, sizeof *ring);
    return failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
