/*
 * Lab 6's queue: five slots in the documented, packed layout, the semaphores EMPTY and FULL, and MUTEX
 *
 *     held during the copies, as the documents have it,
 *     held for the indices only,
 *     not used at all, which is enough for one producer and one consumer;
 *
 * and at last the reference solution itself, which holds it for the indices and tries before it sleeps.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../solutions/lab6_yolo_queue/queue.h"
#include "channel.h"

enum lock { LOCK_COPIES, LOCK_INDEX, LOCK_NONE };

/* The control block of yolo_queue.h. Slots of any size follow it at once, not aligned to anything, on purpose. */
struct control {
    int32_t write_idx, read_idx, count;
};
_Static_assert(sizeof(struct control) == offsetof(struct yolo_queue, slots), "packed as documented");

struct semaphores {
    _Alignas(PAIR_CACHE_LINES) sem_t empty;
    _Alignas(PAIR_CACHE_LINES) sem_t full;
    _Alignas(PAIR_CACHE_LINES) sem_t mutex;
    _Alignas(4096) struct control control; /* at the begin of a page, as a shared memory object is */
};

struct lab6 {
    struct semaphores *shared;
    size_t mapped;
};

static bool lab6_open(struct link *link)
{
    struct lab6 *lab6 = calloc(1, sizeof *lab6);

    link->state = lab6;
    if (lab6 == NULL)
        return false;
    lab6->mapped = sizeof *lab6->shared + QUEUE_SLOTS * link->size;
    lab6->shared = pair_map(lab6->mapped);
    return lab6->shared != NULL && sem_init(&lab6->shared->empty, 1, QUEUE_SLOTS) == 0 &&
           sem_init(&lab6->shared->full, 1, 0) == 0 && sem_init(&lab6->shared->mutex, 1, 1) == 0;
}

static void lab6_close(struct link *link)
{
    struct lab6 *lab6 = link->state;

    if (lab6 != NULL && lab6->shared != NULL)
        munmap(lab6->shared, lab6->mapped);
    free(lab6);
    link->state = NULL;
}

static bool semaphore_take(sem_t *semaphore)
{
    while (sem_wait(semaphore) == -1)
        if (errno != EINTR)
            return false;
    return true;
}

static enum lock lab6_lock(const struct link *link)
{
    return *(const enum lock *)link->channel->variant;
}

static void *lab6_slot(const struct link *link, int32_t index)
{
    struct control *control = &((struct lab6 *)link->state)->shared->control;

    return (char *)(control + 1) + (size_t)index * link->size;
}

static void *lab6_acquire(struct link *link)
{
    struct semaphores *shared = ((struct lab6 *)link->state)->shared;

    if (!semaphore_take(&shared->empty) || (lab6_lock(link) == LOCK_COPIES && !semaphore_take(&shared->mutex)))
        return NULL;
    return lab6_slot(link, shared->control.write_idx);
}

static bool lab6_publish(struct link *link)
{
    struct semaphores *shared = ((struct lab6 *)link->state)->shared;
    enum lock lock = lab6_lock(link);

    if (lock == LOCK_INDEX && !semaphore_take(&shared->mutex))
        return false;
    shared->control.write_idx = (shared->control.write_idx + 1) % QUEUE_SLOTS; /* only we write it */
    if (lock != LOCK_NONE) {
        shared->control.count++; /* both sides write it */
        sem_post(&shared->mutex);
    }
    return sem_post(&shared->full) == 0;
}

static const void *lab6_take(struct link *link)
{
    struct semaphores *shared = ((struct lab6 *)link->state)->shared;

    if (!semaphore_take(&shared->full) || (lab6_lock(link) == LOCK_COPIES && !semaphore_take(&shared->mutex)))
        return NULL;
    return lab6_slot(link, shared->control.read_idx);
}

