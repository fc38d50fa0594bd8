/*
 * Lab 3: the mailbox, one message and a flag in a System V segment.
 *
 *     writer: wait until ready is false, fill counter and message, set ready
 *     reader: wait until ready is true, copy counter and message, clear ready
 *
 * The side that sees the flag in its own state owns counter and message; nobody else may touch them. The writer
 * creates the segment and removes it, the reader retries until it is there.
 */
#ifndef SHMLAB_MAILBOX_H
#define SHMLAB_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shmlab/atomic.h"

#define MAILBOX_KEY_PATH "/tmp" /* ftok(path, id) */
#define MAILBOX_KEY_ID   65     /* 'A' */

enum {
    MAILBOX_MESSAGE_CAPACITY = 100, /* bytes, the terminating NUL included */
    MAILBOX_MESSAGES = 5,           /* how many messages a run passes by default */
};

#define MAILBOX_MESSAGE_FORMAT "Message #%d from Writer Process (PID: %d)"

/* slide:mailbox */
struct mailbox {
    int32_t counter;                        /* number of the message, from 1 */
    char message[MAILBOX_MESSAGE_CAPACITY]; /* NUL-terminated */
    _Atomic(bool) ready;                    /* true: the reader's, false: the writer's */
};
/* slide:end */

_Static_assert(offsetof(struct mailbox, counter) == 0, "counter is at 0");
_Static_assert(offsetof(struct mailbox, message) == 4, "message is at 4");
_Static_assert(offsetof(struct mailbox, ready) == 104, "ready is at 104");
_Static_assert(sizeof(_Atomic(bool)) == 1, "the flag is one byte");
_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "a flag with a hidden lock would not work across processes");
_Static_assert(sizeof(struct mailbox) == 108, "the mailbox is 108 bytes");

#endif
