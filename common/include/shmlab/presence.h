/*
 * Who is there? Locks on single bytes of a shared memory object's descriptor, one byte a role.
 *
 * The lock belongs to the open file description. The kernel drops it when the last descriptor and the last mapping made
 * through it are gone, SIGKILL included, so an unlocked byte proves that nobody holds the role; a process id in shared
 * memory could be stale or reused. A forked child has copies of both, and keeps its parent's role: a locked byte does
 * not prove that the process that claimed it lives. These are open file description locks (fcntl(2), "Open file
 * description locks"; Linux since 3.15, POSIX.1-2024). Only the byte's number matters: it need not be inside the
 * object, and its content is never touched. A program that follows only the documented protocol takes no such lock; it
 * is never seen as present, and must not be taken for dead.
 */
#ifndef SHMLAB_PRESENCE_H
#define SHMLAB_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shmlab/language.h"

SHMLAB_BEGIN_C

enum presence_kind {
    PRESENCE_SHARED,    /* many may hold the role at once; needs a readable descriptor */
    PRESENCE_EXCLUSIVE, /* one at a time; needs a writable descriptor */
};

/*
 * Take the role, or return at once when others stand in the way. Also turns a lock of ours of the other kind
 * into this one. Returns 0 or -1 with errno: EAGAIN, somebody else holds it.
 */
int presence_claim(int fd, int byte, enum presence_kind kind);

/* As presence_claim, but wait for the others; EINTR when a signal came. */
int presence_claim_wait(int fd, int byte, enum presence_kind kind);

/* Give the role up; closing the descriptor does so only when no mapping and no copy of it is left. Returns 0 or -1 with
 * errno. */
int presence_release(int fd, int byte);

/* 1: somebody else holds the role (of either kind); 0: nobody else does; -1 with errno. */
int presence_held(int fd, int byte);

/*
 * Say a number to everybody who has the object open, for as long as we have: a lock on byte 2^32 + number, far past the
 * roles. Nothing is stored anywhere, so nothing can be left behind. One number at a time. Returns 0 or -1 with errno.
 */
int presence_say(int fd, uint32_t number);

/* 1: somebody else says *number; 0: nobody does; -1 with errno. */
int presence_heard(int fd, uint32_t *number);

/* Does the name (still) lead to the object of fd, and not to none or to a younger one? */
bool presence_current(int fd, const char *name);

/*
 * Open the POSIX shared memory object `name`, create it (with exactly these access bits, the umask aside)
 * when there is none, and take the role exclusively, sure that the name leads to the object that is returned.
 * *created: false when the object was there already, left behind by somebody who is gone.
 * Returns a descriptor for reading and writing, or -1 with errno: EAGAIN, somebody holds the role.
 */
int presence_open(const char *name, mode_t mode, int byte, bool *created);

SHMLAB_END_C

#endif
