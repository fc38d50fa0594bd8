/* Lab 6, the circular queue: what its checks share. */
#define _GNU_SOURCE
#include "lab6_queue.h"

#include <string.h>
#include <time.h>

#include "objects.h"
#include "peers.h"

struct queue_names queue_names_make(struct check *check)
{
    const char *prefix = check_prefix(check);
    struct queue_names names = {prefix, check_text(check, "/%s_QUEUE_SHM", prefix),
                                check_text(check, "/%s_EMPTY", prefix), check_text(check, "/%s_FULL", prefix),
                                check_text(check, "/%s_MUTEX", prefix)};

    check_varies(check, "queue", names.shm);
    check_varies(check, "EMPTY", names.empty);
    check_varies(check, "FULL", names.full);
    check_varies(check, "MUTEX", names.mutex);
    return names;
}

static struct queue_state queue_state_look(struct check *check, const struct queue_names *names,
                                           const struct yolo_queue *shared)
{
    return (struct queue_state){shared->write_idx,
                                shared->read_idx,
                                shared->count,
                                semaphore_value(check, names->empty),
                                semaphore_value(check, names->full),
                                semaphore_value(check, names->mutex)};
}

static const char *queue_state_text(struct check *check, const struct queue_state *state)
{
    return check_text(check, "write_idx %d, read_idx %d, count %d, EMPTY %d, FULL %d, MUTEX %d", state->write_idx,
                      state->read_idx, state->count, state->empty, state->full, state->mutex);
}

void queue_state_require(struct check *check, const struct queue_names *names, const struct yolo_queue *shared,
                         const char *when, struct queue_state expected)
{
    struct queue_state found = queue_state_look(check, names, shared);

    REQUIRE(check, memcmp(&found, &expected, sizeof found) == 0,
            .expected = check_text(check, "%s:\n%s", when, queue_state_text(check, &expected)),
            .found = queue_state_text(check, &found));
}

/* Why the first member that differs usually does. */
static const char *state_cause(const struct queue_state *expected, const struct queue_state *found)
{
    if (found->write_idx != expected->write_idx)
        return "write_idx is the producer's: it goes on by one when a frame is published, after slot 4 to slot 0";
    if (found->read_idx != expected->read_idx)
        return "read_idx is the consumer's: it goes on by one when a slot is released, after slot 4 to slot 0";
    if (found->count != expected->count)
        return "count is the number of frames that are published and not yet released: one up, one down";
    if (found->mutex != expected->mutex)
        return "a process that took MUTEX gives it back, once, on every path";
    return "each token that is taken from EMPTY (FULL) is given to FULL (EMPTY), once, when the slot is done";
}

void queue_step_require(struct check *check, const struct queue_names *names, const struct yolo_queue *shared,
                        const char *when, struct queue_state expected)
{
    struct queue_state found = queue_state_look(check, names, shared);

    REQUIRE(check, memcmp(&found, &expected, sizeof found) == 0,
            .expected = check_text(check, "%s:\n%s", when, queue_state_text(check, &expected)),
            .found = queue_state_text(check, &found), .cause = state_cause(&expected, &found));
}

struct queue_state queue_state_after(int written, int done)
{
    int unread = written - done;

    return (struct queue_state){written % QUEUE_SLOTS, done % QUEUE_SLOTS, unread, QUEUE_SLOTS - unread, unread, 1};
}

uint64_t seed_draw(struct check *check)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = ((uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec) % 1000000000U;
    check_varies(check, "seed", check_text(check, "%llu", (unsigned long long)seed));
    return seed;
}

const char *seed_text(struct check *check, uint64_t seed)
{
    return check_text(check, "%llu", (unsigned long long)seed);
}

/* Where in a slot a byte is, in words. */
static const char *place_text(struct check *check, size_t at)
{
    static const char *const header[] = {"frame_id", "width", "height", "channels", "num_detections"};
    const size_t detections = offsetof(struct queue_slot, detections), pixels = offsetof(struct queue_slot, pixels);

    if (at < detections)
        return check_text(check, "%s (byte %zu of the slot)", header[at / 4], at);
    if (at < pixels)
        return check_text(check, "detection %zu (byte %zu of the slot)", (at - detections) / sizeof(struct detection),
                          at);
    return check_text(check, "pixel row %zu, column %zu (byte %zu of the slot)", (at - pixels) / (QUEUE_WIDTH * 3),
                      (at - pixels) / 3 % QUEUE_WIDTH, at);
}

void slot_require(struct check *check, const struct queue_slot *expected, const struct queue_slot *found,
                  const char *which)
{
    long at = pattern_difference(expected, found);

    if (at == -1)
        return;
    const char *wanted = check_text(check, "0x%02x", ((const uint8_t *)expected)[at]);
    const char *there = check_text(check, "0x%02x", ((const uint8_t *)found)[at]);
    check_varies(check, "byte", wanted);
    check_varies(check, "byte", there);
    FAIL(check, .expected = check_text(check, "%s: %s is %s", which, place_text(check, (size_t)at), wanted),
         .found = there);
}

