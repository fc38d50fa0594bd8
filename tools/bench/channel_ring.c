/*
 * Rings for one producer and one consumer, without a lock (ring.h): one that only spins, one that sleeps when
 * spinning does not help, one whose slots carry a sequence word beside the message instead of common indices.
 * The two "bare" ones never ask whether a slot may be used again; in round trips the answer says so. They
 * show what the asking costs.
 */
#include <endian.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"
#include "ring.h"

enum {
    SPIN_NS = 5000, /* an awake peer answers sooner; waking a sleeping one costs about as much */
    SPIN_LOOKS = 32,
    FUTEX_HALF = __BYTE_ORDER == __LITTLE_ENDIAN ? 0 : 1, /* the half of 64 bits that a futex can watch */
};

struct rings {
    struct ring *ring[SIDES]; /* by the side that sends */
    size_t mapped;
    struct ring_end out, in;
};

/* A slot with its own word: 2 * lap free, 2 * lap + 1 full. It shares a line with the message's first bytes. */
struct sequenced {
    _Atomic uint64_t sequence;
    unsigned char message[];
};

static bool rings_open(struct link *link)
{
    struct rings *rings = calloc(1, sizeof *rings);
    size_t slot = link->size + sizeof(struct sequenced);

    link->state = rings;
    if (rings == NULL)
        return false;
    rings->mapped = ring_size(slot);
    for (int side = 0; side < SIDES; side++) {
        struct ring *ring = rings->ring[side] = pair_map(rings->mapped);
        if (ring == NULL)
            return false;
        ring->stride = (rings->mapped - sizeof *ring) / RING_SLOTS;
        if (!link->answers)
            break; /* a stream goes one way */
    }
    return true;
}

static bool rings_join(struct link *link)
{
    struct rings *rings = link->state;

    rings->out.ring = rings->ring[link->side];
    rings->in.ring = rings->ring[!link->side];
    return true;
}

static void rings_close(struct link *link)
{
    struct rings *rings = link->state;

    for (int side = 0; side < SIDES && rings != NULL; side++)
        if (rings->ring[side] != NULL)
            munmap(rings->ring[side], rings->mapped);
    free(rings);
    link->state = NULL;
}

/* --- spinning --- */

static void *spin_acquire(struct link *link)
{
    struct ring_end *out = &((struct rings *)link->state)->out;

    while (!ring_has_room(out))
        clock_relax();
    return ring_slot(out);
}

static bool spin_publish(struct link *link)
{
    ring_publish(&((struct rings *)link->state)->out);
    return true;
}

static const void *spin_take(struct link *link)
{
    struct ring_end *in = &((struct rings *)link->state)->in;

    while (!ring_has_message(in))
        clock_relax();
    return ring_slot(in);
}

static bool spin_release(struct link *link)
{
    ring_release(&((struct rings *)link->state)->in);
    return true;
}

/* --- spinning, then sleeping --- */

/*
 * Sleep until `count` is not `old` any more. Each side stores its word (the flag here, the count in wake),
 * makes a fence and reads the other's: at least one of them sees the other's store. With release and acquire
 * alone both may miss it, even on x86: a lost wake-up. The kernel compares once more before it sleeps.
 */
static bool count_sleep(_Atomic uint64_t *count, uint64_t old, _Atomic uint32_t *waits)
{
    long slept = 0;

    atomic_store_explicit(waits, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst); /* pairs with the fence in count_wake */
    if (atomic_load_explicit(count, memory_order_acquire) == old)
        slept = syscall(SYS_futex, (uint32_t *)count + FUTEX_HALF, FUTEX_WAIT, (uint32_t)old, NULL, NULL, 0);
    atomic_store_explicit(waits, 0, memory_order_relaxed);
    return slept == 0 || errno == EAGAIN || errno == EINTR;
}

static bool count_wake(_Atomic uint64_t *count, _Atomic uint32_t *waits)
{
    atomic_thread_fence(memory_order_seq_cst); /* pairs with the fence in count_sleep */
    if (atomic_load_explicit(waits, memory_order_relaxed) == 0)
        return true; /* a call into the kernel for nobody would cost ten times the rest */
    return syscall(SYS_futex, (uint32_t *)count + FUTEX_HALF, FUTEX_WAKE, 1, NULL, NULL, 0) != -1;
}

static bool patience_over(int64_t *begin)
{
    if (*begin == 0)
        *begin = clock_now_ns();
    for (int i = 0; i < SPIN_LOOKS; i++)
        clock_relax();
    return clock_now_ns() - *begin > SPIN_NS;
}

static void *sleep_acquire(struct link *link)
{
    struct ring_end *out = &((struct rings *)link->state)->out;
    int64_t begin = 0;

    while (!ring_has_room(out))
        if (patience_over(&begin) && !count_sleep(&out->ring->read, out->seen, &out->ring->producer_waits))
            return NULL;
    return ring_slot(out);
}

