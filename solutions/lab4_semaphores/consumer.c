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

static int items_get(struct buffer *buffer, const struct lab4_options *options)
{
    for (int taken = 0; taken < options->items; taken++) {
        struct buffer_message message;

        switch (buffer_get(buffer, &message, options->timeout)) {
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
