/* Lab 6, the circular queue: one step after another, and instruction by instruction (watch.h). */
#define _GNU_SOURCE
#include <string.h>

#include "lab6_queue.h"
#include "objects.h"
#include "peers.h"
#include "todo.h"
#include "watch.h"

enum { ORDER_STEPS = 256, ORDER_STEPS_MAX = 1000000 };
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
        finding.next =
            todo_next(check, QUEUE, "*slot = NULL;", produce ? 3 : 5,
                      check_text(check, "slice_wait(queue, queue->%s, ...), then *slot", produce ? "empty" : "full"));
    }
    if (strncmp(found, "done", 4) == 0) {
        finding.cause = check_text(check, "*slot is not the one at %s", produce ? "write_idx" : "read_idx");
        finding.next = check_text(check, "*slot = &queue->shared->slots[slot_index(queue->shared->%s)]",
                                  produce ? "write_idx" : "read_idx");
    }
    check_fail(check, &finding);
}

void produce_step(struct program *peer, int frame, const char *when)
{
    struct check *check = peer->check;

    acquire_require(peer, when, "queue_acquire_free", (frame - 1) % QUEUE_SLOTS);
    peer_ask(peer, "fill %d", frame);
    peer_require(peer, check_text(check, "%s queue_publish gives", when), peer_ask(peer, "publish"), "done");
}

void lab6_slot_filled(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    uint64_t seed = seed_draw(check);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .cause = "an index that was not moved on (modulo 5), a count that was not counted, a post that "
                    "was forgotten",
           .next = todo_next(check, QUEUE, "(void)queue_lock;", 4,
                             "publish: lock, write_idx, count, unlock, post FULL. EMPTY was taken by "
                             "queue_acquire_free"));
    struct program *peer = peer_create(check, &names, seed);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    for (int frame = 1; frame <= QUEUE_SLOTS; frame++) {
        produce_step(peer, frame, check_text(check, "for frame %d", frame));
        queue_step_require(check, &names, shared, check_text(check, "when frame %d is published", frame),
                           queue_state_after(frame, 0));
        slot_require(check, pattern_make(check, seed, frame), &shared->slots[frame - 1],
                     check_text(check, "frame %d in slot %d", frame, frame - 1));
    }
    peer_end(peer);
}

void consume_step(struct program *peer, int frame, const char *when)
{
    struct check *check = peer->check;

    acquire_require(peer, when, "queue_acquire_full", (frame - 1) % QUEUE_SLOTS);
    peer_require(peer, check_text(check, "%s the slot's bytes are", when), peer_ask(peer, "test %d", frame), "right");
    peer_require(peer, check_text(check, "%s queue_release gives", when), peer_ask(peer, "release"), "done");
}

void lab6_slot_read(struct check *check)
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
        queue_step_require(check, &foreign.names, foreign.shared, check_text(check, "when frame %d is released", frame),
                           queue_state_after(QUEUE_SLOTS, frame));
    }
    peer_end(peer);
}

/* As state_require, whatever MUTEX is. */
static void tokens_require(struct check *check, const struct queue_names *names, const struct yolo_queue *shared,
                           const char *when, struct queue_state expected)
{
    expected.mutex = semaphore_value(check, names->mutex);
    queue_state_require(check, names, shared, when, expected);
}

void lab6_tokens(struct check *check)
{
    struct queue_names names = queue_names_make(check);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
           .cause = "indices or tokens that move before the work is done: the other side comes too early",
           .next = "acquire takes one token of EMPTY (FULL) and nothing else; all else is for publish (release)");
    struct program *producer = peer_create(check, &names, 0);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    peer_ask(producer, "free " PATIENT);
    tokens_require(check, &names, shared, "while the producer holds slot 0", (struct queue_state){0, 0, 0, 4, 0, 1});
    peer_ask(producer, "fill 1");
    peer_ask(producer, "publish");
    struct program *consumer = peer_join(producer, &names, 0);
    peer_ask(consumer, "full " PATIENT);
    tokens_require(check, &names, shared, "while the consumer holds slot 0", (struct queue_state){1, 0, 1, 4, 0, 1});
    peer_ask(consumer, "release");
    queue_state_require(check, &names, shared, "when both are done", queue_state_after(1, 1));
    peer_end(consumer);
    peer_end(producer);
}

