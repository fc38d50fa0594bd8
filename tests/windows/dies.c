/*
 * A peer of lab 6's queue that dies at the worst moments, as TerminateProcess ends it.
 *
 *     dies producer PREFIX N      publishes N frames, then dies with MUTEX and a half-done index
 *     dies slow PREFIX N          publishes 3 frames, looks at nobody until a line is typed, and lives to publish N
 *     dies consumer PREFIX N      gives back N - 1 slots, then dies with MUTEX and a half-done index
 *     dies reader PREFIX N        gives back N - 1 slots, then dies with the next one in its hand
 */
#include <stdlib.h>
#include <string.h>

#include "queue.h"

enum { PATIENCE_SECONDS = 60, DIED = 3, BUSY_AFTER = 3 };

static void die(void)
{
    TerminateProcess(GetCurrentProcess(), DIED);
}

static void index_half_done(struct queue *queue, int32_t *index)
{
    WaitForSingleObject(queue->mutex, INFINITE);
    *index = (*index + 1) % QUEUE_SLOTS;
    die();
}

static int produce(struct queue *queue, int frames, bool slow)
{
    struct queue_slot *slot;

    for (int i = 1; i <= frames; i++) {
        enum queue_end got;
        if (slow && i == BUSY_AFTER + 1) {
            printf("dies: busy\n");
            fflush(stdout);
            getchar();
        }
        do
            got = queue_acquire_free(queue, &slot, PATIENCE_SECONDS);
        while (slow && got == QUEUE_GONE);
        if (got != QUEUE_DONE)
            return EXIT_FAILURE;
        slot->frame_id = i;
        slot->num_detections = 0;
        if (queue_publish(queue) != QUEUE_DONE)
            return EXIT_FAILURE;
    }
    if (slow) {
        queue_drain(queue, PATIENCE_SECONDS);
        return queue_close(queue) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    index_half_done(queue, &queue->shared->write_idx);
    return EXIT_FAILURE;
}

static int consume(struct queue *queue, int frames, bool mutex)
{
    const struct queue_slot *slot;

    for (int i = 1; i <= frames; i++) {
        if (queue_acquire_full(queue, &slot, PATIENCE_SECONDS) != QUEUE_DONE)
            return EXIT_FAILURE;
        if (i < frames && queue_release(queue) != QUEUE_DONE)
            return EXIT_FAILURE;
    }
    if (mutex)
        index_half_done(queue, &queue->shared->read_idx);
    die();
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    HANDLE stop = windows_stop_event();
    struct queue queue;

    if (argc != 4 || stop == NULL)
        return windows_report("dies producer|slow|consumer|reader PREFIX N", "wrong usage");
    int frames = atoi(argv[3]);
    bool slow = strcmp(argv[1], "slow") == 0;
    if (slow || strcmp(argv[1], "producer") == 0) {
        if (queue_create(&queue, argv[2], stop) != 0)
            return EXIT_FAILURE;
        printf("dies: is open\n");
        fflush(stdout);
        return produce(&queue, frames, slow);
    }
    if (queue_attach(&queue, argv[2], stop, PATIENCE_SECONDS) != 0)
        return EXIT_FAILURE;
    return consume(&queue, frames, strcmp(argv[1], "consumer") == 0);
}
