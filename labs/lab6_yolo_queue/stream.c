/* See stream.h. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "stream.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shmlab/clock.h"
#include "shmlab/error.h"
#include "shmlab/options.h"

enum { LOOKS = 100 }; /* between two calls of sched_yield */
static const double patience_seconds = 10;

error_t stream_option(int key, char *text, struct argp_state *state)
{
    struct stream *stream = state->input;

    switch (key) {
    case 'n':
        stream->messages = options_integer(state, "--messages", text, 1, INT_MAX);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one argument too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

bool stream_look_again(struct stream_wait *wait)
{
    if (++wait->looks % LOOKS != 0)
        return true;
    sched_yield();
    if (wait->looks == LOOKS)
        wait->end = deadline_in(patience_seconds);
    return !deadline_passed(&wait->end);
}

void *stream_map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory != MAP_FAILED)
        return memory;
    error_report_errno(NULL, "mmap(%zu bytes)", size);
    return NULL;
}

/* Returns how many there are; fewer than asked for when fork fails. */
static long consumers_start(long consumers, int (*consume)(void *data, long which), void *data)
{
    fflush(stdout); /* or each child would print it again */
    for (long i = 0; i < consumers; i++) {
        pid_t child = fork();
        if (child == -1) {
            error_report_errno(NULL, "fork");
            return i;
        }
        if (child == 0) {
            int failed = consume(data, i + 1);
            fflush(stdout);
            _exit(failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        }
    }
    return consumers;
}

int stream_run(long consumers, int (*consume)(void *data, long which), int (*produce)(void *data), void *data)
{
    long started = consumers_start(consumers, consume, data);
    int failed = started < consumers;

    if (started > 0 || consumers == 0)
        failed |= produce(data);
    for (long i = 0; i < started; i++) {
        int status;
        if (wait(&status) == -1)
            return error_report_errno(NULL, "wait");
        failed |= status;
    }
    return failed;
}
