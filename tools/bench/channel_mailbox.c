/*
 * Mailboxes: one slot in shared memory for each direction, and a bell that tells the other side that it is
 * full. The bells differ, the mailbox does not; so the rows show what each way of waiting costs.
 *
 * In a stream a second bell tells the sender that the slot is free again, and the two copies take turns. In
 * round trips the answer says so, and the second bell is not used.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"

enum { SPIN_NS = 20000 }; /* longer than an awake peer needs, about what waking a sleeping one costs */

/* Rung once for every message. Each kind uses the members that it needs, the lines are its own. */
struct bell {
    _Alignas(PAIR_CACHE_LINES) _Atomic uint32_t rung; /* how often; the futex's word. Compared, so it may wrap */
    sem_t semaphore;
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    uint32_t count; /* as rung, guarded by the mutex */
    int set;        /* of System V semaphores */
    unsigned short number;
};

struct bell_kind {
    bool (*ring)(struct bell *bell, uint32_t times);
    bool (*wait)(struct bell *bell, uint32_t times); /* until it was rung so often */
};

/* Partner of each release store below: the acquire load in the wait of the same kind. */

static bool spin_ring(struct bell *bell, uint32_t times)
{
    atomic_store_explicit(&bell->rung, times, memory_order_release);
    return true;
}

static bool spin_wait(struct bell *bell, uint32_t times)
{
    while (atomic_load_explicit(&bell->rung, memory_order_acquire) != times)
        clock_relax();
    return true;
}

static bool futex_ring(struct bell *bell, uint32_t times)
{
    atomic_store_explicit(&bell->rung, times, memory_order_release);
    return syscall(SYS_futex, &bell->rung, FUTEX_WAKE, 1, NULL, NULL, 0) != -1;
}

static bool futex_wait(struct bell *bell, uint32_t times)
{
    uint32_t seen;

    while ((seen = atomic_load_explicit(&bell->rung, memory_order_acquire)) != times)
        if (syscall(SYS_futex, &bell->rung, FUTEX_WAIT, seen, NULL, NULL, 0) == -1 && errno != EAGAIN && errno != EINTR)
            return false;
    return true;
}

static bool semaphore_ring(struct bell *bell, uint32_t times)
{
    (void)times; /* it counts by itself */
    return sem_post(&bell->semaphore) == 0;
}

static bool semaphore_wait(struct bell *bell, uint32_t times)
{
    (void)times;
    while (sem_wait(&bell->semaphore) == -1)
        if (errno != EINTR)
            return false;
    return true;
}

static bool semaphore_spin_wait(struct bell *bell, uint32_t times)
{
    int64_t begin = clock_now_ns();

    do
        for (int i = 0; i < 32; i++) { /* a look at the clock costs as much as several at the semaphore */
            if (sem_trywait(&bell->semaphore) == 0)
                return true;
            clock_relax();
        }
    while (clock_now_ns() - begin < SPIN_NS);
    return semaphore_wait(bell, times);
}

static bool condition_ring(struct bell *bell, uint32_t times)
{
    pthread_mutex_lock(&bell->mutex);
    bell->count = times;
    pthread_cond_signal(&bell->condition);
    pthread_mutex_unlock(&bell->mutex);
    return true;
}

static bool condition_wait(struct bell *bell, uint32_t times)
{
    pthread_mutex_lock(&bell->mutex);
    while (bell->count != times)
        pthread_cond_wait(&bell->condition, &bell->mutex);
    pthread_mutex_unlock(&bell->mutex);
    return true;
}

static bool sysv_change(struct bell *bell, short by)
{
    struct sembuf change = {.sem_num = bell->number, .sem_op = by};

    while (semop(bell->set, &change, 1) == -1)
        if (errno != EINTR)
            return false;
    return true;
}

static bool sysv_ring(struct bell *bell, uint32_t times)
{
    (void)times;
    return sysv_change(bell, 1);
}

static bool sysv_wait(struct bell *bell, uint32_t times)
{
    (void)times;
    return sysv_change(bell, -1);
}

struct box {
    struct bell full, empty;
    _Alignas(PAIR_CACHE_LINES) unsigned char slot[];
};

struct mailbox {
    struct box *box[SIDES]; /* by the side that sends */
    size_t box_size;
    uint32_t sent, received; /* by this process */
    int set;                 /* System V semaphores, -1: none */
};

enum { BELLS = 2 * SIDES };

static bool bell_prepare(struct bell *bell, int set, unsigned short number)
{
    pthread_mutexattr_t mutex;
    pthread_condattr_t condition;

    pthread_mutexattr_init(&mutex);
    pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&bell->mutex, &mutex);
    pthread_mutexattr_destroy(&mutex);
    pthread_condattr_init(&condition);
    pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&bell->condition, &condition);
    pthread_condattr_destroy(&condition);
    bell->set = set;
    bell->number = number;
    return sem_init(&bell->semaphore, 1, 0) == 0;
}

static const struct bell_kind sysv_kind = {sysv_ring, sysv_wait};

static bool mailbox_open(struct link *link)
{
    struct mailbox *mailbox = calloc(1, sizeof *mailbox);

    link->state = mailbox;
    if (mailbox == NULL)
        return false;
    mailbox->set = -1;
    mailbox->box_size = sizeof(struct box) + link->size;
    if (link->channel->variant == &sysv_kind) {
        /* A private set starts with zeros on Linux: semget(2) */
        mailbox->set = semget(IPC_PRIVATE, BELLS, IPC_CREAT | 0600);
        if (mailbox->set == -1)
            return false;
    }
    for (int side = 0; side < SIDES; side++) {
        struct box *box = mailbox->box[side] = pair_map(mailbox->box_size);
        if (box == NULL || !bell_prepare(&box->full, mailbox->set, (unsigned short)(2 * side)) ||
            !bell_prepare(&box->empty, mailbox->set, (unsigned short)(2 * side + 1)))
            return false;
    }
    return true;
}

