/*
 * Lab 4, consumer: take items out of the bounded buffer.
 *
 *     consumer [--prefix shmlab] [--items N]
 *     ... in other terminals: producer, further consumers; any number, in any order
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "options.h"
#include "shmlab/clock.h"
#include "shmlab/error.h"
#include "shmlab/stop.h"

/* Somebody's hand, or Python's multiprocessing.shared_memory, may take the name away: no producer could come.
 */
static const double look_seconds = 0.5;

/* Has the name been removed, and is nobody else there who could still put something in? */
static bool deserted(const struct buffer *buffer)
{
    return !buffer_named(buffer) && !buffer_shared(buffer);
}

static enum buffer_end message_get(struct buffer *buffer, struct buffer_message *message, double seconds)
{
    struct deadline deadline =
        deadline_in(seconds); /* for MUTEX, which buffer_get does not give up so soon */

    for (;;) {
        enum buffer_end end = buffer_get(buffer, message, seconds < look_seconds ? seconds : look_seconds);
        if (end == BUFFER_TIMEOUT && deserted(buffer))
            return buffer_get(buffer, message, 0); /* put in after we gave up, before its producer went */
        if (end == BUFFER_TIMEOUT && seconds > look_seconds)
            seconds -= look_seconds;
        else if (end != BUFFER_STUCK || deadline_passed(&deadline))
            return end;
    }
}

static int items_get(struct buffer *buffer, const struct lab4_options *options)
{
    for (int taken = 0; taken < options->items; taken++) {
        struct buffer_message message;

        switch (message_get(buffer, &message, options->timeout)) {
        case BUFFER_DONE:
            if (!options->quiet) {
                printf("consumer: got %s\n", message.text);
                fflush(stdout);
            }
            break;
        case BUFFER_STOPPED:
            return error_report(NULL, "%s: got %d of %d items", strsignal(stop_signal()), taken,
                                options->items);
        case BUFFER_TIMEOUT:
            if (deserted(buffer))
                return error_report("start all programs again", "somebody removed %s: got %d of %d items",
                                    buffer->shm_name, taken, options->items);
            return error_report("start a producer with the same --prefix, or ask for fewer --items",
                                "nothing came for %g s: got %d of %d items", options->timeout, taken,
                                options->items);
        case BUFFER_STUCK:
            return error_report("end the other processes and start again",
                                "%s was not given back within %g s: its holder is dead, or stopped",
                                buffer->mutex_name, options->timeout);
        }
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct lab4_options options;
    struct buffer buffer;

    lab4_consumer_options(&options, argc, argv);
    stop_on_signals();
    if (buffer_join(&buffer, options.prefix, options.timeout) != 0)
        return EXIT_FAILURE;

    int status = items_get(&buffer, &options);
    unsigned left = buffer_close(&buffer);
    if (left > 0)
        error_report(NULL, "%u items were left in the buffer when the last process went", left);
    return status;
}
