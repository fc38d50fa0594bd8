/*
 * process_vm_readv: the receiver takes the bytes straight out of the sender's memory, one copy made by the
 * kernel. It says nothing about when: flags in shared memory do, and the sender waits until it was read.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"

struct offer {
    _Alignas(PAIR_CACHE_LINES) _Atomic uint32_t offered; /* how many so far; compared, so it may wrap */
    const void *address;                                 /* in the sender */
    pid_t sender;
    _Alignas(PAIR_CACHE_LINES) _Atomic uint32_t taken;
};

struct offers {
    struct offer *offer; /* by the side that sends */
    uint32_t sent, received;
};

static bool vm_open(struct link *link)
{
    struct offers *offers = calloc(1, sizeof *offers);

    link->state = offers;
    if (offers == NULL)
        return false;
    offers->offer = pair_map(SIDES * sizeof offers->offer[0]);
    return offers->offer != NULL;
}

static bool vm_join(struct link *link)
{
    (void)link;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* fails where no Yama asks for it: prctl(2) */
    return true;
}

static void vm_close(struct link *link)
{
    struct offers *offers = link->state;

    if (offers != NULL && offers->offer != NULL)
        munmap(offers->offer, SIDES * sizeof offers->offer[0]);
    free(offers);
    link->state = NULL;
}

static bool vm_send(struct link *link, const void *message, size_t size)
{
    struct offers *offers = link->state;
    struct offer *offer = &offers->offer[link->side];

    (void)size;
    offer->address = message;
    offer->sender = getpid();
    atomic_store_explicit(&offer->offered, ++offers->sent, memory_order_release);     /* pairs with vm_receive */
    while (atomic_load_explicit(&offer->taken, memory_order_acquire) != offers->sent) /* pairs with vm_receive */
        clock_relax();
    return true;
}

static bool vm_receive(struct link *link, void *message, size_t size)
{
    struct offers *offers = link->state;
    struct offer *offer = &offers->offer[!link->side];

    offers->received++;
    while (atomic_load_explicit(&offer->offered, memory_order_acquire) != offers->received)
        clock_relax();
    struct iovec ours = {.iov_base = message, .iov_len = size};
    struct iovec theirs = {.iov_base = (void *)offer->address, .iov_len = size};
    if (process_vm_readv(offer->sender, &ours, 1, &theirs, 1, 0) != (ssize_t)size)
        return false;
    atomic_store_explicit(&offer->taken, offers->received, memory_order_release);
    return true;
}

const struct channel channel_vm_readv = {
    .id = "process-vm-readv",
    .title = "process_vm_readv + ready flags",
    .waits = WAITS_SPINNING,
    .copies = "1",
    .touches = "kernel, for the receiver",
    .open = vm_open,
    .join = vm_join,
    .send = vm_send,
    .receive = vm_receive,
    .close = vm_close,
};
