/*
 * Lab 6, the circular queue: the checks.
 *
 * The student's queue.c is linked into programs/lab6_peer.c, and consumer.py loaded by programs/lab6_peer.py:
 * both do one step when told, so that the checks can look at memory and semaphores between any two steps.
 * Where a peer must know the format and the protocol only, the check itself is that peer ("foreign" below).
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "compile.h"
#include "lab6_peers.h"
#include "lab6_rings.h"
#include "objects.h"
#include "programs/lab6_pattern.h"
#include "shmlab/scene.h"
#include "toolchain.h"
#include "watch.h"
#include "weave.h"

#define QUEUE    "queue.c"
#define PYTHON   "consumer.py"
#define PEER     "lab6_peer"
#define PROGRAMS TOOLCHAIN_SOURCE "/tests/checks/programs/"
#define PATIENT  "20"   /* seconds, for waits that the other side ends */
#define ENDLESS  "3600" /* seconds, for the programs: the check's own limit comes first */

enum { ORDER_STEPS = 256, ORDER_STEPS_MAX = 1000000, OVERWRITTEN = 0x5A, HOLD_CALLS_MAX = 10000 };

/* ---- What lies in memory ---- */

struct names {
    const char *prefix, *shm, *empty, *full, *mutex;
};

static struct names names_make(struct check *check)
{
    const char *prefix = check_prefix(check);
    struct names names = {prefix, check_text(check, "/%s_QUEUE_SHM", prefix), check_text(check, "/%s_EMPTY", prefix),
                          check_text(check, "/%s_FULL", prefix), check_text(check, "/%s_MUTEX", prefix)};

    check_varies(check, "queue", names.shm);
    check_varies(check, "EMPTY", names.empty);
    check_varies(check, "FULL", names.full);
    check_varies(check, "MUTEX", names.mutex);
    return names;
}

/* Indices and semaphores at one moment. */
struct state {
    int write_idx, read_idx, count, empty, full, mutex;
};

static struct state state_look(struct check *check, const struct names *names, const struct yolo_queue *shared)
{
    return (struct state){shared->write_idx,
                          shared->read_idx,
                          shared->count,
                          semaphore_value(check, names->empty),
                          semaphore_value(check, names->full),
                          semaphore_value(check, names->mutex)};
}

static const char *state_text(struct check *check, const struct state *state)
{
    return check_text(check, "write_idx %d, read_idx %d, count %d, EMPTY %d, FULL %d, MUTEX %d", state->write_idx,
                      state->read_idx, state->count, state->empty, state->full, state->mutex);
}

static void state_require(struct check *check, const struct names *names, const struct yolo_queue *shared,
                          const char *when, struct state expected)
{
    struct state found = state_look(check, names, shared);

    REQUIRE(check, memcmp(&found, &expected, sizeof found) == 0,
            .expected = check_text(check, "%s:\n%s", when, state_text(check, &expected)),
            .found = state_text(check, &found));
}

/* Why the first member that differs usually does. */
static const char *state_cause(const struct state *expected, const struct state *found)
{
    if (found->write_idx != expected->write_idx)
        return "write_idx is the producer's: it goes on by one when a frame is published, behind slot 4 to slot 0";
    if (found->read_idx != expected->read_idx)
        return "read_idx is the consumer's: it goes on by one when a slot is released, behind slot 4 to slot 0";
    if (found->count != expected->count)
        return "count is the number of frames that are published and not yet released: one up, one down";
    if (found->mutex != expected->mutex)
        return "whoever took MUTEX gives it back, once, on every path";
    return "each token that is taken from EMPTY (FULL) is given to FULL (EMPTY), once, when the slot is done";
}

/* As state_require, behind a step: the cause is told by what differs. */
static void step_require(struct check *check, const struct names *names, const struct yolo_queue *shared,
                         const char *when, struct state expected)
{
    struct state found = state_look(check, names, shared);

    REQUIRE(check, memcmp(&found, &expected, sizeof found) == 0,
            .expected = check_text(check, "%s:\n%s", when, state_text(check, &expected)),
            .found = state_text(check, &found), .cause = state_cause(&expected, &found));
}

/* The queue after `written` frames were published and `done` of them released. */
static struct state state_after(int written, int done)
{
    int unread = written - done;

    return (struct state){written % QUEUE_SLOTS, done % QUEUE_SLOTS, unread, QUEUE_SLOTS - unread, unread, 1};
}

static uint64_t seed_draw(struct check *check)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = ((uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec) % 1000000000U;
    check_varies(check, "seed", check_text(check, "%llu", (unsigned long long)seed));
    return seed;
}

static const char *seed_text(struct check *check, uint64_t seed)
{
    return check_text(check, "%llu", (unsigned long long)seed);
}

/* Where in a slot a byte lies, in words. */
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

static void slot_require(struct check *check, const struct queue_slot *expected, const struct queue_slot *found,
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

static struct queue_slot *pattern_make(struct check *check, uint64_t seed, int32_t frame)
{
    static struct queue_slot *slot; /* scratch of this process */

    if (slot == NULL)
        slot = check_memory(check, sizeof *slot);
    pattern_fill(slot, seed, frame);
    return slot;
}

/* ---- A peer that follows yolo_queue.h alone, locks while it copies, and takes no role ---- */

struct foreign {
    struct check *check;
    struct names names;
    struct yolo_queue *shared;
    sem_t *empty, *full, *mutex;
};

/* As a producer; the indices begin at `phase`, which the protocol does not forbid. */
static struct foreign foreign_create(struct check *check, int phase)
{
    struct foreign foreign = {.check = check, .names = names_make(check)};

    foreign.empty = semaphore_create(check, foreign.names.empty, QUEUE_SLOTS);
    foreign.full = semaphore_create(check, foreign.names.full, 0);
    foreign.mutex = semaphore_create(check, foreign.names.mutex, 1);
    foreign.shared = posix_create(check, foreign.names.shm, sizeof *foreign.shared, 0600);
    foreign.shared->write_idx = foreign.shared->read_idx = phase;
    return foreign;
}

/* As a consumer, as soon as a producer's objects are there. */
static struct foreign foreign_open(struct check *check, struct names names)
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

static void foreign_push(struct foreign *foreign, const struct queue_slot *slot)
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

static void foreign_pop(struct foreign *foreign, const struct queue_slot *expected, const char *which)
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

static void foreign_remove(struct foreign *foreign)
{
    semaphore_remove(foreign->check, foreign->names.empty);
    semaphore_remove(foreign->check, foreign->names.full);
    semaphore_remove(foreign->check, foreign->names.mutex);
    posix_remove(foreign->check, foreign->names.shm);
}

/* ---- Objects ---- */

static struct program *peer_create(struct check *check, const struct names *names, uint64_t seed)
{
    struct program *peer = START(check, PEER, seed_text(check, seed));

    peer_require(peer, "queue_create gives", peer_ask(peer, "create %s", names->prefix), "0");
    return peer;
}

static struct program *peer_attach(struct check *check, const struct names *names, uint64_t seed)
{
    struct program *peer = START(check, PEER, seed_text(check, seed));

    peer_require(peer, "queue_attach gives", peer_ask(peer, "attach %s", names->prefix), "0");
    return peer;
}

/* The same, with a producer of ours, which notices it at once: no consumer goes on before it is known. */
static struct program *peer_join(struct program *producer, const struct names *names, uint64_t seed)
{
    struct program *peer = peer_attach(producer->check, names, seed);

    peer_require(producer, "the producer's look at its consumer gives", peer_ask(producer, "meet"), "done");
    return peer;
}

static void peer_end(struct program *peer)
{
    peer_ask(peer, "close");
    program_end_input(peer);
    program_ends(peer, 0);
}

static void none_require(struct check *check, const struct names *names, const char *when)
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

static void objects(struct check *check)
{
    struct names names = names_make(check);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "objects_create("),
           .cause = "EMPTY counts free slots (5 at first), FULL frames to be read (0), MUTEX is a lock that "
                    "is open (1)",
           .next = "semaphore_create takes the value; ftruncate gives the object its size");
    struct program *peer = peer_create(check, &names, 0);
    struct object object = posix_look(check, names.shm);
    REQUIRE(check, object.exists && object.size == sizeof(struct yolo_queue) && object.mode == 0600,
            .expected = check_text(check, "%s: %zu bytes, mode 0600", names.shm, sizeof(struct yolo_queue)),
            .found = object.exists ? check_text(check, "%zu bytes, mode %04o", object.size, object.mode) : "none",
            .cause = "the control block of 12 bytes and five slots of 1,233,620 each",
            .next = "sizeof *queue->shared, for ftruncate");
    const char *const needed[] = {names.empty, names.full, names.mutex};
    for (size_t i = 0; i < 3; i++)
        REQUIRE(check, semaphore_exists(check, needed[i]), .expected = check_text(check, "a semaphore %s", needed[i]),
                .found = "none");
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    state_require(check, &names, shared, "in a new queue", state_after(0, 0));
    peer_end(peer);
    none_require(check, &names, "after queue_close");
}

/* ---- One step at a time ---- */

/* Whoever waits for a slot gets this one: `function` is to blame when not. */
static void acquire_require(struct program *peer, const char *when, const char *function, int slot)
{
    struct check *check = peer->check;
    bool produce = strcmp(function, "queue_acquire_free") == 0;
    const char *found = peer_ask(peer, produce ? "free " PATIENT : "full " PATIENT);
    struct finding finding = {
        .expected = check_text(check, "%s %s gives: done %d", when, function, slot),
        .found = found,
        .file = QUEUE,
        .line = check_line(check, QUEUE, check_text(check, "%s(", function)),
    };

    if (strcmp(found, check_text(check, "done %d", slot)) == 0)
        return;
    if (strcmp(found, "timeout") == 0) {
        finding.cause = check_text(check, "%s has a token all the time: %s is not written yet, or does not take it",
                                   produce ? "EMPTY" : "FULL", function);
        finding.next = produce ? "TODO 3: slice_wait(queue, queue->empty, ...), then *slot"
                               : "TODO 5: slice_wait(queue, queue->full, ...), then *slot";
    }
    if (strncmp(found, "done", 4) == 0) {
        finding.cause = check_text(check, "*slot is not the one at %s", produce ? "write_idx" : "read_idx");
        finding.next = check_text(check, "*slot = &queue->shared->slots[slot_index(queue->shared->%s)]",
                                  produce ? "write_idx" : "read_idx");
    }
    check_fail(check, &finding);
}

