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

static int items_put(struct buffer *buffer, const struct lab4_options *options)
{
    for (int number = 1; number <= options->items; number++) {
        struct buffer_message message = {.producer = options->id, .sequence = number};
        snprintf(message.text, sizeof message.text, BUFFER_TEXT_FORMAT, number, options->id);

        switch (buffer_put(buffer, &message, options->timeout)) {
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
    unsigned lost = buffer_close(&buffer);
    if (lost > 0)
        status = error_report("start a consumer with the same --prefix", "%u items were never taken", lost);
    return status;
}
