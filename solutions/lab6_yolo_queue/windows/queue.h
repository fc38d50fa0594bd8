/*
 * Lab 6's queue on Windows: the same bytes as ../queue.h, other objects underneath. On Linux, and here:
 *
 *  - shm_open, ftruncate, mmap: CreateFileMapping and MapViewOfFile, Local\P_QUEUE_SHM
 *  - sem_open, sem_clockwait, sem_post: CreateSemaphore, WaitFor..., ReleaseSemaphore, Local\P_EMPTY and
 * Local\P_FULL
 *  - the semaphore that begins with 1: a mutex, Local\P_MUTEX, which has an owner, and tells of one that died
 *  - a lock on a byte of the object: a mutex for each role, Local\P_PRODUCER and Local\P_CONSUMER
 *  - a look at the peer every 50 ms: one wait for the frame, the peer's end and Ctrl-C
 *  - shm_unlink, sem_unlink: nothing, for an object goes with its last handle and view
 *
 * The two role mutexes are ours; a program that follows the documents only needs none of them, and is never
 * seen as present.
 */
#ifndef LAB6_WINDOWS_QUEUE_H
#define LAB6_WINDOWS_QUEUE_H

#include <stdbool.h>

#include "shmlab/windows.h"
#include "shmlab/yolo_queue.h"

enum { QUEUE_NAME_CAPACITY = 256 };

enum queue_end {
    QUEUE_DONE,    /* the slot is yours */
    QUEUE_STOPPED, /* Ctrl-C and the like */
    QUEUE_TIMEOUT,
    QUEUE_ENDED,  /* consumer: the producer has ended, everything was read */
    QUEUE_DIED,   /* consumer: the producer died, everything that it published was read */
    QUEUE_GONE,   /* producer: the consumer has ended or died; told once, what it left was put right */
    QUEUE_FAILED, /* a message was printed */
};

struct queue {
    char prefix[QUEUE_NAME_CAPACITY];
    bool producer;
    HANDLE mapping, empty, full, mutex, role, peer, stop;
    bool peer_seen; /* producer: a consumer holds its role, so its end can be waited for */
    bool peer_died; /* consumer: the producer's role came from a dead process */
    bool abandoned; /* MUTEX came from a dead process at least once */
    struct yolo_queue *shared;
};

/* Producer: make the four objects. `stop` is windows_stop_event()'s. Returns 0, or 1 after a message. */
int queue_create(struct queue *queue, const char *prefix, HANDLE stop);

/* Consumer: open them, waiting for so many seconds. Returns 0, or 1 after a message. */
int queue_attach(struct queue *queue, const char *prefix, HANDLE stop, double seconds);

/* Producer: the slot to be filled; then publish it. */
enum queue_end queue_acquire_free(struct queue *queue, struct queue_slot **slot, double seconds);
enum queue_end queue_publish(struct queue *queue);

/* Consumer: the slot to be read; then give it back. */
enum queue_end queue_acquire_full(struct queue *queue, const struct queue_slot **slot, double seconds);
enum queue_end queue_release(struct queue *queue);

/* Producer: wait until everything is read, or a consumer is there, which keeps the objects alive while it
 * reads. */
enum queue_end queue_drain(struct queue *queue, double seconds);

/* Either side; returns the number of frames that nobody will read (a producer without a consumer). */
int queue_close(struct queue *queue);

#endif
