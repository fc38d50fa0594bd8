/* Lab 6's queue of frames: indices and count that somebody else has written. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "queue.h"

static struct queue queue;

/* The names go at once: nothing is left, however this ends. */
static void queue_open(void)
{
    char prefix[64];

    snprintf(prefix, sizeof prefix, "shmlab_fuzz_%d", (int)getpid());
    fuzz_require(queue_create(&queue, prefix, 0600) == 0, "a queue can be made");
    shm_unlink(queue.shm_name);
    sem_unlink(queue.empty_name);
    sem_unlink(queue.full_name);
    sem_unlink(queue.mutex_name);
}

static void slot_check(const struct queue_slot *slot)
{
    size_t offset = (size_t)((const char *)slot - (const char *)queue.shared->slots);

    fuzz_require(offset % sizeof *slot == 0 && offset / sizeof *slot < QUEUE_SLOTS, "a slot is one of the slots");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct queue_slot *empty;
    const struct queue_slot *full;
    int32_t numbers[3]; /* write_idx, read_idx, count: the first 12 bytes of the format */

    if (queue.shared == NULL)
        queue_open();
    if (size < sizeof numbers)
        return 0;
    memcpy(numbers, data, sizeof numbers);
    if (numbers[2] == INT32_MIN || numbers[2] == INT32_MAX)
        return 0; /* count is told and never believed, but a step from there is one too far for an int */
    memcpy(&queue.shared->write_idx, numbers, sizeof numbers);
    if (queue_acquire_free(&queue, &empty, 0) == QUEUE_DONE) {
        slot_check(empty);
        fuzz_require(queue_publish(&queue) == QUEUE_DONE, "MUTEX is free");
    }
    memcpy(&queue.shared->write_idx, numbers, sizeof numbers);
    if (queue_acquire_full(&queue, &full, 0) == QUEUE_DONE) {
        slot_check(full);
        fuzz_require(queue_release(&queue) == QUEUE_DONE, "MUTEX is free");
    }
    return 0;
}
