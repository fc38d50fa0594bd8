/*
 * A channel: one way to get messages from one process to another. All are used through the same few
 * functions, so that each row of the benchmark does the same work and only the channel differs.
 *
 *     coordinator     open                                      close
 *                        \                                     /
 *     side A              fork - join - send, receive ... - leave
 *     side B              fork - join - receive, send ... - leave
 *
 * A channel either carries messages (send, receive), or lends its memory (acquire, publish; take, release) so
 * that messages are made and used in place; one that lends carries as well, see channel_carry_send.
 *
 * Every function that can fail returns false (NULL) with errno.
 */
#ifndef BENCH_CHANNEL_H
#define BENCH_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pair.h"

/* How a side waits for the other: fact 1 of the table. */
enum waits { WAITS_SPINNING, WAITS_SPINNING_THEN_BLOCKED, WAITS_BLOCKED };

struct channel;

/* One use of a channel. The processes have a copy each, made by fork. */
struct link {
    const struct channel *channel;
    enum side side;      /* of this process, set before join */
    bool answers;        /* every message is answered before the next one: the answer says that it was read */
    size_t size;         /* of the messages, in bytes */
    void *state;         /* the channel's own */
    const char *refusal; /* set by an open that fails because this machine is not fit for it: why, and what helps */
};

struct channel {
    const char *id;    /* how options and the JSON name it */
    const char *title; /* how the table names it */
    enum waits waits;
    const char *copies;  /* of every byte on its way from the sender's buffer to the receiver's */
    const char *touches; /* who touches the payload on the way */
    const char *package; /* Debian's name of what it needs; NULL: nothing */
    const char *absent;  /* not NULL: it cannot be measured here, and why */
    size_t piece;        /* bytes it carries at a time; 0: any number */
    size_t message;      /* bytes of a small message that it carries; 0: all MESSAGE_SIZE */
    int buffers;         /* that a sender must use in turn; 0: one, free again when send returns */
    const void *variant; /* for channels that share their functions */

    bool (*open)(struct link *link);
    bool (*join)(struct link *link); /* may be NULL */
    bool (*send)(struct link *link, const void *message, size_t size);
    bool (*receive)(struct link *link, void *message, size_t size);
    void (*leave)(struct link *link); /* may be NULL */
    void (*close)(struct link *link); /* also after an open that failed, and after sides that were killed */

    void *(*acquire)(struct link *link); /* the next free slot, to be filled in place */
    bool (*publish)(struct link *link);
    const void *(*take)(struct link *link); /* the next full slot, to be used in place */
    bool (*release)(struct link *link);
};

/* Carry a message through a channel that lends its memory: copy it in, copy it out. */
bool channel_carry_send(struct link *link, const void *message, size_t size);
bool channel_carry_receive(struct link *link, void *message, size_t size);

/* All channels, NULL at the end. */
extern const struct channel *const channels[];

/* channel_mailbox.c: one slot each way in shared memory, and a bell that says that it is full */
extern const struct channel channel_flag, channel_flag_line, channel_futex, channel_semaphore, channel_semaphore_spin,
    channel_condition, channel_sysv_semaphore;
/* channel_pipe.c */
extern const struct channel channel_pipe, channel_pipe_large, channel_pipe_vmsplice, channel_fifo;
/* channel_socket.c */
extern const struct channel channel_unix_stream, channel_unix_seqpacket, channel_unix_datagram, channel_tcp;
/* channel_queue.c: the kernel's message queues */
extern const struct channel channel_posix_queue, channel_sysv_queue;
/* channel_vm.c */
extern const struct channel channel_vm_readv;
/* channel_lab6.c: five slots, two semaphores and a lock in various places; and the reference solution */
extern const struct channel channel_lab6_documented, channel_lab6_index_lock, channel_lab6_no_lock;
extern const struct channel channel_lab6_reference;
/* channel_ring.c: five slots, one producer, one consumer, no lock */
extern const struct channel channel_ring, channel_ring_sleep, channel_ring_sequence, channel_bare_index,
    channel_bare_sequence;
/* channel_zeromq.c, channel_nng.c, channel_boost.c, channel_dbus.c, channel_iceoryx.c: what others made */
extern const struct channel channel_zeromq, channel_nng, channel_boost_queue, channel_boost_ring, channel_dbus,
    channel_iceoryx, channel_iceoryx_sleep;

#endif