static void produce_step(struct program *peer, int frame, const char *when)
{
    struct check *check = peer->check;

    acquire_require(peer, when, "queue_acquire_free", (frame - 1) % QUEUE_SLOTS);
    peer_ask(peer, "fill %d", frame);
    peer_require(peer, check_text(check, "%s queue_publish gives", when), peer_ask(peer, "publish"), "done");
}

static void slot_filled(struct check *check)
{
    struct names names = names_make(check);
    uint64_t seed = seed_draw(check);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .cause = "an index that was not moved on (modulo 5), a count that was not counted, a post that "
                    "was forgotten",
           .next = "publish: lock, write_idx, count, unlock, post FULL. EMPTY was taken by queue_acquire_free");
    struct program *peer = peer_create(check, &names, seed);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    for (int frame = 1; frame <= QUEUE_SLOTS; frame++) {
        produce_step(peer, frame, check_text(check, "for frame %d", frame));
        step_require(check, &names, shared, check_text(check, "when frame %d is published", frame),
                     state_after(frame, 0));
        slot_require(check, pattern_make(check, seed, frame), &shared->slots[frame - 1],
                     check_text(check, "frame %d in slot %d", frame, frame - 1));
    }
    peer_end(peer);
}

static void consume_step(struct program *peer, int frame, const char *when)
{
    struct check *check = peer->check;

    acquire_require(peer, when, "queue_acquire_full", (frame - 1) % QUEUE_SLOTS);
    peer_require(peer, check_text(check, "%s the slot's bytes are", when), peer_ask(peer, "test %d", frame), "right");
    peer_require(peer, check_text(check, "%s queue_release gives", when), peer_ask(peer, "release"), "done");
}

static void slot_read(struct check *check)
{
    uint64_t seed = seed_draw(check);
    struct foreign foreign = foreign_create(check, 0);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_release("),
           .cause = "the other side's index, an index or a count that was not changed, a post that was forgotten",
           .next = "release: lock, read_idx, count, unlock, post EMPTY. FULL was taken by queue_acquire_full");
    for (int frame = 1; frame <= QUEUE_SLOTS; frame++)
        foreign_push(&foreign, pattern_make(check, seed, frame));
    struct program *peer = peer_attach(check, &foreign.names, seed);
    for (int frame = 1; frame <= QUEUE_SLOTS; frame++) {
        consume_step(peer, frame, check_text(check, "for frame %d", frame));
        step_require(check, &foreign.names, foreign.shared, check_text(check, "when frame %d is released", frame),
                     state_after(QUEUE_SLOTS, frame));
    }
    peer_end(peer);
}

/* As state_require, whatever MUTEX is. */
static void tokens_require(struct check *check, const struct names *names, const struct yolo_queue *shared,
                           const char *when, struct state expected)
{
    expected.mutex = semaphore_value(check, names->mutex);
    state_require(check, names, shared, when, expected);
}

static void tokens(struct check *check)
{
    struct names names = names_make(check);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
           .cause = "indices or tokens that move before the work is done: the other side comes too early",
           .next = "acquire takes one token of EMPTY (FULL) and nothing else; all else is for publish (release)");
    struct program *producer = peer_create(check, &names, 0);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    peer_ask(producer, "free " PATIENT);
    tokens_require(check, &names, shared, "while the producer holds slot 0", (struct state){0, 0, 0, 4, 0, 1});
    peer_ask(producer, "fill 1");
    peer_ask(producer, "publish");
    struct program *consumer = peer_join(producer, &names, 0);
    peer_ask(consumer, "full " PATIENT);
    tokens_require(check, &names, shared, "while the consumer holds slot 0", (struct state){1, 0, 1, 4, 0, 1});
    peer_ask(consumer, "release");
    state_require(check, &names, shared, "when both are done", state_after(1, 1));
    peer_end(consumer);
    peer_end(producer);
}

static void unlocked(struct check *check)
{
    struct names names = names_make(check);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
           .cause = "the lock is held while a megabyte is copied: that is right, and one side waits for the other",
           .next = "queue_lock belongs into publish and release: MUTEX is for the indices");
    struct program *producer = peer_create(check, &names, 0);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    produce_step(producer, 1, "at first");
    struct program *consumer = peer_join(producer, &names, 0);
    peer_ask(consumer, "full " PATIENT);
    state_require(check, &names, shared, "while the consumer holds slot 0", (struct state){1, 0, 1, 4, 0, 1});
    peer_ask(producer, "free " PATIENT);
    state_require(check, &names, shared, "while the producer holds slot 1 and the consumer slot 0",
                  (struct state){1, 0, 1, 3, 0, 1});
    peer_ask(producer, "fill 2");
    peer_ask(producer, "publish");
    peer_ask(consumer, "release");
    state_require(check, &names, shared, "when both are done", state_after(2, 1));
    consume_step(consumer, 2, "at the end");
    peer_end(consumer);
    peer_end(producer);
}

/* ---- Instruction by instruction ---- */

/* What a step may change, and what says that it is done. */
struct watched {
    struct program *peer;
    const struct yolo_queue *shared;
    sem_t *mutex, *token; /* token: FULL of a publish, EMPTY of a release */
    const char *token_name;
    struct state done; /* write_idx, read_idx and count as they must be when others are let in */
};

static int value_of(sem_t *semaphore)
{
    int value = -1;

    sem_getvalue(semaphore, &value);
    return value;
}

static const char *indices_text(struct check *check, const int32_t *indices)
{
    return check_text(check, "write_idx %d, read_idx %d, count %d", indices[0], indices[1], indices[2]);
}

/* One more instruction: it changes the indices only while MUTEX is taken. True when the indices have changed. */
static bool watched_step(const struct watched *watched, int32_t indices[3])
{
    struct check *check = watched->peer->check;
    int mutex_before = value_of(watched->mutex);
    enum step_result result = watch_step(watched->peer);

    if (result != STEP_DONE)
        FAIL(check, .expected = "the peer comes through: nobody else holds anything",
             .found = result == STEP_ENDED ? "it ended" : "it waits for ever");
    if (memcmp(indices, &watched->shared->write_idx, 3 * sizeof indices[0]) == 0)
        return false;
    const char *before = indices_text(check, indices);
    memcpy(indices, &watched->shared->write_idx, 3 * sizeof indices[0]);
    REQUIRE(check, mutex_before == 0, .expected = "write_idx, read_idx and count change only while MUTEX is taken",
            .found = check_text(check, "while MUTEX was free:\n%s\nbecame\n%s", before, indices_text(check, indices)),
            .cause = "a line in front of queue_lock, or behind the post of MUTEX: the other side changes count, "
                     "too, and of two that do so at once one is lost");
    return true;
}

/* Nothing of it may be missing when the other side is let in. */
static void watched_let_in(const struct watched *watched, const int32_t indices[3])
{
    struct check *check = watched->peer->check;
    const int32_t done[3] = {watched->done.write_idx, watched->done.read_idx, watched->done.count};

    REQUIRE(check, memcmp(indices, done, sizeof done) == 0,
            .expected = check_text(check, "when %s is posted and MUTEX is free:\n%s", watched->token_name,
                                   indices_text(check, done)),
            .found = indices_text(check, indices),
            .cause = "a post too early: it lets the other side in before everything is said");
}

/* Tell the peer its command and go with it to its answer. */
static void watched_run(const struct watched *watched, const char *command)
{
    struct program *peer = watched->peer;
    int32_t indices[3];
    int before = value_of(watched->token);
    bool over = false;

    memcpy(indices, &watched->shared->write_idx, sizeof indices);
    watch_seize(peer);
    size_t printed = strlen(program_output(peer));
    peer_tell(peer, "%s", command);
    for (long steps = 0; strstr(program_output(peer) + printed, "> ") == NULL; steps++) {
        for (int i = 0; i < ORDER_STEPS; i++) {
            watched_step(watched, indices);
            if (over || value_of(watched->token) == before || value_of(watched->mutex) == 0)
                continue;
            over = true;
            watched_let_in(watched, indices);
        }
        if (steps > ORDER_STEPS_MAX / ORDER_STEPS)
            FAIL(peer->check, .expected = check_text(peer->check, "%s comes to its end", command),
                 .found = "it did not, in a million instructions");
    }
    watch_release(peer);
    peer_require(peer, check_text(peer->check, "%s gives", command), peer_answer(peer), "done");
}

/* A publish and a release, at the place where both indices wrap around. */
static void order(struct check *check)
{
    uint64_t seed = seed_draw(check);
    struct names names = names_make(check);
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    struct watched watched = {.shared = posix_map(check, names.shm, sizeof *watched.shared),
                              .mutex = semaphore_open(check, names.mutex)};

    for (int frame = 1; frame < QUEUE_SLOTS; frame++) {
        produce_step(producer, frame, "before the wrap");
        consume_step(consumer, frame, "before the wrap");
    }
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .next = "queue_lock, write_idx, count, post MUTEX, post FULL: in this order");
    watched.peer = producer;
    watched.token = semaphore_open(check, names.full);
    watched.token_name = "FULL";
    watched.done = state_after(QUEUE_SLOTS, QUEUE_SLOTS - 1);
    peer_ask(producer, "free " PATIENT);
    peer_ask(producer, "fill %d", QUEUE_SLOTS);
    watched_run(&watched, "publish");

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_release("),
           .next = "queue_lock, read_idx, count, post MUTEX, post EMPTY: in this order");
    watched.peer = consumer;
    watched.token = semaphore_open(check, names.empty);
    watched.token_name = "EMPTY";
    watched.done = state_after(QUEUE_SLOTS, QUEUE_SLOTS);
    peer_ask(consumer, "full " PATIENT);
    watched_run(&watched, "release");
    peer_end(consumer);
    peer_end(producer);
}

