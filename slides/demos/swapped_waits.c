/*
 * Lab 4: two sem_wait lines in the wrong order. The buffer is full; the producer takes MUTEX and then waits
 * for room; the consumer, who could make room, waits for MUTEX. Nobody is wrong alone, together they stand
 * still.
 */
#define _GNU_SOURCE /* sem_clockwait */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "demo.h"
#include "shmlab/clock.h"
#include "shmlab/error.h"

enum { SLOTS = 2, PATIENCE_SECONDS = 2 };

struct buffer {
    sem_t empty, full, mutex;
    sem_t producer_has_mutex; /* makes certain what is otherwise a matter of luck */
};

/* sem_wait with an end: a reader of these slides should get the prompt back. */
static void wait_for(const char *who, const char *name, sem_t *semaphore)
{
    struct deadline deadline = deadline_in(PATIENCE_SECONDS);
    struct timespec end = deadline_timespec(&deadline);

    if (sem_clockwait(semaphore, CLOCK_MONOTONIC, &end) == 0) {
        printf("%s has %s\n", who, name);
        fflush(stdout);
        return;
    }
    printf("%s still waits for %s after %d seconds\n", who, name, PATIENCE_SECONDS);
    fflush(stdout);
    _Exit(EXIT_FAILURE);
}

/* slide:swapped */
static void producer_work(void *memory)
{
    struct buffer *buffer = memory;

    wait_for("producer", "MUTEX", &buffer->mutex); /* these two lines ... */
    sem_post(&buffer->producer_has_mutex);
    wait_for("producer", "EMPTY", &buffer->empty); /* ... are in the wrong order */
}

static void consumer_work(void *memory)
{
    struct buffer *buffer = memory;

    sem_wait(&buffer->producer_has_mutex);
    wait_for("consumer", "FULL", &buffer->full);
    wait_for("consumer", "MUTEX", &buffer->mutex);
}
/* slide:end */

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Wait for MUTEX before EMPTY, with a full buffer.");
    struct buffer *buffer = demo_share(sizeof *buffer);

    if (sem_init(&buffer->empty, 1, 0) == -1 || sem_init(&buffer->full, 1, SLOTS) == -1 ||
        sem_init(&buffer->mutex, 1, 1) == -1 || sem_init(&buffer->producer_has_mutex, 1, 0) == -1)
        return error_report_errno(NULL, "sem_init");
    printf("the buffer is full: EMPTY 0, FULL %d, MUTEX 1\n", SLOTS);
    pid_t producer = demo_child(producer_work, buffer);
    pid_t consumer = demo_child(consumer_work, buffer);
    demo_await(producer);
    demo_await(consumer);
    return EXIT_FAILURE;
}
