/*
 * Lab 6: checks that only instructors have. They ask what the public ones ask, in orders that no student has read.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "lab6_queue.h"
#include "objects.h"
#include "peers.h"

/* A drawn order of frames in and out, both sides the student's. */
void lab6_walk(struct check *check)
{
    enum { STEPS = 40 };
    struct queue_names names = queue_names_make(check);
    uint64_t seed = seed_draw(check);
    int written = 0, done = 0;

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("));
    srandom((unsigned)getpid());
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    for (int step = 0; step < STEPS; step++) {
        const char *when = check_text(check, "with %d frames written and %d read,", written, done);
        int unread = written - done;
        if (unread == 0 || (unread < QUEUE_SLOTS && random() % 2 == 0))
            produce_step(producer, ++written, when);
        else
            consume_step(consumer, ++done, when);
        queue_step_require(check, &names, shared, when, queue_state_after(written, done));
    }
    peer_end(consumer);
    peer_end(producer);
}

/* One stream after another under the same names: nothing of the first is in the second. */
void lab6_again(struct check *check)
{
    struct queue_names names = queue_names_make(check);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "objects_create("));
    for (int turn = 1; turn <= 3; turn++) {
        uint64_t seed = seed_draw(check);
        struct program *producer = peer_create(check, &names, seed);
        struct program *consumer = peer_join(producer, &names, seed);
        for (int frame = 1; frame <= turn + 1; frame++)
            produce_step(producer, frame, check_text(check, "in stream %d", turn));
        for (int frame = 1; frame <= turn + 1; frame++)
            consume_step(consumer, frame, check_text(check, "in stream %d", turn));
        peer_end(consumer);
        peer_end(producer);
        queue_none_require(check, &names, check_text(check, "after stream %d", turn));
    }
}

/* The student's producer, and a consumer that knows the documents only, in a drawn order. */
void lab6_strangers(struct check *check)
{
    enum { STEPS = 30 };
    struct queue_names names = queue_names_make(check);
    uint64_t seed = seed_draw(check);
    int written = 0, done = 0;

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("));
    srandom((unsigned)getpid());
    struct program *producer = peer_create(check, &names, seed);
    struct foreign consumer = foreign_open(check, names);
    for (int step = 0; step < STEPS; step++) {
        int unread = written - done;
        if (unread == 0 || (unread < QUEUE_SLOTS && random() % 2 == 0)) {
            written++;
            produce_step(producer, written, check_text(check, "as frame %d, with %d read,", written, done));
            continue;
        }
        done++;
        foreign_pop(&consumer, pattern_make(check, seed, done), check_text(check, "frame %d", done));
    }
    peer_end(producer);
}
