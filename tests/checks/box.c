/* See box.h. */
#define _POSIX_C_SOURCE 200809L
#include "box.h"

#include <string.h>

bool box_full(const struct mailbox *box)
{
    return atomic_load_explicit(&box->ready, memory_order_acquire);
}

void box_fill(struct mailbox *box, int32_t counter, const char *message)
{
    box->counter = counter;
    memset(box->message, 0, sizeof box->message);
    memcpy(box->message, message, strnlen(message, sizeof box->message));
}

void box_put(struct mailbox *box, int32_t counter, const char *message)
{
    box_fill(box, counter, message);
    atomic_store_explicit(&box->ready, true, memory_order_release);
}

void box_give_back(struct mailbox *box)
{
    atomic_store_explicit(&box->ready, false, memory_order_release);
}