/* ---- Every interleaving ---- */

/* Six frames: the producer has to wait for the consumer once. One unforced switch keeps the schedules few. */
static void race(struct check *check)
{
    CHECK_WEAVE(check, .title = "a producer and a consumer, six frames",
                .programs = {{PEER, "1", "create shmlab", "stream produce 1 6 4 0", "close"},
                             {PEER, "1", "attach shmlab", "stream consume 1 6 4 0", "close"}},
                .options = {"--struct", "yolo_queue", "--bound", "1"});
}

/* ---- All around the ring ---- */

static void phases(struct check *check)
{
    struct names names = names_make(check);
    uint64_t seed = seed_draw(check);
    int written = 0, done = 0;

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .cause = "an index that is right on the first round and wrong behind slot 4",
           .next = "behind slot 4 comes slot 0: (index + 1) % QUEUE_SLOTS, on both sides");
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    /* Five rounds: full and empty at every phase, since each round moves both indices on by one slot. */
    static const int moves[] = {5, -5, 2, -1, 3, -3, 1, -2}; /* so many frames in, out */
    for (int round = 0; round < QUEUE_SLOTS; round++) {
        for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
            for (int step = 0; step < abs(moves[i]); step++) {
                const char *when = check_text(check, "with %d frames written and %d read,", written, done);
                if (moves[i] > 0)
                    produce_step(producer, ++written, when);
                else
                    consume_step(consumer, ++done, when);
                step_require(check, &names, shared,
                             check_text(check, "with %d frames written and %d read", written, done),
                             state_after(written, done));
            }
        }
    }
    peer_end(consumer);
    peer_end(producer);
}

static void foreign_phase(struct check *check)
{
    uint64_t seed = seed_draw(check);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_full("),
           .cause = "an index of one's own that begins at 0, instead of the one in shared memory; an index "
                    "used unchecked",
           .next = "slots[slot_index(shared->read_idx)]: where the producer is, and always inside the array");
    for (int phase = 1; phase < QUEUE_SLOTS; phase++) {
        struct foreign foreign = foreign_create(check, phase);
        foreign_push(&foreign, pattern_make(check, seed, 100));
        foreign_push(&foreign, pattern_make(check, seed, 101));
        struct program *peer = peer_attach(check, &foreign.names, seed);
        for (int frame = 100; frame <= 101; frame++) {
            int slot = (phase + frame - 100) % QUEUE_SLOTS;
            peer_require(peer, check_text(check, "with read_idx %d queue_acquire_full gives", slot),
                         peer_ask(peer, "full " PATIENT), check_text(check, "done %d", slot));
            peer_require(peer, "the slot's bytes are", peer_ask(peer, "test %d", frame), "right");
            peer_ask(peer, "release");
        }
        peer_end(peer);
        foreign_remove(&foreign);
    }

    static const int hostile[] = {5, 1000000, INT32_MAX, -1, INT32_MIN};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct foreign foreign = foreign_create(check, 0);
        foreign_push(&foreign, pattern_make(check, seed, 1));
        foreign.shared->read_idx = hostile[i];
        struct program *peer = peer_attach(check, &foreign.names, seed);
        const char *found = peer_ask(peer, "full " PATIENT);
        REQUIRE(check, strncmp(found, "done ", 5) == 0 && strcmp(found, "done -1") != 0,
                .expected = check_text(check, "with read_idx %d one of the five slots", hostile[i]),
                .found = check_text(check, "%s", strcmp(found, "done -1") == 0 ? "memory outside the array" : found));
        peer_ask(peer, "release");
        peer_end(peer);
        foreign_remove(&foreign);
    }
}

/* ---- Full and empty ---- */

static void full_and_empty(struct check *check)
{
    struct names names = names_make(check);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_full("),
           .cause = "an empty queue blocks the consumer, for as long as it asked for",
           .next = "slice_wait(queue, queue->full, ...) in a loop that ends after `seconds` with QUEUE_TIMEOUT");
    struct program *producer = peer_create(check, &names, 1);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    struct program *consumer = peer_join(producer, &names, 1);
    peer_require(consumer, "with an empty queue queue_acquire_full gives after 0.1 s", peer_ask(consumer, "full 0.1"),
                 "timeout");
    peer_tell(consumer, "full " PATIENT);
    watch_rests(consumer, "while the queue is empty");
    produce_step(producer, 1, "with a waiting consumer");
    peer_require(consumer, "after a publish the waiting queue_acquire_full gives", peer_answer(consumer), "done 0");
    peer_ask(consumer, "release");

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
           .cause = "a full queue blocks the producer, for as long as it asked for",
           .next = "slice_wait(queue, queue->empty, ...) in a loop that ends after `seconds` with QUEUE_TIMEOUT");
    for (int frame = 2; frame <= QUEUE_SLOTS + 1; frame++)
        produce_step(producer, frame, "while there is room");
    peer_require(producer, "with a full queue queue_acquire_free gives after 0.1 s", peer_ask(producer, "free 0.1"),
                 "timeout");
    state_require(check, &names, shared, "after waiting in vain", state_after(QUEUE_SLOTS + 1, 1));
    peer_tell(producer, "free " PATIENT);
    watch_rests(producer, "while the queue is full");
    peer_require(consumer, "from a full queue queue_acquire_full gives", peer_ask(consumer, "full " PATIENT), "done 1");
    size_t before = producer->process.seen;
    watch_rests(producer, "while the consumer reads the only slot that could become free");
    REQUIRE(check, memmem(producer->process.text + before, producer->process.length - before, "> ", 2) == NULL,
            .expected = "the producer waits while the consumer still reads the only slot that could be free",
            .found = "it got a slot: frame 2 is written over while it is read");
    peer_ask(consumer, "release");
    peer_require(producer, "after a release the waiting queue_acquire_free gives", peer_answer(producer), "done 1");
    peer_end(consumer);
    peer_end(producer);
}

/* ---- Many frames ---- */

static void stream(struct check *check, int frames, int stamps, int producer_pause, int consumer_pause)
{
    struct names names = names_make(check);
    uint64_t seed = seed_draw(check);
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    const char *done = check_text(check, "done %d", frames);

    peer_tell(producer, "stream produce 1 %d %d %d", frames, stamps, producer_pause);
    peer_tell(consumer, "stream consume 1 %d %d %d", frames, stamps, consumer_pause);
    peer_require(consumer, check_text(check, "%d frames, one after another, whole", frames), peer_answer(consumer),
                 done);
    peer_require(producer, check_text(check, "%d frames published", frames), peer_answer(producer), done);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    state_require(check, &names, shared, check_text(check, "after %d frames", frames), state_after(frames, frames));
    peer_end(consumer);
    peer_end(producer);
}

static void frames(struct check *check)
{
    enum { MANY = 10000, STAMPS = 256, WHOLE = 40, PACED = 40, PAUSE_US = 1000 };

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .cause = "a race: count changed without MUTEX, or a token given before the work is done",
           .next = "count++ is a load, an addition and a store, and the other side does the same: it belongs "
                   "under MUTEX");
    stream(check, MANY, STAMPS, 0, 0);
    stream(check, WHOLE, 0, 0, 0);
    check_note(check, "a slower consumer");
    stream(check, PACED, STAMPS, 0, PAUSE_US);
    check_note(check, "a slower producer");
    stream(check, PACED, STAMPS, PAUSE_US, 0);
}

/* ---- The end of a stream ---- */

static void producer_end(struct program *producer, bool by_force)
{
    if (by_force) {
        program_signal(producer, SIGKILL);
        program_wait(producer);
    } else {
        peer_end(producer);
    }
}

/* Everything is read: the end is told, and which of the two it was. */
static void end_require(struct program *consumer, const char *end)
{
    struct check *check = consumer->check;
    const char *found = peer_ask(consumer, "full " PATIENT);
    bool confused = strcmp(found, "ended") == 0 || strcmp(found, "died") == 0;
    struct finding finding = {
        .expected = check_text(check, "when everything is read queue_acquire_full gives: %s", end),
        .found = found,
    };

    if (strcmp(found, end) == 0)
        return;
    if (confused) {
        finding.cause =
            "both ends leave the role free; a producer that ended has removed the name, a dead one could not";
        finding.next = "presence_current: the name still leads here: QUEUE_DIED; it does not: QUEUE_ENDED";
    }
    check_fail(check, &finding);
}

/* Three frames are unread when the producer ends: they are read, and then the end is told. */
static void last_frames_after(struct check *check, bool by_force)
{
    enum { UNREAD = 3 };
    struct names names = names_make(check);
    const char *end = by_force ? "died" : "ended";
    uint64_t seed = seed_draw(check);

    check_note(check, "the producer %s with %d frames unread", by_force ? "is killed" : "ends", UNREAD);
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    for (int frame = 1; frame <= UNREAD; frame++)
        produce_step(producer, frame, "before its end");
    producer_end(producer, by_force);
    for (int frame = 1; frame <= UNREAD; frame++)
        consume_step(consumer, frame, check_text(check, "when the producer has %s,", end));
    end_require(consumer, end);
    peer_end(consumer);
    none_require(check, &names, check_text(check, "when the producer has %s and the consumer as well", end));
}