static bool sleep_publish(struct link *link)
{
    struct ring_end *out = &((struct rings *)link->state)->out;

    ring_publish(out);
    return count_wake(&out->ring->written, &out->ring->consumer_waits);
}

static const void *sleep_take(struct link *link)
{
    struct ring_end *in = &((struct rings *)link->state)->in;
    int64_t begin = 0;

    while (!ring_has_message(in))
        if (patience_over(&begin) && !count_sleep(&in->ring->written, in->seen, &in->ring->consumer_waits))
            return NULL;
    return ring_slot(in);
}

static bool sleep_release(struct link *link)
{
    struct ring_end *in = &((struct rings *)link->state)->in;

    ring_release(in);
    return count_wake(&in->ring->read, &in->ring->producer_waits);
}

/* --- a sequence word in each slot --- */

static uint64_t lap(const struct ring_end *end)
{
    return end->mine / RING_SLOTS;
}

static void *sequence_acquire(struct link *link)
{
    struct ring_end *out = &((struct rings *)link->state)->out;
    struct sequenced *slot = ring_slot(out);

    while (link->channel->variant == NULL && /* pairs with sequence_release */
           atomic_load_explicit(&slot->sequence, memory_order_acquire) != 2 * lap(out))
        clock_relax();
    return slot->message;
}

static bool sequence_publish(struct link *link)
{
    struct ring_end *out = &((struct rings *)link->state)->out;
    struct sequenced *slot = ring_slot(out);

    atomic_store_explicit(&slot->sequence, 2 * lap(out) + 1, memory_order_release); /* pairs with sequence_take */
    out->mine++;
    return true;
}

static const void *sequence_take(struct link *link)
{
    struct ring_end *in = &((struct rings *)link->state)->in;
    struct sequenced *slot = ring_slot(in);

    while (atomic_load_explicit(&slot->sequence, memory_order_acquire) != 2 * lap(in) + 1)
        clock_relax();
    return slot->message;
}

static bool sequence_release(struct link *link)
{
    struct ring_end *in = &((struct rings *)link->state)->in;
    struct sequenced *slot = ring_slot(in);

    if (link->channel->variant == NULL)
        atomic_store_explicit(&slot->sequence, 2 * lap(in) + 2, memory_order_release);
    in->mine++;
    return true;
}

/* --- the spinning ring without asking for room and without saying that there is some --- */

static void *bare_acquire(struct link *link)
{
    return ring_slot(&((struct rings *)link->state)->out);
}

static bool bare_release(struct link *link)
{
    ((struct rings *)link->state)->in.mine++;
    return true;
}

static const char bare[] = "never asks for room"; /* the variant of sequence_acquire and sequence_release */

#define RING                                                                                     \
    .copies = "2", .touches = "sender in, receiver out", .open = rings_open, .join = rings_join, \
    .send = channel_carry_send, .receive = channel_carry_receive, .close = rings_close

const struct channel channel_ring = {.id = "ring",
                                     .title = "SPSC ring",
                                     .waits = WAITS_SPINNING,
                                     RING,
                                     .acquire = spin_acquire,
                                     .publish = spin_publish,
                                     .take = spin_take,
                                     .release = spin_release};
const struct channel channel_ring_sleep = {.id = "ring-sleep",
                                           .title = "SPSC ring, sleeps after 5 us",
                                           .waits = WAITS_SPINNING_THEN_BLOCKED,
                                           RING,
                                           .acquire = sleep_acquire,
                                           .publish = sleep_publish,
                                           .take = sleep_take,
                                           .release = sleep_release};
const struct channel channel_ring_sequence = {.id = "ring-sequence",
                                              .title = "SPSC ring, sequence word in the slot",
                                              .waits = WAITS_SPINNING,
                                              RING,
                                              .acquire = sequence_acquire,
                                              .publish = sequence_publish,
                                              .take = sequence_take,
                                              .release = sequence_release};
const struct channel channel_bare_index = {.id = "bare-index",
                                           .title = "slot + index word, never asks for room",
                                           .waits = WAITS_SPINNING,
                                           RING,
                                           .acquire = bare_acquire,
                                           .publish = spin_publish,
                                           .take = spin_take,
                                           .release = bare_release};
const struct channel channel_bare_sequence = {.id = "bare-sequence",
                                              .title = "slot + sequence word, never asks for room",
                                              .waits = WAITS_SPINNING,
                                              .variant = bare,
                                              RING,
                                              .acquire = sequence_acquire,
                                              .publish = sequence_publish,
                                              .take = sequence_take,
                                              .release = sequence_release};
