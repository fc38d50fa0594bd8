/*
 * Lab 4, the bounded buffer, as its checks see it. Many of them are the other side themselves: they hold the
 * semaphores, take and put by the published protocol, and look at the values while the student's program waits.
 */
#ifndef CHECKS_LAB4_STORE_H
#define CHECKS_LAB4_STORE_H

#include <semaphore.h>

#include "check.h"
#include "shmlab/bounded_buffer.h"

/* The four objects of a prefix, as the check sees them. */
struct store {
    const char *prefix, *shm_name, *empty_name, *full_name, *mutex_name;
    unsigned capacity;
    size_t size;
    int fd; /* -1: the check is not present */
    struct bounded_buffer *shared;
    sem_t *empty, *full, *mutex;
};

/* lab4_store.c: the objects, and both sides of the protocol */
struct store store_draw(struct check *check, unsigned capacity);
struct program *store_producer(struct check *check, const struct store *store, const char *items, const char *id);
struct program *store_consumer(struct check *check, const struct store *store, const char *program, const char *items);

/* Be present, so that nobody else is the last one out. */
void store_hold(struct check *check, struct store *store);
void store_leave(struct store *store);

/* Open what a program has made. */
void store_open(struct check *check, struct store *store);

/* A buffer of the check's own. */
struct store store_make(struct check *check, unsigned capacity);
int token_count(sem_t *semaphore);
void store_values_require(struct check *check, const struct store *store, int empty, int full, int mutex,
                          const char *when);
struct buffer_message store_message(int producer, int sequence);
void store_message_require(struct check *check, const struct buffer_message *found, int producer, int sequence,
                           const char *where);
void store_wait(struct check *check, sem_t *semaphore, struct program *other, const char *what);

/* Take the oldest message, by the protocol. */
struct buffer_message store_take(struct check *check, const struct store *store, struct program *producer);

/* Put a message, by the protocol. */
void store_put(struct check *check, const struct store *store, struct program *consumer,
               const struct buffer_message *message);
void store_header_require(struct check *check, const struct store *store, unsigned head, unsigned tail, unsigned count,
                          const char *when);
void store_gone(struct check *check, const struct store *store, const char *when);

/* lab4_sides.c: what a put and a get do, and in which order */
void lab4_objects(struct check *check);
void lab4_mode(struct check *check);
void lab4_put(struct check *check);
void lab4_full(struct check *check);

/* Nothing in the buffer changes as long as the check holds MUTEX. */
void lab4_mutex(struct check *check);
void lab4_put_order(struct check *check);
void consumer_gets(struct check *check, const char *program, int items);
void lab4_get(struct check *check);
void consumer_waits(struct check *check, const char *program);
void lab4_empty(struct check *check);
void lab4_get_order(struct check *check);

/* lab4_crowd.c: several of each, under every interleaving and for real */
void lab4_nothing_lost(struct check *check);
void lab4_python_beside(struct check *check);
void lab4_values(struct check *check);
void lab4_race(struct check *check);

/* lab4_ends.c: signals, deaths, errors, and who removes what; the Python consumer */
void consumer_gives_back(struct check *check, const char *program);
void lab4_gives_back(struct check *check);
void lab4_killed(struct check *check);
void lab4_signals(struct check *check);
void lab4_last_out(struct check *check);
void lab4_stale_objects(struct check *check);
void lab4_errors(struct check *check);
void lab4_python_get(struct check *check);
void lab4_python_waits(struct check *check);
void lab4_sanitizers(struct check *check);

/* lab4_limits.c: waits whose time is over, a MUTEX that nobody gives back, and signals at a bad moment */
void lab4_stuck(struct check *check);
void lab4_limits(struct check *check);
void lab4_python_limits(struct check *check);

/* lab4_semaphores_instructor.c, which no student has */
CHECK_HIDDEN(lab4_capacities);
CHECK_HIDDEN(lab4_walk);
CHECK_HIDDEN(lab4_relay);

/* lab4_trust.c: numbers that nobody may believe, and names that lead elsewhere */
void lab4_distrust(struct check *check);
void lab4_python_distrust(struct check *check);
void lab4_younger(struct check *check);
void lab4_python_last_out(struct check *check);

/* What nobody has taken is lost with the objects: the last one out tells how many. */
void lab4_lost(struct check *check);

#endif