/* Does a program that waits look up with this call, or has it only waited? */
static bool call_looks(long call)
{
    return call == SYS_fcntl || call == SYS_openat; /* presence_held, presence_current */
}

static bool call_waits(long call)
{
    return call == SYS_futex || call == SYS_clock_nanosleep || call == SYS_nanosleep;
}

/*
 * Tell the consumer to wait for a frame and stop it between the two halves of its decision: it has waited for
 * FULL in vain, and is about to look whether the producer is there. False when it has answered without such a
 * look.
 */
static bool held_before_look(struct program *consumer)
{
    bool waited = false;
    long call = -1;

    watch_seize(consumer);
    peer_tell(consumer, "full " PATIENT);
    for (long i = 0; i < HOLD_CALLS_MAX && call != SYS_write; i++) {
        if (watch_call(consumer, &call) != STEP_DONE)
            break;
        waited = waited || call_waits(call);
        if (waited && call_looks(call))
            return true;
    }
    return false;
}

/* A frame comes, and the producer goes, while the consumer is between its look at FULL and its look at the producer. */
static void last_frames_between(struct check *check, bool by_force)
{
    struct names names = names_make(check);
    const char *end = by_force ? "died" : "ended";
    uint64_t seed = seed_draw(check);

    check_note(check, "frame 2 is published, and the producer %s, between two looks of the consumer",
               by_force ? "is killed" : "ends");
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    produce_step(producer, 1, "at first");
    consume_step(consumer, 1, "at first");
    bool held = held_before_look(consumer);
    produce_step(producer, 2, "as its last frame,");
    producer_end(producer, by_force);
    watch_release(consumer);
    REQUIRE(check, held, .expected = "while it waits, queue_acquire_full looks whether the producer is there",
            .found = check_text(check, "no look: it answered %s", peer_answer(consumer)),
            .cause = "a wait that lasts for the whole time at once, or gives up at once",
            .next = "slice_wait in a loop; behind each slice peer_lost and presence_current");
    peer_require(
        consumer,
        check_text(check, "FULL was empty; then frame 2 came and the producer %s; queue_acquire_full gives", end),
        peer_answer(consumer), "done 1");
    peer_require(consumer, "the slot's bytes are", peer_ask(consumer, "test 2"), "right");
    peer_require(consumer, "queue_release gives", peer_ask(consumer, "release"), "done");
    end_require(consumer, end);
    peer_end(consumer);
}

static void last_frames(struct check *check)
{
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_full("),
           .cause = "what was published before the end is still good, and an end is one only when FULL is empty",
           .next = "when the producer is gone look at FULL once more, without waiting, and only then believe it");
    last_frames_after(check, false);
    last_frames_after(check, true);
    last_frames_between(check, false);
    last_frames_between(check, true);
}

/* ---- The programs ---- */

#define PRODUCER(names, ...) "producer", "--prefix", (names).prefix, "--detector", "truth", __VA_ARGS__

/* The consumer has read that many frames and ends. */
static void stream_require(struct program *consumer, int frames)
{
    struct check *check = consumer->check;

    program_expect(consumer, check_text(check, "%d frames (1 to %d)", frames, frames));
    REQUIRE(check, !program_said(consumer, "gap"), .expected = "frame numbers without a gap",
            .found = program_output(consumer));
    program_ends(consumer, 0);
}

static void pair_run(struct check *check, const char *consumer_name, bool consumer_first)
{
    struct names names = names_make(check);
    bool python = strcmp(consumer_name, PYTHON) == 0;
    const char *const argv[] = {
        consumer_name,          "--prefix", names.prefix, "--timeout", ENDLESS, python ? "--view" : "--quiet",
        python ? "none" : NULL, NULL};
    struct program *consumer = NULL;

    if (consumer_first) {
        consumer = check_start(check, argv);
        program_expect(consumer, "waiting for a producer");
    }
    struct program *producer = START(check, PRODUCER(names, "--timeout", ENDLESS, "--frames", "23"));
    if (!consumer_first) {
        program_expect(producer, "frame 5:");
        consumer = check_start(check, argv);
    }
    stream_require(consumer, 23);
    program_ends(producer, 0);
    none_require(check, &names, "when both have ended");
}

static void both_orders(struct check *check)
{
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_full("),
           .cause = "frames that are lost or read twice between the first and the last, an end that nobody "
                    "notices, or a producer that never looks (peer_lost) whether its consumer is there",
           .next = "run producer and consumer in two terminals, each first once");
    pair_run(check, "consumer", true);
    pair_run(check, "consumer", false);
}

/* consumer.py comes second, to a peer that streams: the producer needs longer for its start than for its work. */
static void python_later(struct check *check)
{
    enum { FRAMES = 23 };
    struct names names = names_make(check);
    struct program *producer = peer_create(check, &names, 1);

    peer_tell(producer, "stream produce 1 %d 1 0 " ENDLESS, FRAMES);
    AWAIT(check, semaphore_value(check, names.full) == QUEUE_SLOTS, "the queue is full");
    struct program *consumer = START(check, PYTHON, "--prefix", names.prefix, "--timeout", ENDLESS, "--view", "none");
    peer_require(producer, "the producer's stream ends with", peer_answer(producer),
                 check_text(check, "done %d", FRAMES));
    peer_end(producer);
    stream_require(consumer, FRAMES);
    none_require(check, &names, "when both have ended");
}

static void python_pair(struct check *check)
{
    ADVISE(check, .file = PYTHON, .line = check_line(check, PYTHON, "def acquire"),
           .cause = "frames that are lost or read twice between the first and the last, an end that nobody "
                    "notices, or a producer that never looks (peer_lost) whether its consumer is there",
           .next = "run producer and consumer.py in two terminals, each first once");
    pair_run(check, PYTHON, true);
    python_later(check);
}

static const char *slot_file(struct check *check, const struct queue_slot *slot)
{
    const char *path = check_text(check, "%s/frame_%d", check_scratch(check), (int)slot->frame_id);
    FILE *file = fopen(path, "we");

    if (file == NULL || fwrite(slot, sizeof *slot, 1, file) != 1 || fclose(file) != 0)
        check_broken(check, "cannot write %s", path);
    return path;
}

/* Python writes, C reads: seven frames, so that the ring wraps around. */
static void documented_python(struct check *check)
{
    enum { FRAMES = QUEUE_SLOTS + 2 };
    uint64_t seed = seed_draw(check);
    struct foreign foreign = foreign_create(check, 0);
    const char *argv[FRAMES + 3] = {PROGRAMS "lab6_producer.py", foreign.names.prefix};

    check_note(check, "the producer is a Python program, written from the protocol in yolo_queue.h");
    for (int frame = 1; frame <= FRAMES; frame++)
        argv[frame + 1] = slot_file(check, pattern_make(check, seed, frame));
    struct program *peer = peer_attach(check, &foreign.names, seed);
    struct program *producer = check_start(check, argv);
    for (int frame = 1; frame <= FRAMES; frame++)
        consume_step(peer, frame, "with a producer in Python,");
    program_ends(producer, 0);
    peer_end(peer);
    foreign_remove(&foreign);
}

static void documented(struct check *check)
{
    enum { FRAMES = 12, SEED = 7 };
    struct names names = names_make(check);
    struct scene *scene = scene_open(QUEUE_WIDTH, QUEUE_HEIGHT, SEED);
    struct queue_slot *expected = check_memory(check, sizeof *expected);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .cause = "a protocol that only its own other half understands",
           .next = "compare the steps with the box in shmlab/yolo_queue.h: names, values, order");
    if (scene == NULL)
        check_broken(check, "no memory for a scene");
    check_note(check, "the check is the consumer, written from the protocol in yolo_queue.h");
    struct program *producer =
        START(check, PRODUCER(names, "--timeout", ENDLESS, "--source", "scene:7", "--frames", "12"));
    struct foreign foreign = foreign_open(check, names);
    for (int frame = 1; frame <= FRAMES; frame++) {
        struct frame picture = {.width = QUEUE_WIDTH, .height = QUEUE_HEIGHT, .pixels = expected->pixels};
        memset(expected->detections, 0, sizeof expected->detections);
        pattern_header(expected, frame, scene_render(scene, frame - 1, &picture, expected->detections));
        foreign_pop(&foreign, expected, check_text(check, "frame %d", frame));
    }
    program_ends(producer, 0);
    scene_close(scene);
    none_require(check, &names, "when the producer has ended");

    check_note(check, "the check is the producer, written from the protocol in yolo_queue.h");
    uint64_t seed = seed_draw(check);
    int total = 0;
    foreign = foreign_create(check, 0);
    struct program *consumer =
        START(check, "consumer", "--prefix", foreign.names.prefix, "--timeout", ENDLESS, "--quiet");
    for (int frame = 1; frame <= FRAMES; frame++) {
        const struct queue_slot *slot = pattern_make(check, seed, frame);
        total += slot->num_detections;
        foreign_push(&foreign, slot);
    }
    int unread = -1;
    AWAIT(check, sem_getvalue(foreign.empty, &unread) == 0 && unread == QUEUE_SLOTS, "every slot was given back");
    foreign_remove(&foreign);
    const char *sum = check_text(check, "%d", total);
    check_varies(check, "detections", sum);
    program_expect(consumer, check_text(check, "12 frames (1 to 12), %s detections", sum));
    program_ends(consumer, 0);
    documented_python(check);
}

/* ---- consumer.py, step by step ---- */

static const char *detection_text(struct check *check, const unsigned char *bytes)
{
    struct detection it;

    memcpy(&it, bytes, sizeof it);
    const char *text = check_text(check, "class %d, confidence %g, %d x %d at (%d, %d)", it.class_id,
                                  (double)it.confidence, it.width, it.height, it.x, it.y);
    check_varies(check, "detection", text);
    return text;
}

