/*
 * Lab 3, challenge: two mailboxes in one System V segment, so that messages go both ways.
 *
 *  - ping sends number n through `ping`, and waits for its answer in `pong`;
 *  - pong takes number n out of `ping`, gives that box back, and answers with the same number through `pong`.
 *
 * Each box keeps mailbox.h's protocol, with the sides exchanged in the second. Ping creates the segment and
 * removes it, pong retries until it is there.
 */
#ifndef LAB3_PING_PONG_H
#define LAB3_PING_PONG_H

#include "shmlab/mailbox.h"

enum { PING_PONG_KEY_ID = 80 }; /* 'P'; the path is MAILBOX_KEY_PATH */

#define PING_FORMAT "Ping #%d"
#define PONG_FORMAT "Pong #%d"

struct ping_pong {
    struct mailbox ping; /* to the program that answers */
    struct mailbox pong; /* back */
};

_Static_assert(offsetof(struct ping_pong, pong) == 108, "pong is at 108");
_Static_assert(sizeof(struct ping_pong) == 216, "both mailboxes are 216 bytes");

#endif
