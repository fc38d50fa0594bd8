/*
 * Folders for what is needed for a while only: /tmp/shmlab.XXXXXX, or under TMPDIR.
 *
 * Whoever makes one holds a lock on it (flock(2)) as long as he lives, and his children with him; a folder
 * whose lock is free belongs to nobody any more: somebody was killed before he could remove it. `lab doctor`
 * tells of those.
 */
#ifndef HARNESS_SCRATCH_H
#define HARNESS_SCRATCH_H

#include <stddef.h>

#define SCRATCH_NAME "shmlab." /* and six characters */

struct scratch {
    char path[256];
    int lock; /* descriptor */
};

/* Make one in `base`, or where temporary files belong when that is NULL. Returns 0, or 1 after a message. */
int scratch_make(struct scratch *scratch, const char *base);

/* Remove a folder that was made inside one, with all that is in it. */
void scratch_clear(const char *path);

/* Remove it with all that is in it. */
void scratch_remove(struct scratch *scratch);

/* Call `tell` with the path of each folder of this user's that nobody holds. Returns how many there are. */
int scratch_abandoned(void (*tell)(const char *path, void *data), void *data);

#endif