static bool lab6_release(struct link *link)
{
    struct semaphores *shared = ((struct lab6 *)link->state)->shared;
    enum lock lock = lab6_lock(link);

    if (lock == LOCK_INDEX && !semaphore_take(&shared->mutex))
        return false;
    shared->control.read_idx = (shared->control.read_idx + 1) % QUEUE_SLOTS;
    if (lock != LOCK_NONE) {
        shared->control.count--;
        sem_post(&shared->mutex);
    }
    return sem_post(&shared->empty) == 0;
}

static const enum lock lock_copies = LOCK_COPIES, lock_index = LOCK_INDEX, lock_none = LOCK_NONE;

#define LAB6                                                                                                    \
    .waits = WAITS_BLOCKED, .copies = "2", .touches = "sender in, receiver out", .open = lab6_open,             \
    .send = channel_carry_send, .receive = channel_carry_receive, .close = lab6_close, .acquire = lab6_acquire, \
    .publish = lab6_publish, .take = lab6_take, .release = lab6_release

const struct channel channel_lab6_documented = {
    .id = "lab6-documented", .title = "lab 6 as documented: lock held in copies", .variant = &lock_copies, LAB6};
const struct channel channel_lab6_index_lock = {
    .id = "lab6-index-lock", .title = "lab 6, lock for the indices only", .variant = &lock_index, LAB6};
const struct channel channel_lab6_no_lock = {
    .id = "lab6-no-lock", .title = "lab 6 without the lock", .variant = &lock_none, LAB6};

static const double reference_seconds = 10; /* longer than any wait here */

struct reference {
    struct queue queue;
    bool created;
    char prefix[32];
};

static bool reference_open(struct link *link)
{
    struct reference *reference = calloc(1, sizeof *reference);

    link->state = reference;
    if (reference == NULL || link->size > sizeof(struct queue_slot)) {
        errno = EINVAL;
        return false;
    }
    snprintf(reference->prefix, sizeof reference->prefix, "BENCH-%ld", (long)getpid());
    reference->created = queue_create(&reference->queue, reference->prefix, 0600) == 0;
    if (!reference->created)
        errno = EIO; /* it has said why */
    return reference->created;
}

/* The producer works with what it inherited; the consumer attaches as any consumer would. */
static bool reference_join(struct link *link)
{
    struct reference *reference = link->state;

    errno = EIO;
    return link->side == SIDE_A || queue_attach(&reference->queue, reference->prefix, reference_seconds) == 0;
}

static void reference_leave(struct link *link)
{
    if (link->side == SIDE_B)
        queue_close(&((struct reference *)link->state)->queue);
}

static void reference_close(struct link *link)
{
    struct reference *reference = link->state;

    if (reference != NULL && reference->created)
        queue_close(&reference->queue); /* removes the names */
    free(reference);
    link->state = NULL;
}

static void *reference_acquire(struct link *link)
{
    struct queue_slot *slot;

    errno = ETIMEDOUT;
    return queue_acquire_free(&((struct reference *)link->state)->queue, &slot, reference_seconds) == QUEUE_DONE ? slot
                                                                                                                 : NULL;
}

static bool reference_publish(struct link *link)
{
    errno = ETIMEDOUT;
    return queue_publish(&((struct reference *)link->state)->queue) == QUEUE_DONE;
}

static const void *reference_take(struct link *link)
{
    const struct queue_slot *slot;

    errno = ETIMEDOUT;
    return queue_acquire_full(&((struct reference *)link->state)->queue, &slot, reference_seconds) == QUEUE_DONE ? slot
                                                                                                                 : NULL;
}

static bool reference_release(struct link *link)
{
    errno = ETIMEDOUT;
    return queue_release(&((struct reference *)link->state)->queue) == QUEUE_DONE;
}

const struct channel channel_lab6_reference = {
    .id = "lab6-reference",
    .title = "lab 6, our solution",
    .waits = WAITS_SPINNING_THEN_BLOCKED,
    .copies = "2",
    .touches = "sender in, receiver out",
    .open = reference_open,
    .join = reference_join,
    .send = channel_carry_send,
    .receive = channel_carry_receive,
    .leave = reference_leave,
    .close = reference_close,
    .acquire = reference_acquire,
    .publish = reference_publish,
    .take = reference_take,
    .release = reference_release,
};