static const char *pixel_text(struct check *check, const unsigned char rgb[3])
{
    const char *text = check_text(check, "red %d, green %d, blue %d", rgb[0], rgb[1], rgb[2]);

    check_varies(check, "pixel", text);
    return text;
}

static const char *pixel_cause(const unsigned char wanted[3], const unsigned char found[3])
{
    if (found[0] == OVERWRITTEN && found[1] == OVERWRITTEN && found[2] == OVERWRITTEN)
        return "a view of the slot, no copy: this was written there after the release";
    if (found[0] == wanted[2] && found[1] == wanted[1] && found[2] == wanted[0])
        return "red and blue exchanged: the slot has blue first";
    return "other bytes of the slot: the pixels begin behind all 200 detections, however many are used";
}

/* What `take` took is this slot's: detections and picture, which the file has as red, green, blue. */
static void taken_require(struct check *check, const char *path, const struct queue_slot *slot)
{
    size_t length, detections = (size_t)slot->num_detections * sizeof(struct detection);
    const unsigned char *bytes = (const unsigned char *)check_read(check, path, &length);

    REQUIRE(check, length == detections + QUEUE_PIXEL_BYTES,
            .expected = check_text(check, "%d bytes of pixels", QUEUE_PIXEL_BYTES),
            .found = check_text(check, "%zu bytes", length - (length < detections ? length : detections)));
    for (size_t i = 0; i < (size_t)slot->num_detections; i++) {
        const unsigned char *wanted = (const unsigned char *)&slot->detections[i];
        const unsigned char *found = bytes + i * sizeof slot->detections[i];
        REQUIRE(check, memcmp(wanted, found, sizeof slot->detections[i]) == 0,
                .line = check_line(check, PYTHON, "def detections"),
                .expected = check_text(check, "detection %zu: %s", i, detection_text(check, wanted)),
                .found = detection_text(check, found),
                .cause = "the detections begin behind the header, 20 bytes into the slot that is yours",
                .next = "unpack_from counts from the object's first byte: self._slot + "
                        "yolo_queue.DETECTIONS_OFFSET");
    }
    for (size_t i = 0; i < QUEUE_PIXEL_BYTES; i += 3) {
        const unsigned char wanted[3] = {slot->pixels[i + 2], slot->pixels[i + 1], slot->pixels[i]};
        const unsigned char *found = bytes + detections + i;
        REQUIRE(check, memcmp(wanted, found, 3) == 0, .line = check_line(check, PYTHON, "def picture"),
                .expected = check_text(check, "pixel row %zu, column %zu: %s", i / 3 / QUEUE_WIDTH, i / 3 % QUEUE_WIDTH,
                                       pixel_text(check, wanted)),
                .found = pixel_text(check, found), .cause = pixel_cause(wanted, found),
                .next = "Picture.from_bgr of the yolo_queue.PIXEL_BYTES from self._slot + "
                        "yolo_queue.PIXELS_OFFSET on");
    }
}

/* Release: the indices change under MUTEX, and EMPTY is posted when all is done. */
static void released_require(struct program *peer, int slot)
{
    struct check *check = peer->check;
    const char *begin = check_text(check, "wait MUTEX with read_idx %d and count 1", slot);
    const char *end = check_text(check, "with read_idx %d and count 0", (slot + 1) % QUEUE_SLOTS);
    const char *right = check_text(check, "%s, post MUTEX %s, post EMPTY %s", begin, end, end);
    const char *slower = check_text(check, "%s, post EMPTY %s, post MUTEX %s", begin, end, end);
    const char *found = peer_ask(peer, "release");

    REQUIRE(check, strcmp(found, right) == 0 || strcmp(found, slower) == 0,
            .expected = check_text(check, "Queue.release, from slot %d: %s", slot, right), .found = found,
            .cause = "the indices change between the wait for MUTEX and its post, and EMPTY is posted when all is done",
            .next = "self._lock(); read_idx on by one (modulo 5), count down; self._mutex.post(); self._empty.post()");
}

/* Whatever stands in read_idx leads to a slot. */
static void python_hostile(struct foreign *foreign, struct program *peer, uint64_t seed)
{
    static const int32_t hostile[] = {QUEUE_SLOTS, INT32_MAX, -1};
    struct check *check = peer->check;

    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        foreign_push(foreign, pattern_make(check, seed, 1));
        foreign->shared->read_idx = hostile[i];
        peer_require(peer, check_text(check, "with read_idx %d Queue.acquire gives", (int)hostile[i]),
                     peer_ask(peer, "full " PATIENT), "done");
        peer_ask(peer, "release");
        foreign->shared->read_idx = foreign->shared->write_idx;
    }
}

/* There is a frame: acquire says so. */
static void python_acquire_require(struct program *peer, int frame)
{
    struct check *check = peer->check;
    const char *found = peer_ask(peer, "full " PATIENT);

    REQUIRE(check, strcmp(found, "done") == 0, .line = check_line(check, PYTHON, "def acquire"),
            .expected = check_text(check, "for frame %d Queue.acquire gives: done", frame), .found = found,
            .cause = "FULL has a token all the time: acquire is not written yet, does not take it, or does not "
                     "return True",
            .next = "TODO 8: self._full.wait(seconds), then self._slot");
}

static void python_slots(struct check *check)
{
    uint64_t seed = seed_draw(check);
    enum { FIRST = 3, FRAMES = 11 };
    struct foreign foreign = foreign_create(check, FIRST);
    struct program *peer = START(check, PROGRAMS "lab6_peer.py", check_text(check, "%s/" PYTHON, check_folder(check)));
    const char *file = check_text(check, "%s/taken", check_scratch(check));

    ADVISE(check, .file = PYTHON, .line = check_line(check, PYTHON, "def release"),
           .cause = "an index that was not moved on (modulo 5), a count that was not counted, a post that "
                    "was forgotten",
           .next = "the steps are those of queue_acquire_full and queue_release in queue.c");
    peer_require(peer, "consumer.attach gives", peer_ask(peer, "attach %s", foreign.names.prefix), "done");
    peer_require(peer, "with an empty queue Queue.acquire(0) gives", peer_ask(peer, "full 0"), "none");
    for (int frame = 1; frame <= FRAMES; frame++) {
        int slot = (FIRST + frame - 1) % QUEUE_SLOTS, next = (slot + 1) % QUEUE_SLOTS;
        const struct queue_slot *expected = pattern_make(check, seed, frame);
        foreign_push(&foreign, expected);
        python_acquire_require(peer, frame);
        const char *header = check_text(check, "%d %d", frame, (int)expected->num_detections);
        check_varies(check, "header", header);
        const char *found = peer_ask(peer, "take");
        state_require(check, &foreign.names, foreign.shared, check_text(check, "while consumer.py holds slot %d", slot),
                      (struct state){next, slot, 1, 4, 0, 1});
        REQUIRE(check, strcmp(found, header) == 0, .line = check_line(check, PYTHON, "def acquire"),
                .expected = check_text(check, "frame %d's number and detections: %s", frame, header), .found = found,
                .cause = "self._slot is not where the slot begins", .next = "yolo_queue.SLOT_OFFSETS, by read_idx");
        released_require(peer, slot);
        step_require(check, &foreign.names, foreign.shared,
                     check_text(check, "when consumer.py has released slot %d", slot),
                     (struct state){next, next, 0, 5, 0, 1});
        memset(&foreign.shared->slots[slot], OVERWRITTEN,
               sizeof foreign.shared->slots[slot]); /* it is the producer's again */
        peer_ask(peer, "save %s", file);
        taken_require(check, file, expected);
    }
    ADVISE(check, .file = PYTHON, .line = check_line(check, PYTHON, "def acquire"),
           .cause = "an index that is used as it stands there: whoever may write to the object may write any number",
           .next = "modulo yolo_queue.SLOTS, before it leads to a slot");
    python_hostile(&foreign, peer, seed);
    peer_ask(peer, "close");
    program_end_input(peer);
    program_ends(peer, 0);
}

/* ---- Ends ---- */

/* From the sixth frame on there is a consumer for sure. */
static struct program *pair_start(struct check *check, const struct names *names, struct program **consumer)
{
    struct program *producer = START(check, PRODUCER(*names, "--timeout", PATIENT));

    *consumer = START(check, "consumer", "--prefix", names->prefix, "--timeout", ENDLESS, "--quiet");
    program_expect(producer, "frame 6:");
    return producer;
}

/* The same with consumer.py and a peer that streams without end. */
static struct program *python_start(struct check *check, const struct names *names, struct program **consumer)
{
    struct program *producer = peer_create(check, names, 1);

    peer_tell(producer, "stream produce 1 1000000 1 1000 " ENDLESS);
    *consumer = START(check, PYTHON, "--prefix", names->prefix, "--timeout", ENDLESS, "--view", "none");
    const struct yolo_queue *shared = posix_map(check, names->shm, sizeof *shared);
    AWAIT(check, __atomic_load_n(&shared->slots[0].frame_id, __ATOMIC_RELAXED) > 1,
          "consumer.py gives slot 0 back, and the producer fills it again");
    return producer;
}

static void python_ctrl_c(struct check *check)
{
    struct names names = names_make(check);
    struct program *consumer, *producer = python_start(check, &names, &consumer);

    program_signal(producer, SIGINT);
    peer_answer(producer);
    peer_end(producer);
    program_expect(consumer, "the producer has ended");
    program_ends(consumer, 0);
    none_require(check, &names, "after Ctrl-C for the producer");

    names = names_make(check);
    producer = python_start(check, &names, &consumer);
    program_signal(consumer, SIGINT);
    program_ends(consumer, 1);
    const char *found = peer_answer(producer);
    REQUIRE(check, strstr(found, ": gone") != NULL,
            .expected = "queue_acquire_free gives gone when the consumer has ended", .found = found);
    peer_end(producer);
    none_require(check, &names, "after Ctrl-C for consumer.py");
}