struct queue_slot *pattern_make(struct check *check, uint64_t seed, int32_t frame)
{
    static struct queue_slot *slot; /* scratch of this process */

    if (slot == NULL)
        slot = check_memory(check, sizeof *slot);
    pattern_fill(slot, seed, frame);
    return slot;
}

struct foreign foreign_create(struct check *check, int phase)
{
    struct foreign foreign = {.check = check, .names = queue_names_make(check)};

    foreign.empty = semaphore_create(check, foreign.names.empty, QUEUE_SLOTS);
    foreign.full = semaphore_create(check, foreign.names.full, 0);
    foreign.mutex = semaphore_create(check, foreign.names.mutex, 1);
    foreign.shared = posix_create(check, foreign.names.shm, sizeof *foreign.shared, 0600);
    foreign.shared->write_idx = foreign.shared->read_idx = phase;
    return foreign;
}

struct foreign foreign_open(struct check *check, struct queue_names names)
{
    struct foreign foreign = {.check = check, .names = names};

    AWAIT(check, posix_look(check, names.shm).size == sizeof *foreign.shared, "the shared memory object has its size");
    foreign.shared = posix_map(check, names.shm, sizeof *foreign.shared);
    foreign.empty = semaphore_open(check, names.empty);
    foreign.full = semaphore_open(check, names.full);
    foreign.mutex = semaphore_open(check, names.mutex);
    REQUIRE(check, foreign.empty != NULL && foreign.full != NULL && foreign.mutex != NULL,
            .expected = "three semaphores _EMPTY, _FULL and _MUTEX beside the shared memory",
            .found = "not all of them");
    return foreign;
}

void foreign_push(struct foreign *foreign, const struct queue_slot *slot)
{
    struct yolo_queue *shared = foreign->shared;

    AWAIT(foreign->check, sem_trywait(foreign->empty) == 0, "EMPTY has a token: a slot was given back");
    AWAIT(foreign->check, sem_trywait(foreign->mutex) == 0, "MUTEX is free");
    memcpy(&shared->slots[shared->write_idx], slot, sizeof *slot);
    shared->write_idx = (shared->write_idx + 1) % QUEUE_SLOTS;
    shared->count++;
    sem_post(foreign->mutex);
    sem_post(foreign->full);
}

void foreign_pop(struct foreign *foreign, const struct queue_slot *expected, const char *which)
{
    struct yolo_queue *shared = foreign->shared;

    AWAIT(foreign->check, sem_trywait(foreign->full) == 0, "FULL has a token: a frame was published");
    AWAIT(foreign->check, sem_trywait(foreign->mutex) == 0, "MUTEX is free");
    slot_require(foreign->check, expected, &shared->slots[shared->read_idx], which);
    shared->read_idx = (shared->read_idx + 1) % QUEUE_SLOTS;
    shared->count--;
    sem_post(foreign->mutex);
    sem_post(foreign->empty);
}

void foreign_remove(struct foreign *foreign)
{
    semaphore_remove(foreign->check, foreign->names.empty);
    semaphore_remove(foreign->check, foreign->names.full);
    semaphore_remove(foreign->check, foreign->names.mutex);
    posix_remove(foreign->check, foreign->names.shm);
}

/* ---- Objects ---- */

struct program *peer_create(struct check *check, const struct queue_names *names, uint64_t seed)
{
    struct program *peer = START(check, PEER, seed_text(check, seed));

    peer_require(peer, "queue_create gives", peer_ask(peer, "create %s", names->prefix), "0");
    return peer;
}

struct program *peer_attach(struct check *check, const struct queue_names *names, uint64_t seed)
{
    struct program *peer = START(check, PEER, seed_text(check, seed));

    peer_require(peer, "queue_attach gives", peer_ask(peer, "attach %s", names->prefix), "0");
    return peer;
}

struct program *peer_join(struct program *producer, const struct queue_names *names, uint64_t seed)
{
    struct program *peer = peer_attach(producer->check, names, seed);

    peer_require(producer, "the producer's look at its consumer gives", peer_ask(producer, "meet"), "done");
    return peer;
}

void peer_end(struct program *peer)
{
    peer_ask(peer, "close");
    program_end_input(peer);
    program_ends(peer, 0);
}

void queue_none_require(struct check *check, const struct queue_names *names, const char *when)
{
    const char *left = posix_look(check, names->shm).exists    ? names->shm
                       : semaphore_exists(check, names->empty) ? names->empty
                       : semaphore_exists(check, names->full)  ? names->full
                       : semaphore_exists(check, names->mutex) ? names->mutex
                                                               : NULL;

    REQUIRE(check, left == NULL, .expected = check_text(check, "%s no object is left", when),
            .found = check_text(check, "%s is still there", left), .line = check_line(check, QUEUE, "objects_unlink("),
            .file = QUEUE, .cause = "a name that is never unlinked lives until the machine restarts",
            .next = "four names: three sem_unlink, one shm_unlink; `ls /dev/shm` shows them");
}
