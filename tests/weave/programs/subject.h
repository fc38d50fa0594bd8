/*
 * What the subjects of weave's tests share: a segment, failing, named semaphores.
 *
 * A subject is one program that plays a role named by its first argument. The comment at its top says how to
 * run it and what weave must find; a line marked MISTAKE is one of the places that the report must name. See
 * ../subjects.py.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGES = 5, TEXT = 48 };

static inline void *subject_map(int descriptor, size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

/* The same zeroed segment for whoever asks, in any order. */
static inline void *subject_share(size_t size)
{
    int descriptor = shm_open("/subject", O_RDWR | O_CREAT, 0600);
    if (descriptor < 0 || ftruncate(descriptor, (off_t)size) != 0) {
        perror("shm_open");
        exit(1);
    }
    return subject_map(descriptor, size);
}

static inline sem_t *subject_semaphore(const char *name, unsigned value)
{
    sem_t *semaphore = sem_open(name, O_CREAT, 0600, value);
    if (semaphore == SEM_FAILED) {
        perror("sem_open");
        exit(1);
    }
    return semaphore;
}

static inline bool subject_role(char **arguments, const char *role)
{
    return arguments[1] != NULL && strcmp(arguments[1], role) == 0;
}

static inline void subject_check(bool right, const char *what)
{
    if (!right) {
        fprintf(stderr, "wrong: %s\n", what);
        exit(1);
    }
}

/* Ends a child like its parent would, and collects it. */
static inline int subject_join(pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return 1;
    return WEXITSTATUS(status);
}

#endif