void lab6_unlocked(struct check *check)
{
    struct queue_names names = queue_names_make(check);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
           .cause = "the lock is held while a megabyte is copied: that is right, and one side waits for the other",
           .next = "queue_lock belongs into publish and release: MUTEX is for the indices");
    struct program *producer = peer_create(check, &names, 0);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    produce_step(producer, 1, "at first");
    struct program *consumer = peer_join(producer, &names, 0);
    peer_ask(consumer, "full " PATIENT);
    queue_state_require(check, &names, shared, "while the consumer holds slot 0",
                        (struct queue_state){1, 0, 1, 4, 0, 1});
    peer_ask(producer, "free " PATIENT);
    queue_state_require(check, &names, shared, "while the producer holds slot 1 and the consumer slot 0",
                        (struct queue_state){1, 0, 1, 3, 0, 1});
    peer_ask(producer, "fill 2");
    peer_ask(producer, "publish");
    peer_ask(consumer, "release");
    queue_state_require(check, &names, shared, "when both are done", queue_state_after(2, 1));
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
    struct queue_state done; /* write_idx, read_idx and count as they must be when others are let in */
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
             .found = result == STEP_ENDED ? "it ended" : "it waits forever");
    if (memcmp(indices, &watched->shared->write_idx, 3 * sizeof indices[0]) == 0)
        return false;
    const char *before = indices_text(check, indices);
    memcpy(indices, &watched->shared->write_idx, 3 * sizeof indices[0]);
    REQUIRE(check, mutex_before == 0, .expected = "write_idx, read_idx and count change only while MUTEX is taken",
            .found = check_text(check, "while MUTEX was free:\n%s\nbecame\n%s", before, indices_text(check, indices)),
            .cause = "a line before queue_lock, or after the post of MUTEX: the other side changes count, "
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

/* A publish at the place where write_idx wraps around; the check is the consumer. */
void lab6_put_order(struct check *check)
{
    uint64_t seed = seed_draw(check);
    struct queue_names names = queue_names_make(check);
    struct program *producer = peer_create(check, &names, seed);
    struct foreign foreign = foreign_open(check, names);
    struct watched watched = {.peer = producer,
                              .shared = foreign.shared,
                              .mutex = foreign.mutex,
                              .token = foreign.full,
                              .token_name = "FULL",
                              .done = queue_state_after(QUEUE_SLOTS, QUEUE_SLOTS - 1)};

    for (int frame = 1; frame < QUEUE_SLOTS; frame++) {
        produce_step(producer, frame, "before the wrap");
        foreign_pop(&foreign, pattern_make(check, seed, frame), check_text(check, "frame %d", frame));
    }
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .next = "queue_lock, write_idx, count, post MUTEX, post FULL: in this order");
    peer_ask(producer, "free " PATIENT);
    peer_ask(producer, "fill %d", QUEUE_SLOTS);
    watched_run(&watched, "publish");
    peer_end(producer);
}

/* A release at the place where read_idx wraps around; the check is the producer. */
void lab6_get_order(struct check *check)
{
    uint64_t seed = seed_draw(check);
    struct foreign foreign = foreign_create(check, 0);
    struct watched watched = {.shared = foreign.shared,
                              .mutex = foreign.mutex,
                              .token = foreign.empty,
                              .token_name = "EMPTY",
                              .done = queue_state_after(QUEUE_SLOTS, QUEUE_SLOTS)};

    foreign_push(&foreign, pattern_make(check, seed, 1));
    struct program *consumer = peer_attach(check, &foreign.names, seed);
    for (int frame = 1; frame < QUEUE_SLOTS; frame++) {
        consume_step(consumer, frame, "before the wrap");
        foreign_push(&foreign, pattern_make(check, seed, frame + 1));
    }
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_release("),
           .next = "queue_lock, read_idx, count, post MUTEX, post EMPTY: in this order");
    peer_ask(consumer, "full " PATIENT);
    watched.peer = consumer;
    watched_run(&watched, "release");
    peer_end(consumer);
    foreign_remove(&foreign);
}
