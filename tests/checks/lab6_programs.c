/* Lab 6, the circular queue: the programs as they are run, and beside peers that know the documents only. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lab6_queue.h"
#include "objects.h"
#include "peers.h"
#include "shmlab/scene.h"

/* The consumer has read that many frames and ends. */
static void stream_require(struct program *consumer, int frames)
{
    struct check *check = consumer->check;

    program_expect(consumer, check_text(check, "%d frames (1 to %d)", frames, frames));
    REQUIRE(check, !program_said(consumer, "gap"), .expected = "frame numbers without a gap",
            .found = program_output(consumer));
    program_ends(consumer, 0);
}

static void pair_run(struct check *check, const char *consumer_name, bool consumer_first)
{
    struct queue_names names = queue_names_make(check);
    bool python = strcmp(consumer_name, PYTHON) == 0;
    const char *const argv[] = {
        consumer_name,          "--prefix", names.prefix, "--timeout", ENDLESS, python ? "--view" : "--quiet",
        python ? "none" : NULL, NULL};
    struct program *consumer = NULL;

    if (consumer_first) {
        consumer = check_start(check, argv);
        program_expect(consumer, "waiting for a producer");
    }
    struct program *producer = START(check, PRODUCER(names, "--timeout", ENDLESS, "--frames", "23"));
    if (!consumer_first) {
        program_expect(producer, "frame 5:");
        consumer = check_start(check, argv);
    }
    stream_require(consumer, 23);
    program_ends(producer, 0);
}

void lab6_both_orders(struct check *check)
{
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_full("),
           .cause = "frames that are lost or read twice between the first and the last, an end that nobody "
                    "notices, or a producer that never looks (peer_lost) whether its consumer is there",
           .next = "run producer and consumer in two terminals, each first once");
    pair_run(check, "consumer", true);
    pair_run(check, "consumer", false);
}

/* consumer.py comes second, to a peer that streams: the producer needs longer for its start than for its work. */
static void python_later(struct check *check)
{
    enum { FRAMES = 23 };
    struct queue_names names = queue_names_make(check);
    struct program *producer = peer_create(check, &names, 1);

    peer_tell(producer, "stream produce 1 %d 1 0 " ENDLESS, FRAMES);
    AWAIT(check, semaphore_value(check, names.full) == QUEUE_SLOTS, "the queue is full");
    struct program *consumer = START(check, PYTHON, "--prefix", names.prefix, "--timeout", ENDLESS, "--view", "none");
    peer_require(producer, "the producer's stream ends with", peer_answer(producer),
                 check_text(check, "done %d", FRAMES));
    peer_end(producer);
    stream_require(consumer, FRAMES);
}

void lab6_python_pair(struct check *check)
{
    ADVISE(check, .file = PYTHON, .line = check_line(check, PYTHON, "def acquire"),
           .cause = "frames that are lost or read twice between the first and the last, an end that nobody "
                    "notices, or a producer that never looks (peer_lost) whether its consumer is there",
           .next = "run producer and consumer.py in two terminals, each first once");
    pair_run(check, PYTHON, true);
    python_later(check);
}

static const char *slot_file(struct check *check, const struct queue_slot *slot)
{
    const char *path = check_text(check, "%s/frame_%d", check_scratch(check), (int)slot->frame_id);
    FILE *file = fopen(path, "we");

    if (file == NULL || fwrite(slot, sizeof *slot, 1, file) != 1 || fclose(file) != 0)
        check_broken(check, "cannot write %s", path);
    return path;
}

/* Python writes, C reads: seven frames, so that the ring wraps around. */
static void documented_python(struct check *check)
{
    enum { FRAMES = QUEUE_SLOTS + 2 };
    uint64_t seed = seed_draw(check);
    struct foreign foreign = foreign_create(check, 0);
    const char *argv[FRAMES + 3] = {PROGRAMS "lab6_producer.py", foreign.names.prefix};

    check_note(check, "the producer is a Python program, written from the protocol in yolo_queue.h");
    for (int frame = 1; frame <= FRAMES; frame++)
        argv[frame + 1] = slot_file(check, pattern_make(check, seed, frame));
    struct program *peer = peer_attach(check, &foreign.names, seed);
    struct program *producer = check_start(check, argv);
    for (int frame = 1; frame <= FRAMES; frame++)
        consume_step(peer, frame, "with a producer in Python,");
    program_ends(producer, 0);
    peer_end(peer);
    foreign_remove(&foreign);
}

void lab6_documented(struct check *check)
{
    enum { FRAMES = 12, SEED = 7 };
    struct queue_names names = queue_names_make(check);
    struct scene *scene = scene_open(QUEUE_WIDTH, QUEUE_HEIGHT, SEED);
    struct queue_slot *expected = check_memory(check, sizeof *expected);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .cause = "a protocol that only its own other half understands",
           .next = "compare the steps with the box in shmlab/yolo_queue.h: names, values, order");
    if (scene == NULL)
        check_broken(check, "no memory for a scene");
    check_note(check, "the check is the consumer, written from the protocol in yolo_queue.h");
    struct program *producer =
        START(check, PRODUCER(names, "--timeout", ENDLESS, "--source", "scene:7", "--frames", "12"));
    struct foreign foreign = foreign_open(check, names);
    for (int frame = 1; frame <= FRAMES; frame++) {
        struct frame picture = {.width = QUEUE_WIDTH, .height = QUEUE_HEIGHT, .pixels = expected->pixels};
        memset(expected->detections, 0, sizeof expected->detections);
        pattern_header(expected, frame, scene_render(scene, frame - 1, &picture, expected->detections));
        foreign_pop(&foreign, expected, check_text(check, "frame %d", frame));
    }
    program_ends(producer, 0);
    scene_close(scene);
}

void lab6_documented_consumer(struct check *check)
{
    enum { FRAMES = 12 };
    uint64_t seed = seed_draw(check);
    struct foreign foreign = foreign_create(check, 0);
    int total = 0;

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_release("),
           .cause = "a protocol that only its own other half understands",
           .next = "compare the steps with the box in shmlab/yolo_queue.h: names, values, order");
    check_note(check, "the check is the producer, written from the protocol in yolo_queue.h");
    struct program *consumer =
        START(check, "consumer", "--prefix", foreign.names.prefix, "--timeout", ENDLESS, "--quiet");
    for (int frame = 1; frame <= FRAMES; frame++) {
        const struct queue_slot *slot = pattern_make(check, seed, frame);
        total += slot->num_detections;
        foreign_push(&foreign, slot);
    }
    int unread = -1;
    AWAIT(check, sem_getvalue(foreign.empty, &unread) == 0 && unread == QUEUE_SLOTS, "every slot was given back");
    foreign_remove(&foreign);
    const char *sum = check_text(check, "%d", total);
    check_varies(check, "detections", sum);
    program_expect(consumer, check_text(check, "12 frames (1 to 12), %s detections", sum));
    program_ends(consumer, 0);
    documented_python(check);
}
