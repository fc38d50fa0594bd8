/* Lab 6, the circular queue: many frames, under every interleaving and all around the ring. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "lab6_queue.h"
#include "objects.h"
#include "peers.h"
#include "watch.h"
#include "weave.h"

void lab6_race(struct check *check)
{
    CHECK_WEAVE(check, .title = "a producer and a consumer, six frames",
                .programs = {{PEER, "1", "create shmlab", "stream produce 1 6 4 0", "close"},
                             {PEER, "1", "attach shmlab", "stream consume 1 6 4 0", "close"}},
                .options = {"--struct", "yolo_queue", "--bound", "1"});
}

/* ---- All around the ring ---- */

void lab6_phases(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    uint64_t seed = seed_draw(check);
    int written = 0, done = 0;

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .cause = "an index that is right on the first round and wrong after slot 4",
           .next = "after slot 4 comes slot 0: (index + 1) % QUEUE_SLOTS, on both sides");
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
                queue_step_require(check, &names, shared,
                                   check_text(check, "with %d frames written and %d read", written, done),
                                   queue_state_after(written, done));
            }
        }
    }
    peer_end(consumer);
    peer_end(producer);
}

void lab6_foreign_phase(struct check *check)
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

void lab6_empty(struct check *check)
{
    uint64_t seed = seed_draw(check);
    struct foreign foreign = foreign_create(check, 0);
    struct program *consumer = peer_attach(check, &foreign.names, seed);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_full("),
           .cause = "an empty queue blocks the consumer, for as long as it asked for",
           .next = "slice_wait(queue, queue->full, ...) in a loop that ends after `seconds` with QUEUE_TIMEOUT");
    peer_require(consumer, "with an empty queue queue_acquire_full gives after 0.1 s", peer_ask(consumer, "full 0.1"),
                 "timeout");
    for (int frame = 1; frame <= QUEUE_SLOTS + 1; frame++) {
        int done = frame - 1;
        queue_state_require(check, &foreign.names, foreign.shared, "while the queue is empty",
                            queue_state_after(done, done));
        peer_tell(consumer, "full " PATIENT);
        watch_rests(consumer, "while the queue is empty");
        foreign_push(&foreign, pattern_make(check, seed, frame));
        peer_require(consumer, "after a publish the waiting queue_acquire_full gives", peer_answer(consumer),
                     check_text(check, "done %d", done % QUEUE_SLOTS));
        peer_require(consumer, "queue_release gives", peer_ask(consumer, "release"), "done");
    }
    peer_end(consumer);
    foreign_remove(&foreign);
}

void lab6_full(struct check *check)
{
    uint64_t seed = seed_draw(check);
    struct queue_names names = queue_names_make(check);
    struct program *producer = peer_create(check, &names, seed);
    struct foreign foreign = foreign_open(check, names);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
           .cause = "a full queue blocks the producer, for as long as it asked for",
           .next = "slice_wait(queue, queue->empty, ...) in a loop that ends after `seconds` with QUEUE_TIMEOUT");
    for (int frame = 1; frame <= QUEUE_SLOTS; frame++)
        produce_step(producer, frame, "while there is room");
    peer_require(producer, "with a full queue queue_acquire_free gives after 0.1 s", peer_ask(producer, "free 0.1"),
                 "timeout");
    queue_state_require(check, &names, foreign.shared, "after waiting in vain", queue_state_after(QUEUE_SLOTS, 0));
    peer_tell(producer, "free " PATIENT);
    watch_rests(producer, "while the queue is full");
    AWAIT(check, sem_trywait(foreign.full) == 0, "FULL has a token: a frame was published");
    check_note(check, "the check reads slot 0");
    size_t before = producer->process.seen;
    watch_rests(producer, "while the consumer reads the only slot that could become free");
    REQUIRE(check, memmem(producer->process.text + before, producer->process.length - before, "> ", 2) == NULL,
            .expected = "the producer waits while the consumer still reads the only slot that could be free",
            .found = "it got a slot: frame 1 is written over while it is read");
    sem_post(foreign.full);
    foreign_pop(&foreign, pattern_make(check, seed, 1), "frame 1");
    peer_require(producer, "after a release the waiting queue_acquire_free gives", peer_answer(producer), "done 0");
    check_pardon_leaks(check);
    peer_end(producer);
}

/* What the producer does at each phase of the ring, with the check as its consumer. */
void lab6_put_phases(struct check *check)
{
    static const int32_t hostile[] = {QUEUE_SLOTS, 1000000, INT32_MAX, -1, INT32_MIN};
    uint64_t seed = seed_draw(check);
    struct queue_names names = queue_names_make(check);
    struct program *producer = peer_create(check, &names, seed);
    struct foreign foreign = foreign_open(check, names);
    int written = 0, done = 0;

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .cause = "an index that is right on the first round and wrong after slot 4",
           .next = "after slot 4 comes slot 0: (slot_index(shared->write_idx) + 1) % QUEUE_SLOTS");
    for (int round = 0; round < QUEUE_SLOTS; round++) {
        for (int count = 0; count < QUEUE_SLOTS; count++)
            written++, produce_step(producer, written, check_text(check, "as frame %d", written));
        queue_step_require(check, &names, foreign.shared, check_text(check, "with %d frames written", written),
                           queue_state_after(written, done));
        for (int count = 0; count < QUEUE_SLOTS; count++, done++)
            foreign_pop(&foreign, pattern_make(check, seed, done + 1), check_text(check, "frame %d", done + 1));
        produce_step(producer, ++written, "to move on by one,");
        done++;
        foreign_pop(&foreign, pattern_make(check, seed, done), check_text(check, "frame %d", done));
    }
    ADVISE(
        check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
        .cause =
            "write_idx is used as it is in shared memory: a program that may write to the object may write any number",
        .next = "slot_index(shared->write_idx), in queue_acquire_free and in queue_publish");
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        foreign.shared->write_idx = hostile[i];
        const char *found = peer_ask(producer, "free " PATIENT);
        REQUIRE(check, strncmp(found, "done ", 5) == 0 && strcmp(found, "done -1") != 0,
                .expected = check_text(check, "with write_idx %d one of the five slots", (int)hostile[i]),
                .found = check_text(check, "%s", strcmp(found, "done -1") == 0 ? "memory outside the array" : found));
        peer_ask(producer, "publish");
        REQUIRE(check, foreign.shared->write_idx >= 0 && foreign.shared->write_idx < QUEUE_SLOTS,
                .expected = check_text(check, "with write_idx %d a publish leaves it at 0 to 4", (int)hostile[i]),
                .found = check_text(check, "%d", (int)foreign.shared->write_idx));
        sem_wait(foreign.full); /* taken, unread */
        foreign.shared->count--;
        sem_post(foreign.empty);
    }
    check_pardon_leaks(check);
    peer_end(producer);
}

/* ---- Many frames ---- */

static void stream(struct check *check, int frames, int stamps, int producer_pause, int consumer_pause)
{
    struct queue_names names = queue_names_make(check);
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
    queue_state_require(check, &names, shared, check_text(check, "after %d frames", frames),
                        queue_state_after(frames, frames));
    peer_end(consumer);
    peer_end(producer);
}

void lab6_frames(struct check *check)
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
