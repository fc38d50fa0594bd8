/*
 * Lab 6, the circular queue, as its checks see it.
 *
 * The student's queue.c is linked into programs/lab6_peer.c, and consumer.py loaded by programs/lab6_peer.py:
 * both do one step when told, so that the checks can look at memory and semaphores between any two steps.
 * Where a peer must know the format and the protocol only, the check itself is that peer ("foreign" below).
 */
#ifndef CHECKS_LAB6_QUEUE_H
#define CHECKS_LAB6_QUEUE_H

#include <semaphore.h>
#include <stdint.h>

#include "check.h"
#include "programs/lab6_pattern.h"
#include "toolchain.h"

#define QUEUE    "queue.c"
#define PYTHON   "consumer.py"
#define PEER     "lab6_peer"
#define PROGRAMS TOOLCHAIN_SOURCE "/tests/checks/programs/"
#define PATIENT  "20"   /* seconds, for waits that the other side ends */
#define ENDLESS  "3600" /* seconds, for the programs: the check's own limit comes first */

#define SCRIPTED "producer_scripted" /* producer.c with a detector that does what it is told */

#define PRODUCER(names, ...) "producer", "--prefix", (names).prefix, "--detector", "truth", __VA_ARGS__

struct queue_names {
    const char *prefix, *shm, *empty, *full, *mutex;
};

/* Indices and semaphores at one moment. */
struct queue_state {
    int write_idx, read_idx, count, empty, full, mutex;
};

/* A peer that follows yolo_queue.h alone, locks while it copies, and takes no role. */
struct foreign {
    struct check *check;
    struct queue_names names;
    struct yolo_queue *shared;
    sem_t *empty, *full, *mutex;
};

/* lab6_queue.c: objects, states, peers */
struct queue_names queue_names_make(struct check *check);
void queue_state_require(struct check *check, const struct queue_names *names, const struct yolo_queue *shared,
                         const char *when, struct queue_state expected);

/* As queue_state_require, after a step: the cause is told by what differs. */
void queue_step_require(struct check *check, const struct queue_names *names, const struct yolo_queue *shared,
                        const char *when, struct queue_state expected);

/* The queue after `written` frames were published and `done` of them released. */
struct queue_state queue_state_after(int written, int done);
uint64_t seed_draw(struct check *check);
const char *seed_text(struct check *check, uint64_t seed);
void slot_require(struct check *check, const struct queue_slot *expected, const struct queue_slot *found,
                  const char *which);
struct queue_slot *pattern_make(struct check *check, uint64_t seed, int32_t frame);

/* As a producer; the indices begin at `phase`, which the protocol does not forbid. */
struct foreign foreign_create(struct check *check, int phase);

/* As a consumer, as soon as a producer's objects are there. */
struct foreign foreign_open(struct check *check, struct queue_names names);
void foreign_push(struct foreign *foreign, const struct queue_slot *slot);
void foreign_pop(struct foreign *foreign, const struct queue_slot *expected, const char *which);
void foreign_remove(struct foreign *foreign);
struct program *peer_create(struct check *check, const struct queue_names *names, uint64_t seed);
struct program *peer_attach(struct check *check, const struct queue_names *names, uint64_t seed);

/* The same, with a producer of ours, which notices it at once: no consumer goes on before it is known. */
struct program *peer_join(struct program *producer, const struct queue_names *names, uint64_t seed);
void peer_end(struct program *peer);
void queue_none_require(struct check *check, const struct queue_names *names, const char *when);

/* lab6_objects.c: the four objects, when they come and go, and what is there when a call fails */
void lab6_objects(struct check *check);
void lab6_mode(struct check *check);
void lab6_ready(struct check *check);
void lab6_reserves(struct check *check);
void lab6_removes(struct check *check);
void lab6_errors(struct check *check);

/* lab6_steps.c: one step after another, and instruction by instruction */
void produce_step(struct program *peer, int frame, const char *when);
void lab6_slot_filled(struct check *check);
void consume_step(struct program *peer, int frame, const char *when);
void lab6_slot_read(struct check *check);
void lab6_tokens(struct check *check);
void lab6_unlocked(struct check *check);
void lab6_put_order(struct check *check);
void lab6_get_order(struct check *check);

/* lab6_streams.c: many frames, under every interleaving and all around the ring */

/* Six frames: the producer has to wait for the consumer once. One unforced switch keeps the schedules few. */
void lab6_race(struct check *check);
void lab6_phases(struct check *check);
void lab6_foreign_phase(struct check *check);
void lab6_full(struct check *check);
void lab6_empty(struct check *check);
void lab6_put_phases(struct check *check);
void lab6_frames(struct check *check);

/* lab6_ends.c: the end of a stream, and deaths */
void lab6_last_frames(struct check *check);
void lab6_ctrl_c(struct check *check);
void lab6_killed(struct check *check);

/* MUTEX does not come: whoever asked for it leaves the indices and the other side alone. */
void lab6_gives_up(struct check *check);
void lab6_recovery(struct check *check);
void lab6_sanitizers(struct check *check);

/* lab6_programs.c: producer, consumer and consumer.py as they are run */
void lab6_both_orders(struct check *check);
void lab6_python_pair(struct check *check);
void lab6_documented(struct check *check);
void lab6_documented_consumer(struct check *check);

/* lab6_python.c: consumer.py, step by step */
void lab6_python_slots(struct check *check);

/* lab6_yolo_queue_instructor.c, which no student has */
CHECK_HIDDEN(lab6_walk);
CHECK_HIDDEN(lab6_again);
CHECK_HIDDEN(lab6_strangers);

#endif
