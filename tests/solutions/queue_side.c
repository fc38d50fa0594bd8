/*
 * A producer or a consumer of six frames, for interleavings.py.
 *
 *     queue_side produce | consume
 *
 * Status 1: a call of queue.h gave something else than it should, or a frame was not the one that was due.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "queue.h"
#include "shmlab/stop.h"

enum { FRAMES = QUEUE_SLOTS + 1 }; /* so that the producer has to wait for the consumer */
static const double patience_seconds = 30;

static bool frames_put(struct queue *queue)
{
    for (int32_t frame = 1; frame <= FRAMES; frame++) {
        struct queue_slot *slot;
        if (queue_acquire_free(queue, &slot, patience_seconds) != QUEUE_DONE)
            return false;
        slot->frame_id = frame;
        slot->pixels[QUEUE_PIXEL_BYTES - 1] = (uint8_t)frame;
        if (queue_publish(queue) != QUEUE_DONE)
            return false;
    }
    return true;
}

static bool frames_take(struct queue *queue)
{
    for (int32_t frame = 1; frame <= FRAMES; frame++) {
        const struct queue_slot *slot;
        if (queue_acquire_full(queue, &slot, patience_seconds) != QUEUE_DONE || slot->frame_id != frame ||
            slot->pixels[QUEUE_PIXEL_BYTES - 1] != frame || queue_release(queue) != QUEUE_DONE)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    bool produces = argc > 1 && strcmp(argv[1], "produce") == 0;
    struct queue queue;

    stop_on_signals();
    if ((produces ? queue_create(&queue, "shmlab", 0600) : queue_attach(&queue, "shmlab", patience_seconds)) != 0)
        return EXIT_FAILURE;
    bool right = produces ? frames_put(&queue) : frames_take(&queue);
    queue_close(&queue);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
