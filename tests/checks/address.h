/* The System V key that a check's programs share: nobody else's. */
#ifndef CHECKS_ADDRESS_H
#define CHECKS_ADDRESS_H

#include "check.h"

struct address {
    const char *path; /* for --key-path */
    const char *key;  /* for sysv_* */
};

/* key_id: what the programs under test pass to ftok(3), their --key-id. */
struct address address_draw(struct check *check, int key_id);

/* Is there a segment? Quieter than sysv_look, for use in AWAIT. */
bool address_there(const struct address *address);

/* How many processes are attached to it, 0 when there is none. */
unsigned long address_attached(const struct address *address);

#endif
