/* A mailbox of lab 3, from the other side: its protocol as the checks keep it. */
#ifndef CHECKS_BOX_H
#define CHECKS_BOX_H

#include "shmlab/mailbox.h"

/* acquire: pairs with the release of the program under test; who sees true sees the message as well. */
bool box_full(const struct mailbox *box);

/* Fill it, ready is left alone. The message may be of 100 bytes without a NUL; after a shorter one all is zero. */
void box_fill(struct mailbox *box, int32_t counter, const char *message);

/* Fill it and hand it over. */
void box_put(struct mailbox *box, int32_t counter, const char *message);

void box_give_back(struct mailbox *box);

#endif
