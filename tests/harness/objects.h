/*
 * Shared memory and semaphores as the judge sees them: facts, copies of the bytes, and objects of its own for
 * the programs to meet. Everything that is created or mapped here is taken back when the check ends.
 */
#ifndef HARNESS_OBJECTS_H
#define HARNESS_OBJECTS_H

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "check.h"

/* Facts about a segment or object of shared memory. */
struct object {
    bool exists;
    int id;                 /* System V only */
    size_t size;            /* bytes */
    unsigned mode;          /* access bits, 0 to 0777 */
    unsigned long attached; /* System V only */
    pid_t creator;          /* System V only */
};

/* System V, by key as the programs take it on the command line. */
struct object sysv_look(struct check *check, const char *key);
/* Fail: what was expected is not there, and say what is instead: a segment that may not be opened, or one that a
 * program has marked for removal. */
_Noreturn void sysv_missing(struct check *check, const char *key, const char *expected);
/* Copy `size` bytes; fails the check when there is no such segment or it is smaller. */
const unsigned char *sysv_copy(struct check *check, const char *key, size_t size);
/* Create a segment (all zero), as a stale one that the program meets; the same key is tracked already. Its id. */
int sysv_create(struct check *check, const char *key, size_t size, unsigned mode);
/* Attach an existing segment for reading and writing until the check ends or sysv_detach. */
void *sysv_attach(struct check *check, const char *key);
void sysv_detach(struct check *check, void *address);
/* Remove it, when it is there. */
void sysv_remove(struct check *check, const char *key);

/* POSIX shared memory, by name ("/..."). */
struct object posix_look(struct check *check, const char *name);
const unsigned char *posix_copy(struct check *check, const char *name, size_t size);
/* Create an object of that size (all zero) and map it. */
void *posix_create(struct check *check, const char *name, size_t size, unsigned mode);
/* Map an object that a program made, for reading and writing. Fails the check when it is missing or smaller. */
void *posix_map(struct check *check, const char *name, size_t size);
void posix_remove(struct check *check, const char *name);
/* An object of this name is meant to outlive the program that makes it: what is left of it is no leak. */
void posix_outlives(struct check *check, const char *name);

/* Fail, or say that this machine cannot judge it, when /dev/shm has no room for that many bytes and one more object. */
void object_full_require(struct check *check, size_t size);

/* POSIX semaphores, by name ("/..."). */
bool semaphore_exists(struct check *check, const char *name);
/* Fail: there is none that can be opened. */
_Noreturn void semaphore_missing(struct check *check, const char *name);
/* Its value; fails the check when there is none. */
int semaphore_value(struct check *check, const char *name);
sem_t *semaphore_create(struct check *check, const char *name, unsigned value);
/* Open one that a program made; NULL when there is none. */
sem_t *semaphore_open(struct check *check, const char *name);
void semaphore_remove(struct check *check, const char *name);

#endif
