/*
 * The circular queue of lab 6 as a program uses it. The bytes and the protocol are in shmlab/yolo_queue.h.
 *
 *     producer                                     consumer
 *     queue_create                                 queue_attach
 *     slot = queue_acquire_free                    slot = queue_acquire_full
 *     fill *slot in place                          use *slot in place
 *     queue_publish                                queue_release
 *     queue_close                                  queue_close
 *
 * Between acquire and publish (release) the slot belongs to the caller alone, and no lock is held: that is
 * right for one producer and one consumer, and only for them. With two producers the first could take slot 0,
 * the second slot 1 and be ready sooner, and its post of FULL would send the consumer to the unfinished slot
 * 0. So each role is taken once.
 */
#ifndef LAB6_QUEUE_H
#define LAB6_QUEUE_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shmlab/yolo_queue.h"

enum { QUEUE_NAME_CAPACITY = 256 };

enum queue_end {
    QUEUE_DONE,    /* the slot is yours */
    QUEUE_STOPPED, /* a signal asked us to end */
    QUEUE_TIMEOUT, /* the queue stayed full (empty) for the whole time */
    QUEUE_ENDED,   /* consumer: the producer has ended and everything was read */
    QUEUE_DIED,    /* consumer: the producer died without cleaning up, and everything was read */
    QUEUE_GONE,    /* producer: the consumer has gone; said once, further calls wait for the next one */
    QUEUE_STUCK,   /* MUTEX stayed taken for long, though nobody is known to be dead */
};

struct queue {
    char shm_name[QUEUE_NAME_CAPACITY];
    char empty_name[QUEUE_NAME_CAPACITY];
    char full_name[QUEUE_NAME_CAPACITY];
    char mutex_name[QUEUE_NAME_CAPACITY];
    int fd; /* of the shared memory object; carries our presence */
    bool producer;
    bool peer_seen; /* the other side was there when we looked last */
    bool known;     /* consumer: the producer has noticed us */
    bool spin;      /* there is more than one CPU: a peer can answer while we spin */
    struct yolo_queue *shared;
    sem_t *empty, *full, *mutex;
};

/*
 * Producer: make the four objects. Those that a dead producer left behind are made again; those of a living
 * one are refused. Returns 0, or 1 after a message.
 */
int queue_create(struct queue *queue, const char *prefix, mode_t mode);

/* The same for a producer that knows the names of its classes: it says their mark (shmlab/names_mark.h). */
int queue_create_named(struct queue *queue, const char *prefix, mode_t mode, uint32_t mark);

/* Consumer: wait for a producer's objects at most that many seconds. Returns 0, or 1 after a message. */
int queue_attach(struct queue *queue, const char *prefix, double seconds);

/* Wait for a free slot at most that many seconds. QUEUE_DONE with *slot, to be filled in place. */
enum queue_end queue_acquire_free(struct queue *queue, struct queue_slot **slot, double seconds);

/* Hand over the slot that queue_acquire_free gave last. QUEUE_DONE or QUEUE_STUCK. */
enum queue_end queue_publish(struct queue *queue);

/* Wait for a frame at most that many seconds. QUEUE_DONE with *slot, to be used in place; trust nothing in
 * it. */
enum queue_end queue_acquire_full(struct queue *queue, const struct queue_slot **slot, double seconds);

/* Give back the slot that queue_acquire_full gave last; no pointer into it may be used any more. As
 * queue_publish. */
enum queue_end queue_release(struct queue *queue);

/* Does the name still lead to this queue? If not, somebody has removed it, and no consumer can come any more.
 */
bool queue_named(const struct queue *queue);

/* Is the other side there? */
bool queue_peer_present(const struct queue *queue);

/* Producer: wait until everything was read, a consumer is there that will, or none can come, at most that
 * many seconds. */
enum queue_end queue_drain(struct queue *queue, double seconds);

/*
 * Leave. The producer removes the four objects (an attached consumer keeps its mapping and reads on), and a
 * consumer does so for a producer that died. Returns the number of frames that nobody will read.
 */
int queue_close(struct queue *queue);

#endif
