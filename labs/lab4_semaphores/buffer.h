/*
 * The bounded buffer of lab 4 as a program uses it: open, put, get, close. The bytes are in
 * shmlab/bounded_buffer.h.
 */
#ifndef LAB4_BUFFER_H
#define LAB4_BUFFER_H

#include <semaphore.h>
#include <stdbool.h>
#include <sys/types.h>

#include "shmlab/bounded_buffer.h"

enum { BUFFER_NAME_CAPACITY = 256 };

enum buffer_end {
    BUFFER_DONE,    /* the message was put, or got */
    BUFFER_STOPPED, /* a signal asked us to end */
    BUFFER_TIMEOUT, /* no free slot, or no message, within the time */
    BUFFER_STUCK,   /* MUTEX stayed taken for the whole time: a process died, or was stopped, while it held it
                     */
};

struct buffer {
    char shm_name[BUFFER_NAME_CAPACITY];
    char empty_name[BUFFER_NAME_CAPACITY];
    char full_name[BUFFER_NAME_CAPACITY];
    char mutex_name[BUFFER_NAME_CAPACITY];
    int fd;      /* of the shared memory object; carries our presence */
    bool unheld; /* there was a buffer that nobody holds: stale, or of a program that takes no lock */
    size_t size;
    unsigned capacity; /* as it was checked: what is in the header now may be anything */
    struct bounded_buffer *shared;
    sem_t *empty, *full, *mutex;
};

/*
 * Producers: create the four objects, or join those that are there. capacity 0: BUFFER_CAPACITY slots for a
 * new buffer, any number for one that is there. Objects without any living user are made again. Returns 0, or
 * 1 after a message.
 */
int buffer_create(struct buffer *buffer, const char *prefix, unsigned capacity, mode_t mode);

/* Consumers: wait for the objects at most that many seconds. Returns 0, or 1 after a message. */
int buffer_join(struct buffer *buffer, const char *prefix, double seconds);

/* Put a message in, get the oldest one out; wait for room, or for a message, at most that many seconds. */
enum buffer_end buffer_put(struct buffer *buffer, const struct buffer_message *message, double seconds);
enum buffer_end buffer_get(struct buffer *buffer, struct buffer_message *message, double seconds);

/* Is any other process attached? */
bool buffer_shared(const struct buffer *buffer);

/* Does the name still lead to this buffer? If not, somebody has removed it, and nobody else can come any
 * more. */
bool buffer_named(const struct buffer *buffer);

/* Wait until the buffer is empty, somebody else is attached who may empty it, or nobody can come, at most
 * that long. */
enum buffer_end buffer_drain(struct buffer *buffer, double seconds);

/* Leave. The last one out removes the four objects; returns how many messages were lost with them. */
unsigned buffer_close(struct buffer *buffer);

#endif