static void mailbox_close(struct link *link)
{
    struct mailbox *mailbox = link->state;

    if (mailbox == NULL)
        return;
    for (int side = 0; side < SIDES; side++)
        if (mailbox->box[side] != NULL)
            munmap(mailbox->box[side], mailbox->box_size);
    if (mailbox->set != -1)
        semctl(mailbox->set, 0, IPC_RMID);
    free(mailbox);
    link->state = NULL;
}

static bool mailbox_send(struct link *link, const void *message, size_t size)
{
    const struct bell_kind *kind = link->channel->variant;
    struct mailbox *mailbox = link->state;
    struct box *box = mailbox->box[link->side];

    if (!link->answers && mailbox->sent > 0 && !kind->wait(&box->empty, mailbox->sent))
        return false;
    memcpy(box->slot, message, size);
    return kind->ring(&box->full, ++mailbox->sent);
}

static bool mailbox_receive(struct link *link, void *message, size_t size)
{
    const struct bell_kind *kind = link->channel->variant;
    struct mailbox *mailbox = link->state;
    struct box *box = mailbox->box[!link->side];

    if (!kind->wait(&box->full, ++mailbox->received))
        return false;
    memcpy(message, box->slot, size);
    return link->answers || kind->ring(&box->empty, mailbox->received);
}

static const struct bell_kind spin_kind = {spin_ring, spin_wait};
static const struct bell_kind futex_kind = {futex_ring, futex_wait};
static const struct bell_kind semaphore_kind = {semaphore_ring, semaphore_wait};
static const struct bell_kind semaphore_spin_kind = {semaphore_ring, semaphore_spin_wait};
static const struct bell_kind condition_kind = {condition_ring, condition_wait};

#define MAILBOX                                                                                      \
    .copies = "2", .touches = "sender in, receiver out", .open = mailbox_open, .send = mailbox_send, \
    .receive = mailbox_receive, .close = mailbox_close

const struct channel channel_flag = {
    .id = "flag", .title = "ready flag", .waits = WAITS_SPINNING, .variant = &spin_kind, MAILBOX};
const struct channel channel_futex = {
    .id = "futex", .title = "futex", .waits = WAITS_BLOCKED, .variant = &futex_kind, MAILBOX};
const struct channel channel_semaphore = {
    .id = "semaphore", .title = "semaphores", .waits = WAITS_BLOCKED, .variant = &semaphore_kind, MAILBOX};
const struct channel channel_semaphore_spin = {.id = "semaphore-spin",
                                               .title = "semaphores, 20 us of trying first",
                                               .waits = WAITS_SPINNING_THEN_BLOCKED,
                                               .variant = &semaphore_spin_kind,
                                               MAILBOX};
const struct channel channel_condition = {.id = "condition",
                                          .title = "mutex + condition variable",
                                          .waits = WAITS_BLOCKED,
                                          .variant = &condition_kind,
                                          MAILBOX};
const struct channel channel_sysv_semaphore = {
    .id = "sysv-semaphore", .title = "System V semaphores", .waits = WAITS_BLOCKED, .variant = &sysv_kind, MAILBOX};

/*
 * The flag and its message in one cache line: one line travels instead of two. The flag takes four bytes of
 * it, so the message has sixty. Made for round trips: the answer says that the line may be written again.
 */
struct line {
    _Alignas(PAIR_CACHE_LINES) _Atomic uint32_t flag; /* number of the message; compared, so it may wrap */
    unsigned char message[MESSAGE_SIZE - sizeof(uint32_t)];
};

struct lines {
    struct line *line; /* by the side that sends */
    uint32_t sent, received;
};

static bool line_open(struct link *link)
{
    struct lines *lines = calloc(1, sizeof *lines);

    link->state = lines;
    if (lines == NULL)
        return false;
    lines->line = pair_map(SIDES * sizeof lines->line[0]);
    return lines->line != NULL;
}

static void line_close(struct link *link)
{
    struct lines *lines = link->state;

    if (lines != NULL && lines->line != NULL)
        munmap(lines->line, SIDES * sizeof lines->line[0]);
    free(lines);
    link->state = NULL;
}

static bool line_send(struct link *link, const void *message, size_t size)
{
    struct lines *lines = link->state;
    struct line *line = &lines->line[link->side];

    (void)size; /* a constant, so that the copy is a few instructions */
    memcpy(line->message, message, sizeof line->message);
    atomic_store_explicit(&line->flag, ++lines->sent, memory_order_release); /* pairs with line_receive */
    return true;
}

static bool line_receive(struct link *link, void *message, size_t size)
{
    struct lines *lines = link->state;
    struct line *line = &lines->line[!link->side];

    (void)size;
    lines->received++;
    while (atomic_load_explicit(&line->flag, memory_order_acquire) != lines->received) /* pairs with line_send */
        clock_relax();
    memcpy(message, line->message, sizeof line->message);
    return true;
}

const struct channel channel_flag_line = {
    .id = "flag-line",
    .title = "ready flag and 60 B in one line",
    .waits = WAITS_SPINNING,
    .copies = "2",
    .touches = "sender in, receiver out",
    .message = MESSAGE_SIZE - sizeof(uint32_t),
    .open = line_open,
    .send = line_send,
    .receive = line_receive,
    .close = line_close,
};
