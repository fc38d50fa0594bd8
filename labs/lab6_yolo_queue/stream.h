/*
 * Lab 6, what the three rings at work share: processes with common memory, and waits that come to an end.
 *
 * A ring without semaphores has no process that wakes a sleeper: one that waits looks again and again, and
 * lets others run now and then.
 */
#ifndef LAB6_STREAM_H
#define LAB6_STREAM_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "shmlab/clock.h"

/* What a program's input, as argp has it, begins with; and the option that sets it. */
struct stream {
    long messages;
};
#define STREAM_MESSAGES 100000
#define STREAM_OPTION                                                   \
    {                                                                   \
        "messages", 'n', "N", 0, "Messages to send (default 100000)", 0 \
    }

/* argp's parser for that option; refuses what is no option. */
error_t stream_option(int key, char *text, struct argp_state *state);

/* A wait for the other side; all zero before the first look. */
struct stream_wait {
    long looks;
    struct deadline end;
};

/* Between two looks that found nothing. False when nothing has come for ten seconds: the other side is gone,
 * or code is missing. */
bool stream_look_again(struct stream_wait *wait);

/* Memory that children share, all zero; NULL after a message. */
void *stream_map(size_t size);

/*
 * Consumers 1 to `consumers`, a child process each, and the producer, which is the caller. Returns 0 when
 * none of them failed.
 */
int stream_run(long consumers, int (*consume)(void *data, long which), int (*produce)(void *data),
               void *data);

#endif