static void ctrl_c(struct check *check)
{
    struct names names = names_make(check);
    struct program *consumer, *producer = pair_start(check, &names, &consumer);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
           .cause = "a wait that goes on when slice_wait says QUEUE_STOPPED",
           .next = "return QUEUE_STOPPED to the caller: it cleans up and says why it ends");
    program_signal(producer, SIGINT);
    program_ends(producer, 1);
    REQUIRE(check, program_said(producer, "Interrupt"), .expected = "the producer ends for the signal's sake",
            .found = "it ended, and did not say \"Interrupt\"");
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_full("),
           .cause = "a wait that lasts for the whole time at once: nobody looks whether the other side is still there",
           .next = "wait in slices; between two of them peer_lost and presence_current tell");
    program_expect(consumer, "the producer has ended");
    program_ends(consumer, 0);
    none_require(check, &names, "after Ctrl-C for the producer");

    names = names_make(check);
    producer = pair_start(check, &names, &consumer);
    program_signal(consumer, SIGINT);
    program_ends(consumer, 1);
    REQUIRE(check, program_said(consumer, "Interrupt"), .expected = "the consumer ends for the signal's sake",
            .found = "it ended, and did not say \"Interrupt\"");
    program_expect(producer, "the consumer has gone");
    program_ends(producer, 1);
    none_require(check, &names, "after Ctrl-C for the consumer");
    python_ctrl_c(check);
}

static void killed(struct check *check)
{
    struct names names = names_make(check);
    struct program *consumer, *producer = python_start(check, &names, &consumer);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
           .cause = "a wait in which nobody looks whether the other side is still there",
           .next = "wait in slices; between two of them peer_lost tells");
    program_signal(producer, SIGKILL);
    program_expect(consumer, "the producer died");
    program_ends(consumer, 1);
    none_require(check, &names, "after consumer.py of a dead producer");

    names = names_make(check);
    producer = pair_start(check, &names, &consumer);
    program_signal(consumer, SIGKILL);
    program_expect(producer, "the consumer has gone");
    program_ends(producer, 1);
    none_require(check, &names, "after the producer of a dead consumer");
}

/* ---- Challenge ---- */

/* A consumer dies at one of the places where it can; the next one reads on, and nothing is lost. */
static void recover_once(struct check *check, int unread, int moment)
{
    static const char *const moments[] = {"with a slot in hand", "with MUTEX taken", "between read_idx and count"};
    struct names names = names_make(check);
    uint64_t seed = seed_draw(check);
    const char *when = check_text(check, "after a consumer's death %s, %d frames unread", moments[moment], unread);

    check_note(check, "%s", when);
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    for (int frame = 1; frame <= unread; frame++)
        produce_step(producer, frame, "before the death");
    peer_ask(producer, "free 0"); /* a token in the hand when the queue is not full */
    bool holds = unread < QUEUE_SLOTS;
    peer_ask(consumer, "full " PATIENT);
    if (moment >= 1)
        sem_trywait(semaphore_open(check, names.mutex));
    if (moment == 2)
        shared->read_idx = 1;
    program_signal(consumer, SIGKILL);
    program_wait(consumer);

    int done = moment == 2 ? 1 : 0, written = unread;
    if (holds) { /* its slot is published in spite of all */
        peer_ask(producer, "fill %d", ++written);
        peer_require(producer, check_text(check, "%s queue_publish gives", when), peer_ask(producer, "publish"),
                     "done");
    }
    const char *found = peer_ask(producer, "free 0");
    if (strncmp(found, "done", 4) == 0) /* the loss was noticed before, while it waited for MUTEX */
        peer_ask(producer, "fill %d", ++written), peer_ask(producer, "publish");
    state_require(check, &names, shared, when, state_after(written, done));
    struct program *heir = peer_join(producer, &names, seed);
    for (int frame = done + 1; frame <= written; frame++)
        consume_step(heir, frame, when);
    peer_end(heir);
    peer_end(producer);
}

/* A repair can tell full from empty only when read_idx goes on before count goes down. */
static void recovery_order(struct check *check)
{
    struct names names = names_make(check);
    uint64_t seed = seed_draw(check);
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    const struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);

    produce_step(producer, 1, "before the release");
    peer_ask(consumer, "full " PATIENT);
    watch_seize(consumer);
    peer_tell(consumer, "release");
    for (long steps = 0; shared->count == 1 && steps < ORDER_STEPS_MAX; steps++)
        if (watch_step(consumer) != STEP_DONE)
            FAIL(check, .expected = "the consumer comes through its release", .found = "it does not");
    REQUIRE(check, shared->read_idx == 1, .file = QUEUE, .line = check_line(check, QUEUE, "queue_release("),
            .expected = "read_idx has gone on when count goes down", .found = "count is 0, and read_idx is still 0",
            .cause = "the two were changed in the other order, by you or by the compiler",
            .next = "read_idx first; where the compiler turns them round, two atomic stores with "
                    "__atomic_signal_fence between them keep the order");
    watch_release(consumer);
    peer_require(consumer, "release gives", peer_answer(consumer), "done");
    peer_end(consumer);
    peer_end(producer);
}

static void recovery(struct check *check)
{
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_repair("),
           .cause = "tokens that died with the consumer: the indices tell how many frames are unread, the "
                    "semaphores must say the same",
           .next = "unread from write_idx and read_idx; EMPTY = 5 - held - unread, FULL = unread, MUTEX = 1");
    /* The full queue first: its producer holds no slot, so that what a repair has left undone is seen at
     * once, and not when queue_publish has waited for MUTEX to no end. */
    for (int moment = 0; moment < 3; moment++) {
        recover_once(check, QUEUE_SLOTS, moment);
        recover_once(check, 2, moment);
    }
    recovery_order(check);
}

/* ---- Care ---- */

static void sanitizers(struct check *check)
{
    static const char *const flags[] = {"-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-O1", NULL};
    struct names names = names_make(check);

    if (!check_build_one(check, PEER, flags)) /* without them it compiles: `builds` has passed */
        check_skip(check, "this compiler has no sanitizers: see the transcript");
    struct program *producer = peer_create(check, &names, 1);
    struct program *consumer = peer_join(producer, &names, 1);
    for (int frame = 1; frame <= 7; frame++) {
        produce_step(producer, frame, "with sanitizers");
        consume_step(consumer, frame, "with sanitizers");
    }
    peer_ask(consumer, "close");
    program_end_input(consumer);
    program_wait(consumer);
    program_sanitized(consumer);
    peer_ask(producer, "close");
    program_end_input(producer);
    program_wait(producer);
    program_sanitized(producer);
}

/* ---- The table ---- */

