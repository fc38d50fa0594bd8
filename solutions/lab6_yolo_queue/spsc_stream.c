/*
 * Lab 6, the ring without a lock at work: two processes, a producer and its child, the consumer.
 *
 *     spsc [--messages 100000]
 *
 * Both spin, and let others run now and then: a ring without semaphores has nobody who wakes a sleeper.
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

#include "shmlab/error.h"
#include "shmlab/options.h"
#include "spsc.h"

enum { SPINS = 100 }; /* looks between two calls of sched_yield */
static const double patience_seconds =
    10; /* without any progress: the other side is gone, or its code missing */

static const char missing[] = "are spsc_put and spsc_get written, in spsc.c?";

static double clock_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool step(struct spsc *ring, struct spsc_message *message, bool producer)
{
    return producer ? spsc_put(ring, message) : spsc_get(ring, message);
}

/* Put or get, as soon as it can be done; false after a time without any. */
static bool step_await(struct spsc *ring, struct spsc_message *message, bool producer)
{
    double begin = 0;

    for (;;) {
        for (int i = 0; i < SPINS; i++)
            if (step(ring, message, producer))
                return true;
        sched_yield();
        if (begin == 0)
            begin = clock_seconds();
        else if (clock_seconds() - begin > patience_seconds)
            return false;
    }
}

static int produce(struct spsc *ring, long messages)
{
    for (long i = 1; i <= messages; i++) {
        struct spsc_message message = {.number = (int32_t)i};
        snprintf(message.text, sizeof message.text, "message %ld", i);
        if (!step_await(ring, &message, true))
            return error_report(missing, "message %ld finds no room", i);
    }
    return 0;
}

static int consume(struct spsc *ring, long messages)
{
    for (long i = 1; i <= messages; i++) {
        struct spsc_message message = {0};
        char text[SPSC_TEXT];
        snprintf(text, sizeof text, "message %ld", i);
        if (!step_await(ring, &message, false))
            return error_report(missing, "message %ld never came", i);
        if (message.number != i || strncmp(message.text, text, sizeof text) != 0)
            return error_report(NULL, "message %ld is \"%.*s\" with number %d", i, SPSC_TEXT, message.text,
                                (int)message.number);
    }
    printf("spsc: %ld messages, whole and in order\n", messages);
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
    .doc = "Send messages from one process to another through a ring without a lock.",
};

/* The child is the consumer; its end is told by its exit status. */
static int stream(struct spsc *ring, long messages)
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
    struct spsc *ring = mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ring == MAP_FAILED)
        return error_report_errno(NULL, "mmap(%zu bytes)", sizeof *ring);
    int failed = stream(ring, messages);
    munmap(ring, sizeof *ring);
    return failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
