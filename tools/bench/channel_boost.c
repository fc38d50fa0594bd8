/* Boost.Interprocess's message queue, which copies under its mutex, and Boost.Lockfree's ring in shared memory. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boost_calls.h"
#include "channel.h"
#include "clock.h"

struct boost {
    void *one[SIDES]; /* by the side that sends */
};

static struct boost *boost_new(struct link *link)
{
    return link->state = calloc(1, sizeof(struct boost));
}

static bool queue_open(struct link *link)
{
    struct boost *boost = boost_new(link);
    char name[64];

    for (int side = 0; side < SIDES && boost != NULL; side++) {
        snprintf(name, sizeof name, "shmlab-bench-%ld-%d", (long)getpid(), side);
        boost->one[side] = boost_queue_new(name, link->size);
        if (boost->one[side] == NULL)
            return false;
    }
    return boost != NULL;
}

static void queue_close(struct link *link)
{
    struct boost *boost = link->state;

    for (int side = 0; side < SIDES && boost != NULL; side++)
        boost_queue_free(boost->one[side]);
    free(boost);
    link->state = NULL;
}

static bool queue_send(struct link *link, const void *message, size_t size)
{
    return boost_queue_send(((struct boost *)link->state)->one[link->side], message, size);
}

static bool queue_receive(struct link *link, void *message, size_t size)
{
    return boost_queue_receive(((struct boost *)link->state)->one[!link->side], message, size);
}

const struct channel channel_boost_queue = {
    .id = "boost-queue",
    .title = "Boost.Interprocess message_queue",
    .waits = WAITS_BLOCKED,
    .copies = "2",
    .touches = "sender in, receiver out, locked",
    .package = "libboost-dev",
    .open = queue_open,
    .send = queue_send,
    .receive = queue_receive,
    .close = queue_close,
};

static bool ring_open(struct link *link)
{
    struct boost *boost = boost_new(link);

    for (int side = 0; side < SIDES && boost != NULL; side++) {
        boost->one[side] = pair_map(boost_ring_size());
        if (boost->one[side] == NULL)
            return false;
        boost_ring_make(boost->one[side]);
    }
    return boost != NULL;
}

static void ring_close(struct link *link)
{
    struct boost *boost = link->state;

    for (int side = 0; side < SIDES && boost != NULL; side++)
        if (boost->one[side] != NULL)
            munmap(boost->one[side], boost_ring_size());
    free(boost);
    link->state = NULL;
}

static bool ring_send(struct link *link, const void *message, size_t size)
{
    (void)size; /* it carries MESSAGE_SIZE */
    while (!boost_ring_push(((struct boost *)link->state)->one[link->side], message))
        clock_relax();
    return true;
}

static bool ring_receive(struct link *link, void *message, size_t size)
{
    (void)size;
    while (!boost_ring_pop(((struct boost *)link->state)->one[!link->side], message))
        clock_relax();
    return true;
}

const struct channel channel_boost_ring = {
    .id = "boost-ring",
    .title = "Boost.Lockfree spsc_queue",
    .waits = WAITS_SPINNING,
    .copies = "2",
    .touches = "sender in, receiver out",
    .package = "libboost-dev",
    .open = ring_open,
    .send = ring_send,
    .receive = ring_receive,
    .close = ring_close,
};