static const struct check_case cases[] = {
    {.name = "builds",
     .points = 0,
     .title = "All programs of the lab compile",
     .concept = "a program that compiles",
     .hints = {"The compiler's first message is the one to mend; those behind it often follow from it.",
               "lab6_peer is a program of the checks that calls your queue.c through queue.h: when only it fails, a "
               "function of queue.h is missing or has other parameters.",
               "Leave queue.h as it is; every function in it has one body in queue.c."},
     .limit = LIMIT_QUICK,
     .run = check_builds},
    {.name = "objects",
     .points = 6,
     .title = "queue_create makes four objects of the right size, mode and values, queue_close removes them",
     .concept = "names, first values and lifetime of semaphores and shared memory",
     .hints = {"A semaphore's first value is the number of tokens that are there before anybody has done anything. How "
               "many slots are free then, how many frames are there to be read?",
               "queue.c, objects_create: semaphore_create takes name, mode and value. objects_unlink has four names.",
               "queue->empty = semaphore_create(queue->empty_name, mode, QUEUE_SLOTS); full with 0, mutex with 1; "
               "ftruncate(queue->fd, sizeof *queue->shared); return queue_map(queue);"},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = objects},
    {.name = "slot_filled",
     .points = 8,
     .title = "A published frame lies in the next slot, to the byte, and indices and semaphores say so",
     .concept = "the producer's half of the protocol",
     .hints = {"Two semaphores count the same five slots from both ends: what the producer takes from one, it "
               "gives to the "
               "other, and in between the slot is its own.",
               "queue.c, queue_acquire_free (EMPTY, write_idx) and queue_publish (MUTEX, write_idx, count, FULL).",
               "publish: lock; shared->write_idx = (slot_index(shared->write_idx) + 1) % QUEUE_SLOTS; shared->count++; "
               "sem_post(queue->mutex); sem_post(queue->full);"},
     .needs = {"objects"},
     .limit = LIMIT_QUICK,
     .run = slot_filled},
    {.name = "slot_read",
     .points = 8,
     .title = "The consumer reads the slots in order, to the byte, and gives each one back",
     .concept = "the consumer's half of the protocol",
     .hints = {"The consumer is the producer's mirror image: FULL instead of EMPTY, read_idx instead of write_idx.",
               "queue.c, queue_acquire_full (FULL, read_idx) and queue_release (MUTEX, read_idx, count, EMPTY).",
               "release: lock; shared->read_idx = (slot_index(shared->read_idx) + 1) % QUEUE_SLOTS; shared->count--; "
               "sem_post(queue->mutex); sem_post(queue->empty);"},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = slot_read},
    {.name = "tokens",
     .points = 3,
     .title = "While a slot is filled or read one token is missing, and nothing else has moved",
     .concept = "the tokens protect the slot",
     .hints = {"A slot is yours from the wait to the post. Whoever posts before the copy is done lets the other "
               "side write into it, or read half of it.",
               "queue.c: between acquire and publish (release) only one token of EMPTY (FULL) may be missing.",
               "sem_post(queue->full) is the last line of queue_publish, sem_post(queue->empty) of "
               "queue_release; acquire posts nothing."},
     .needs = {"slot_filled", "slot_read"},
     .limit = LIMIT_QUICK,
     .run = tokens},
    {.name = "unlocked",
     .points = 2,
     .title = "MUTEX is free while a slot is filled or read",
     .concept = "a lock is for the indices",
     .hints = {"Copying a megabyte takes a hundred microseconds, changing three integers a few nanoseconds. Who "
               "holds the lock for the first makes the other side wait for nothing: two thirds of the speed are lost.",
               "queue.c: what stands between queue_lock and sem_post(queue->mutex)?",
               "queue_lock belongs into queue_publish and queue_release, and sem_post(queue->mutex) into the same "
               "functions, behind count."},
     .needs = {"tokens"},
     .limit = LIMIT_QUICK,
     .run = unlocked},
    {.name = "order",
     .points = 8,
     .title = "Instruction by instruction: indices change under MUTEX only, and before the other side is let in",
     .concept = "a lock protects what both sides change",
     .hints = {"count is changed by both sides, and count++ is a load, an addition and a store. A token that is "
               "posted before all is done lets the other side in too early.",
               "queue.c, queue_publish and queue_release: what stands in front of queue_lock, what behind the "
               "post of MUTEX?",
               "queue_lock; index; count; sem_post(queue->mutex); sem_post(queue->full), or empty: nothing "
               "outside, nothing earlier."},
     .needs = {"slot_filled", "slot_read"},
     .limit = LIMIT_LONG,
     .run = order},
    {.name = "race",
     .points = 4,
     .title = "Under no interleaving do producer and consumer touch the same byte at once, or wait for ever",
     .concept = "mutual exclusion under every order of steps",
     .hints = {"A wait and a post order what stands around them. What is read or written outside of them, and by "
               "the other side as well, is a race, whatever it happens to find.",
               "queue.c: which line looks at count, or at the other side's index, outside of queue_lock and the "
               "post of MUTEX? make replay6 shows the steps.",
               "acquire looks at the own index only; everything else that names shared-> stands between "
               "queue_lock and sem_post(queue->mutex)."},
     .needs = {"order", "tokens"},
     .limit = LIMIT_EXPLORE,
     .run = race},
    {.name = "phases",
     .points = 6,
     .title = "The ring is right at every phase: full and empty at each of the five slots",
     .concept = "a circular queue wraps around",
     .hints = {"An array of five slots becomes a ring when slot 0 follows slot 4. Full and empty look alike "
               "(both indices "
               "are equal): count and the semaphores tell them apart.",
               "queue.c: every place where an index is moved on or used.",
               "(slot_index(shared->read_idx) + 1) % QUEUE_SLOTS, and the same for write_idx"},
     .needs = {"slot_filled", "slot_read"},
     .limit = LIMIT_QUICK,
     .run = phases},
    {.name = "foreign_phase",
     .points = 4,
     .title = "The consumer begins where the producer's read_idx says, whatever it says",
     .concept = "state lives in shared memory, and is not to be trusted",
     .hints = {"A consumer that comes later, or after another one, finds read_idx anywhere. And whoever may "
               "write to the "
               "object may write any number there.",
               "queue.c, queue_acquire_full: where does the slot's number come from, and what if it is -1?",
               "*slot = &queue->shared->slots[slot_index(queue->shared->read_idx)];"},
     .needs = {"slot_read"},
     .limit = LIMIT_QUICK,
     .run = foreign_phase},
    {.name = "full_and_empty",
     .points = 8,
     .title = "A full queue blocks the producer, an empty one the consumer, and waiting burns no core",
     .concept = "bounded buffers and back pressure",
     .hints = {"A producer that is faster than its consumer must wait, or frames are lost. Waiting is the kernel's "
               "business: sem_wait sleeps until a token comes.",
               "queue.c, queue_acquire_free and queue_acquire_full: the loop around slice_wait, and its two "
               "ends, a token and the time.",
               "for (;; seconds -= slice_seconds) { ... result = slice_wait(queue, queue->empty, seconds); "
               "if (result == "
               "QUEUE_DONE) break; ... if (seconds <= slice_seconds) return QUEUE_TIMEOUT; }"},
     .needs = {"tokens"},
     .limit = LIMIT_QUICK,
     .run = full_and_empty},
    {.name = "frames",
     .points = 6,
     .title = "10,000 frames arrive whole, in order, with a faster and with a slower consumer",
     .concept = "races show in numbers",
     .hints = {"count++ is three steps of the machine. When both sides do theirs at once, one of them is lost, once in "
               "thousands of times.",
               "queue.c: which lines change what the other side changes, too? Those belong between queue_lock and "
               "sem_post(queue->mutex).",
               "lock, index, count, unlock, and only then the post of FULL or EMPTY."},
     .needs = {"phases", "race"},
     .limit = LIMIT_QUICK,
     .run = frames},
    {.name = "last_frames",
     .points = 3,
     .title = "When the producer ends, or dies, the consumer reads what is there and says so then",
     .concept = "the end of a stream",
     .hints = {"The end is part of the protocol. What was published before it is in the slots still, and FULL "
               "counts it.",
               "queue.c, queue_acquire_full: what it does after a slice of waiting without a token.",
               "for (bool gone = false;;) { slice_wait(queue, queue->full, gone ? 0 : seconds) ... if (gone) "
               "return current ? QUEUE_DIED : QUEUE_ENDED; gone = peer_lost(queue) || ...; }"},
     .needs = {"slot_filled", "slot_read"},
     .limit = LIMIT_LONG,
     .run = last_frames},
    {.name = "both_orders",
     .points = 5,
     .title = "producer and consumer stream 23 frames without a gap, whichever starts first",
     .concept = "start and end of a stream",
     .hints = {"The end is part of the protocol: the consumer has to notice that no more frames will come, "
               "and not before "
               "it has read the last one.",
               "queue.c, queue_acquire_full: what it does after a slice of waiting without a token.",
               "bool current = presence_current(queue->fd, queue->shm_name); and: peer_lost(queue) || (!current && "
               "!queue_peer_present(queue)) means gone"},
     .needs = {"last_frames", "tokens"},
     .limit = LIMIT_LONG,
     .run = both_orders},
    {.name = "documented",
     .points = 4,
     .title = "Your programs work with peers that know the format and the protocol only",
     .concept = "a protocol is more than a program that talks to itself",
     .hints = {"Two halves with the same mistake get along. Somebody else's half, written from yolo_queue.h, shows it.",
               "shmlab/yolo_queue.h has the protocol in four lines. A foreign peer holds MUTEX while it copies, "
               "and takes no role (presence.h).",
               "Nothing but names, values and order counts: wait EMPTY, fill, MUTEX for the indices, post FULL."},
     .needs = {"last_frames", "tokens"},
     .limit = LIMIT_LONG,
     .run = documented},
    {.name = "python_slots",
     .points = 8,
     .title = "consumer.py takes every detection and pixel, as a copy, without the lock, and gives each slot back",
     .concept = "the same protocol in another language",
     .hints = {"A memoryview is a window, no copy: what you see through it after the release is the next frame.",
               "consumer.py, class Queue: acquire, detections, picture, release.",
               "acquire: if not self._full.wait(seconds): return False; self._slot = "
               "yolo_queue.SLOT_OFFSETS[self._control[yolo_queue.READ_IDX] % yolo_queue.SLOTS]. picture: from "
               "self._slot + "
               "yolo_queue.PIXELS_OFFSET, yolo_queue.PIXEL_BYTES long."},
     .limit = LIMIT_LONG,
     .run = python_slots},
    {.name = "python_pair",
     .points = 5,
     .title = "consumer.py reads 23 frames of the C producer without a gap, whichever starts first",
     .concept = "C and Python on one ring",
     .hints = {"When both halves are right by themselves, this one passes. When not, the check above says more.",
               "consumer.py, class Queue, and queue.c, queue_publish.", "make lab6 CHECK=python_slots"},
     .needs = {"python_slots", "slot_filled"},
     .limit = LIMIT_LONG,
     .run = python_pair},
    {.name = "ctrl_c",
     .points = 4,
     .title = "Ctrl-C on either side ends both, and nothing is left behind",
     .concept = "the other side's end is an event, too",
     .hints = {"A process that waits for a peer that has gone waits for ever, unless it looks up from time to time.",
               "queue.c: peer_lost in queue_acquire_free, peer_lost and presence_current in queue_acquire_full.",
               "Wait in slices (slice_wait), look between two of them, return QUEUE_GONE or QUEUE_ENDED."},
     .needs = {"both_orders", "python_slots"},
     .limit = LIMIT_LONG,
     .run = ctrl_c},
    {.name = "killed",
     .points = 2,
     .title = "When one side is killed the other one says so, ends, and cleans up",
     .concept = "a peer may die between any two instructions",
     .hints = {"SIGKILL cannot be caught: the dead cannot say good-bye. But the kernel drops their locks (presence.h).",
               "queue.c, queue_acquire_free: what it does before a slice of waiting.",
               "if (peer_lost(queue)) { queue_repair(queue, 0); return QUEUE_GONE; }"},
     .needs = {"both_orders", "python_slots"},
     .limit = LIMIT_LONG,
     .run = killed},
    {.name = "recovery",
     .points = 10,
     .challenge = true,
     .title = "When a consumer dies at any moment, the next one reads on and no frame is lost",
     .concept = "crash recovery",
     .hints = {"Tokens are anonymous: nobody knows that the dead one held one. But the indices in shared "
               "memory tell how many "
               "frames are unread, and the semaphores must add up.",
               "queue.c, queue_repair. The consumer steps read_idx on before it counts down: when the "
               "indices are equal, what does count say?",
               "unread = (write_idx - read_idx + QUEUE_SLOTS) % QUEUE_SLOTS, or QUEUE_SLOTS when that is 0 "
               "and count is "
               "QUEUE_SLOTS; then semaphore_set for EMPTY (less the slot that we hold), FULL and MUTEX."},
     .needs = {"frames", "foreign_phase", "unlocked", "full_and_empty"},
     .limit = LIMIT_EXPLORE, /* a producer gives MUTEX up after 30 s, and the check has to hear of it */
     .run = recovery},
    {.name = "spsc",
     .points = 5,
     .challenge = true,
     .title = "The ring without a lock: full, empty and in order at every phase, also behind 2^32",
     .concept = "two counters, each with one writer",
     .hints = {"With counters that never go back, full and empty differ without a count: their difference is "
               "the number of messages.",
               "spsc.c. Unsigned arithmetic is modulo 2^32, so the difference is right even when written has "
               "wrapped and read has not.",
               "if (written - read >= SPSC_SLOTS) return false; ring->slots[written % SPSC_SLOTS] = *message; "
               "then written + 1"},
     .needs = {"builds"},
     .programs = {"spsc", "lab6_spsc"},
     .limit = LIMIT_QUICK,
     .run = spsc_phases},
    {.name = "spsc_order",
     .points = 5,
     .challenge = true,
     .title = "The ring without a lock: each slot is complete when it is handed over, by the language, too",
     .concept = "release and acquire",
     .hints = {"A counter is a message: \"everything before is done\". It must be sent last, and whoever reads it "
               "must read the rest later.",
               "spsc.c: the order of the copy and of the store; and the memory order of each load and store.",
               "atomic_store_explicit(&ring->written, written + 1, memory_order_release) behind the copy; "
               "atomic_load_explicit(&ring->written, memory_order_acquire) in front of the other side's."},
     .needs = {"spsc"},
     .programs = {"spsc", "lab6_spsc"},
     .limit = LIMIT_LONG,
     .run = spsc_order},
    {.name = "fanout",
     .points = 4,
     .challenge = true,
     .title = "Many readers: each gets all messages after its joining, and the slowest one decides what is full",
     .concept = "one stream, a cursor for each reader",
     .hints = {"A slot may be filled again when everybody who is there has read it. Who is not there does "
               "not count; who has just "
               "come begins with the next message.",
               "fanout.c, fanout_put: a loop over the readers that returns false for the first one that is a "
               "whole ring behind. "
               "fanout_join: which number is the cursor of somebody who wants nothing old?",
               "for each reader: if (state == FANOUT_JOINED && sent - cursor >= FANOUT_SLOTS) return false; "
               "with uint64_t all the "
               "way. join: compare and exchange FANOUT_FREE with FANOUT_CLAIMED, cursor = sent, state = FANOUT_JOINED"},
     .needs = {"builds"},
     .programs = {"fanout", "lab6_fanout"},
     .limit = LIMIT_QUICK,
     .run = fanout_readers},
    {.name = "fanout_order",
     .points = 3,
     .challenge = true,
     .title = "Many readers: slots and cursors are complete when they are shown, by the language, too",
     .concept = "release and acquire, for each pair of a store and a load",
     .hints = {"Each store here is a message to somebody: sent to the readers, cursor and state to the "
               "producer. What stood before "
               "it must be seen by whoever reads it.",
               "fanout.c: for each store, who loads it, and what does that one touch next? A slot: release "
               "and acquire.",
               "sent: release in put, acquire in get. cursor: release in get, acquire in put. state: release "
               "in leave, acquire in "
               "put and in join's compare and exchange."},
     .needs = {"fanout"},
     .programs = {"fanout", "lab6_fanout"},
     .limit = LIMIT_LONG,
     .run = fanout_order},
    {.name = "fanout_race",
     .points = 3,
     .challenge = true,
     .title = "Many readers: who joins while the producer runs misses nothing, though stores wait in a buffer",
     .concept = "Dekker's pattern needs sequential consistency",
     .hints = {"Two sides that each store first and then look at the other's store: with release and acquire "
               "both may look before "
               "their stores are seen, and neither sees the other. No other place in these labs needs more.",
               "fanout.c: state and sent. Join stores the one and loads the other, put stores the other and "
               "(for the next message) "
               "loads the one. make replay6 shows which store stayed in the buffer.",
               "memory_order_seq_cst for all four: the stores of state (join) and sent (put), the loads of "
               "sent (join, behind its "
               "store) and of state (put); and the cursor is the sent that was loaded last."},
     .needs = {"fanout_order"},
     .programs = {"fanout", "lab6_fanout"},
     .limit = LIMIT_EXPLORE,
     .run = fanout_race},
    {.name = "record",
     .points = 4,
     .challenge = true,
     .title = "Messages of any size: every length at every place of the ring, to the byte, full and empty",
     .concept = "records in a ring of bytes",
     .hints = {"A record lies in one piece. Where the rest of the ring is too short for it, the rest is "
               "skipped, and a marker says "
               "so; skipped bytes are in use until the consumer has gone past them.",
               "record.c, record_put: size of the record, bytes up to the ring's end, bytes that are free. "
               "shmlab/record_ring.h says "
               "why RECORD_MAX is half of the ring and not the whole.",
               "size = (8 + length + 7) / 8 * 8; rest = RECORD_BYTES - written % RECORD_BYTES; skip = size > "
               "rest ? rest : 0; full: "
               "skip + size > RECORD_BYTES - (written - read)"},
     .needs = {"builds"},
     .programs = {"record", "lab6_record"},
     .limit = LIMIT_QUICK,
     .run = record_bytes},
    {.name = "record_hostile",
     .points = 3,
     .challenge = true,
     .title = "Messages of any size: no length and no counter is believed",
     .concept = "shared memory is input",
     .hints = {"Whoever may write to the ring may write any length. What you add to it may overflow, and "
               "then it is small.",
               "record.c, record_get: everything that comes from the ring, and what is computed with it "
               "before it was compared.",
               "found > RECORD_MAX first, then record_size(found) > RECORD_BYTES - at, record_size(found) > "
               "written - read - skip; a "
               "skip must be less than written - read; counters are multiples of 8, and written - read <= "
               "RECORD_BYTES"},
     .needs = {"record"},
     .programs = {"record", "lab6_record"},
     .limit = LIMIT_QUICK,
     .run = record_hostile},
    {.name = "record_order",
     .points = 3,
     .challenge = true,
     .title = "Messages of any size: skip and record are published by one store, by the language, too",
     .concept = "release and acquire",
     .hints = {"What a counter says must be true at the instruction that says it: all bytes up to there are in place.",
               "record.c: everything that is written stands in front of the store to written, everything "
               "that is read in front of "
               "the store to read; and their memory orders are as in spsc.c.",
               "atomic_store_explicit(&ring->written, written + skip + size, memory_order_release) is "
               "record_put's last line but "
               "one, and there is no other store to written."},
     .needs = {"record"},
     .programs = {"record", "lab6_record"},
     .limit = LIMIT_LONG,
     .run = record_order},
    {.name = "warnings",
     .points = 2,
     .title = "The compiler has nothing to say",
     .concept = "warnings",
     .hints = {"Each warning is a place where C allows what you probably do not mean.",
               "The message names file, line and the option that asked for it, for example -Wconversion.",
               "Conversions: choose the type that fits, or write the cast that says you know."},
     .needs = {"slot_filled", "slot_read"},
     .limit = LIMIT_QUICK,
     .run = check_warnings},
    {.name = "sanitizers",
     .points = 2,
     .title = "AddressSanitizer and UBSan find nothing",
     .concept = "memory errors that do not show",
     .hints = {"A program that writes behind an array may work for years. A sanitizer stops at the first such byte.",
               "The report in the transcript begins with what happened, then come the lines of your files.",
               "An index that was not taken modulo QUEUE_SLOTS is the usual place."},
     .needs = {"phases"},
     .limit = LIMIT_BUILD,
     .run = sanitizers},
    {.name = "leaks",
     .points = 2,
     .title = "No program of yours has left an object behind",
     .concept = "lifetime of named objects",
     .hints = {"A name lives until somebody unlinks it: the producer, or for a dead producer its consumer.",
               "The list names what was left. `ls /dev/shm` shows it while it is there.",
               "queue.c, objects_unlink: three sem_unlink and one shm_unlink."},
     .needs = {"objects"},
     .limit = LIMIT_QUICK,
     .last = true,
     .run = check_leaks},
};

