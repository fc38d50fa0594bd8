/*
 * The second challenge of lab 5: a snapshot without a name. The giver makes an object that has a descriptor
 * only, seals it, and sends the descriptor over a UNIX socket; the taker looks at the seals and may then
 * believe that nobody, the giver included, will ever shrink or change what it has.
 *
 *     giver: memfd_create, size, snapshot, seals; accept; one message with one descriptor; close both
 *     taker: connect; one message with one descriptor; seals and size; map or read it; close it
 *
 * There is no name that a stranger could take first, nothing that stays behind, no half-made object that a
 * reader could meet, and no SIGBUS. memfd_create(2), unix(7) "SCM_RIGHTS", fcntl(2) "File Sealing": Linux's
 * own.
 */
#ifndef LAB5_HANDOVER_H
#define LAB5_HANDOVER_H

#include <stdint.h>

#include "shmlab/snapshot.h"

#define HANDOVER_SOCKET "hand.sock" /* of kind SOCK_SEQPACKET: a message arrives whole, or not at all */
#define HANDOVER_MAGIC  UINT32_C(0x444E4148) /* the bytes "HAND" */

enum { HANDOVER_VERSION = 1 };

/* The message. Beside it, as ancillary data, there is one descriptor of an object of sizeof(struct snapshot)
 * bytes. */
struct handover {
    uint32_t magic;
    uint32_t version;
};

_Static_assert(sizeof(struct handover) == 8, "a hand-over's message is 8 bytes");

enum handover_end {
    HANDOVER_DONE,
    HANDOVER_FAILED,   /* a call has failed: see errno */
    HANDOVER_FOREIGN,  /* not this message, or not one descriptor with it */
    HANDOVER_UNSEALED, /* its giver could still shrink it or write to it */
    HANDOVER_SIZE,     /* the object is no snapshot */
};

/*
 * An object without a name that holds the snapshot and can neither shrink, grow nor change: F_SEAL_SHRINK,
 * F_SEAL_GROW, F_SEAL_WRITE; nor get other seals: F_SEAL_SEAL. Returns its descriptor, or -1 with errno.
 */
int handover_make(const struct snapshot *snapshot);

/* Send the message and the descriptor, in one sendmsg(2). The descriptor stays ours, too. Returns 0 or -1
 * with errno. */
int handover_send(int connection, int fd);

/*
 * Receive one message. HANDOVER_DONE: *fd is the descriptor, close-on-exec. Otherwise every descriptor that
 * came is closed again: a giver must not be able to fill our table.
 */
enum handover_end handover_receive(int connection, int *fd);

/* Copy the snapshot out of the object, if its seals and its size are right. The descriptor stays open. */
enum handover_end handover_take(int fd, struct snapshot *snapshot);

#endif
