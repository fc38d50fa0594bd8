/*
 * Lab 4, challenge: a readers-writer lock on a set of three System V semaphores, all of which begin with 0.
 *
 *     RWLOCK_READERS   readers that are inside
 *     RWLOCK_WRITER    writers that are inside: 0 or 1, and 1 only while there is no reader
 *     RWLOCK_WAITING   writers that wait; as long as there is one, no further reader comes in
 *
 * semop(2) does all operations of one call at once, or waits until it can: "wait until READERS and WRITER are
 * 0, and make WRITER 1" is one step that nobody can come between. Whatever a process changes it changes with
 * SEM_UNDO, so that the kernel takes it back when the process is killed.
 */
#ifndef LAB4_RWLOCK_H
#define LAB4_RWLOCK_H

#include <sys/types.h>

enum { RWLOCK_READERS, RWLOCK_WRITER, RWLOCK_WAITING, RWLOCK_SEMAPHORES };

enum rwlock_end {
    RWLOCK_DONE,
    RWLOCK_STOPPED, /* a signal asked us to end */
    RWLOCK_TIMEOUT, /* somebody stayed inside for the whole time */
    RWLOCK_GONE,    /* the set was removed */
};

/* The set with this key, made if there is none. Returns its id, or -1 after a message. */
int rwlock_open(key_t key, mode_t mode);

/* Wait at most that many seconds. What does not end with RWLOCK_DONE leaves the lock as it was. */
enum rwlock_end rwlock_read_begin(int set, double seconds);
enum rwlock_end rwlock_write_begin(int set, double seconds);
void rwlock_read_end(int set);
void rwlock_write_end(int set);

#endif
