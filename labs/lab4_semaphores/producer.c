/*
 * Lab 4, producer: put items into a bounded buffer.
 *
 *     producer [--prefix shmlab] [--items N] [--id K] [--capacity C]
 *     ... in other terminals: consumer, consumer.py, further producers; any number, in any order
 *
 * A producer that is the only one left waits until somebody has taken what is in the buffer; the last process
 * out removes the objects.
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

/* Somebody's hand, or Python's multiprocessing.shared_memory, may take our name away: no consumer could come.
 */
static const double look_seconds = 0.5;

static enum buffer_end message_put(struct buffer *buffer, const struct buffer_message *message,
                                   double seconds)
{
    struct deadline deadline =
        deadline_in(seconds); /* for MUTEX, which buffer_put does not give up so soon */

    for (;;) {
        enum buffer_end end = buffer_put(buffer, message, seconds < look_seconds ? seconds : look_seconds);
        if (end == BUFFER_TIMEOUT && seconds > look_seconds && buffer_named(buffer))
            seconds -= look_seconds;
        else if (end != BUFFER_STUCK || deadline_passed(&deadline))
            return end;
    }
}

static int items_put(struct buffer *buffer, const struct lab4_options *options)
{
    for (int number = 1; number <= options->items; number++) {
        struct buffer_message message = {.producer = options->id, .sequence = number};
        snprintf(message.text, sizeof message.text, BUFFER_TEXT_FORMAT, number, options->id);

        switch (message_put(buffer, &message, options->timeout)) {
        case BUFFER_DONE:
            if (!options->quiet) {
                printf("producer %d: put %s\n", options->id, message.text);
                fflush(stdout);
            }
            break;
        case BUFFER_STOPPED:
            return error_report(NULL, "%s: put %d of %d items", strsignal(stop_signal()), number - 1,
                                options->items);
        case BUFFER_TIMEOUT:
            if (!buffer_named(buffer)) /* main says so */
                return EXIT_FAILURE;
            return error_report("start a consumer with the same --prefix",
                                "the buffer stayed full for %g s: put %d of %d items", options->timeout,
                                number - 1, options->items);
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

    lab4_producer_options(&options, argc, argv);
    stop_on_signals();
    if (buffer_create(&buffer, options.prefix, options.capacity, options.mode) != 0)
        return EXIT_FAILURE;

    int status = items_put(&buffer, &options);
    if (status == EXIT_SUCCESS)
        buffer_drain(&buffer, options.timeout);
    bool named = buffer_named(&buffer);
    unsigned lost = buffer_close(&buffer);
    if (!named)
        status = error_report("start all programs again", "somebody removed %s", buffer.shm_name);
    if (lost > 0)
        status = error_report("start a consumer with the same --prefix", "%u items were never taken", lost);
    return status;
}