const struct lab lab6_yolo_queue = {
    .name = "lab6_yolo_queue",
    .title = "the circular queue",
    .files = {QUEUE, PYTHON, "spsc.c", "fanout.c", "record.c"},
    .programs = {{"producer", {"producer.c", QUEUE}, LINK_VISION},
                 {"consumer", {"consumer.c", QUEUE}, LINK_COMMON},
                 {PEER, {PROGRAMS "lab6_peer.c", QUEUE}, LINK_COMMON},
                 {"spsc", {"spsc_stream.c", "stream.c", "spsc.c"}, LINK_COMMON},
                 {"lab6_spsc", {PROGRAMS "lab6_spsc.c", "spsc.c"}, LINK_COMMON},
                 {"fanout", {"fanout_stream.c", "stream.c", "fanout.c"}, LINK_COMMON},
                 {"lab6_fanout", {PROGRAMS "lab6_fanout.c", "fanout.c"}, LINK_COMMON},
                 {"record", {"record_stream.c", "stream.c", "record.c"}, LINK_COMMON},
                 {"lab6_record", {PROGRAMS "lab6_record.c", "record.c"}, LINK_COMMON}},
    .challenges = {"spsc", "lab6_spsc", "fanout", "lab6_fanout", "record", "lab6_record"},
    .cases = cases,
    .case_count = sizeof cases / sizeof cases[0],
};
