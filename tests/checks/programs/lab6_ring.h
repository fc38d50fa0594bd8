/*
 * What the peers of lab 6's rings have in common: lab6_spsc.c, lab6_fanout.c and lab6_record.c take one step
 * of a student's ring when told. Commands come on standard input, one a line; each answer is a line that
 * begins with "> ".
 */
#ifndef CHECKS_LAB6_RING_H
#define CHECKS_LAB6_RING_H

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { RING_LINE = 256 };
static const time_t ring_patience_seconds = 5; /* without any progress */

/* Map a POSIX object; with O_CREAT in flags it is made where it is not there yet, and then it is all zero.
 * NULL: there is none. */
static inline void *ring_map(const char *name, int flags, size_t size)
{
    int fd = shm_open(name, flags, 0600);
    void *ring = MAP_FAILED;

    if (fd != -1 && ((flags & O_CREAT) == 0 || ftruncate(fd, (off_t)size) == 0))
        ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd != -1)
        close(fd);
    return ring != MAP_FAILED ? ring : NULL;
}

/* The ring is the object that argv[1] names, which the check has made. */
static inline int ring_serve(int argc, char **argv, size_t size, void (*command)(void *ring, const char *line))
{
    char line[RING_LINE];
    void *ring = argc > 1 ? ring_map(argv[1], O_RDWR, size) : NULL;

    if (ring == NULL) {
        fprintf(stderr, "%s: there is no ring\n", argv[0]);
        return EXIT_FAILURE;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        command(ring, line);
        fflush(stdout);
    }
    munmap(ring, size);
    return EXIT_SUCCESS;
}

/* The number after a command, or -1: the line is another command. */
static inline long ring_number(const char *line, const char *command)
{
    size_t length = strlen(command);

    return strncmp(line, command, length) == 0 && line[length] == ' ' ? atol(line + length) : -1;
}

/* Between two tries of the same step: let others run. False when there was no progress for too long; `begin`
 * is 0 at the first try. */
static inline bool ring_turn(time_t *begin)
{
    struct timespec now;

    sched_yield();
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (*begin == 0)
        *begin = now.tv_sec;
    return now.tv_sec <= *begin + ring_patience_seconds;
}

#endif
