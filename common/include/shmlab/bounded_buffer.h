/*
 * Lab 4: the bounded buffer, for any number of producers and consumers.
 *
 * Three named POSIX semaphores guard it: EMPTY counts free slots (starts at the capacity), FULL counts
 * messages (starts at 0), MUTEX (starts at 1) is held while head, tail, count and a slot are touched.
 *
 * A producer:
 *  - waits for EMPTY, then for MUTEX;
 *  - fills slot[tail], sets tail = (tail + 1) % capacity, adds 1 to count;
 *  - posts MUTEX, then FULL.
 *
 * A consumer:
 *  - waits for FULL, then for MUTEX;
 *  - copies slot[head], sets head = (head + 1) % capacity, subtracts 1 from count;
 *  - posts MUTEX, then EMPTY.
 *
 * The names derive from a prefix P (default "shmlab"): shared memory /P_buffer, semaphores /P_empty, /P_full,
 * /P_mutex. Presence (presence.h): every attached process holds a shared lock on byte BUFFER_PRESENCE of the
 * shared memory object; the last one out removes the four objects.
 */
#ifndef SHMLAB_BOUNDED_BUFFER_H
#define SHMLAB_BOUNDED_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "shmlab/language.h"

#define BUFFER_PREFIX "shmlab"
#define BUFFER_MAGIC  UINT32_C(0x46554253) /* the bytes "SBUF" */

enum {
    BUFFER_VERSION = 1,
    BUFFER_CAPACITY = 8, /* slots, by default */
    BUFFER_CAPACITY_MAX = 1024,
    BUFFER_TEXT_CAPACITY = 56, /* bytes, the terminating NUL included */
    BUFFER_ITEMS = 10,         /* how many items a process passes by default */
    BUFFER_PRESENCE = 0,       /* lock byte: see presence.h */
};

#define BUFFER_TEXT_FORMAT "item %d of producer %d"

struct buffer_message {
    int32_t producer;                /* the producer's --id */
    int32_t sequence;                /* 1, 2, 3 ... within that producer */
    char text[BUFFER_TEXT_CAPACITY]; /* NUL-terminated, the rest zero */
};

struct bounded_buffer {
    uint32_t magic;        /* BUFFER_MAGIC, stored last: the buffer is complete */
    uint32_t version;      /* BUFFER_VERSION */
    uint32_t element_size; /* sizeof(struct buffer_message) */
    uint32_t capacity;     /* number of slots */
    uint32_t head;         /* slot that is read next */
    uint32_t tail;         /* slot that is written next */
    uint32_t count;        /* messages in the buffer */
    uint32_t reserved;     /* zero */
    SHMLAB_C99(struct buffer_message slots[];)
};

_Static_assert(sizeof(struct buffer_message) == 64, "a message is 64 bytes");
_Static_assert(offsetof(struct buffer_message, producer) == 0, "producer is at 0");
_Static_assert(offsetof(struct buffer_message, sequence) == 4, "sequence is at 4");
_Static_assert(offsetof(struct buffer_message, text) == 8, "text is at 8");
_Static_assert(offsetof(struct bounded_buffer, magic) == 0, "magic is at 0");
_Static_assert(offsetof(struct bounded_buffer, version) == 4, "version is at 4");
_Static_assert(offsetof(struct bounded_buffer, element_size) == 8, "element_size is at 8");
_Static_assert(offsetof(struct bounded_buffer, capacity) == 12, "capacity is at 12");
_Static_assert(offsetof(struct bounded_buffer, head) == 16, "head is at 16");
_Static_assert(offsetof(struct bounded_buffer, tail) == 20, "tail is at 20");
_Static_assert(offsetof(struct bounded_buffer, count) == 24, "count is at 24");
_Static_assert(offsetof(struct bounded_buffer, reserved) == 28, "reserved is at 28");
_Static_assert(offsetof(struct bounded_buffer, slots) == 32, "the slots begin at 32");

#endif
