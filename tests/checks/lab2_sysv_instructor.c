/*
 * Lab 2: checks that only instructors have. They ask what the public ones ask, with sizes, values and an order that no
 * student has read. The draws are the same in every run, so that a tree has one verdict.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lab2_sysv.h"
#include "objects.h"
#include "shared_data_check.h"

enum { DRAW = 1969 };

/* ---- A drawn order ---- */

/* One key: no segment (id -1), one that a dead writer left, or one that a writer holds. */
struct life {
    struct check *check;
    const char *key;
    int id;
    struct program *writer;
};

static void life_starts(struct life *life)
{
    life->writer = lab2_writer(life->check, life->key);
    struct object object = sysv_look(life->check, life->key);
    REQUIRE(life->check, object.exists && object.attached == 1 && (life->id == -1 || life->id == object.id),
            .expected =
                life->id == -1 ? "a new segment, attached once" : "the dead writer's segment again, attached once",
            .found = check_text(life->check, "%s, attached %lu times",
                                !object.exists          ? "none"
                                : life->id != object.id ? "another one"
                                                        : "that one",
                                object.attached));
    life->id = object.id;
}

static void life_ends(struct life *life, int how)
{
    if (how == 0)
        program_send(life->writer, "\n");
    else
        program_signal(life->writer, how);
    int status = program_wait(life->writer);
    life->writer = NULL;
    if (how == SIGKILL)
        return;
    REQUIRE(life->check, status == 0, .expected = "exit status 0", .found = status_text(life->check, status));
    lab2_gone(life->check, life->key, "after the writer's end");
    life->id = -1;
}

/* A writer that comes while somebody is attached, be it the writer before it or, when that is dead, a reader. */
static void life_second(struct life *life)
{
    unsigned char *reader = life->writer == NULL ? sysv_attach(life->check, life->key) : NULL;

    RUN(life->check, 1, "writer", "--key", life->key, "--hold", "0");
    struct object object = sysv_look(life->check, life->key);

    REQUIRE(life->check, object.exists && object.id == life->id && object.attached == 1,
            .expected = "a segment that somebody is attached to is left alone, also when its creator is dead",
            .found = object.exists ? "another segment, or another attach count" : "it is gone");
    if (reader != NULL)
        sysv_detach(life->check, reader);
}

static void life_step(struct life *life, long draw)
{
    static const int ends[] = {0, SIGINT, SIGTERM, SIGHUP, SIGKILL, SIGKILL, SIGKILL};

    if (life->id == -1)
        RUN(life->check, 1, "reader", "--key", life->key);
    if (life->id == -1 || (life->writer == NULL && draw % 2 == 0))
        life_starts(life);
    else if (life->writer == NULL || draw % 3 == 0)
        life_second(life);
    else if (draw % 3 == 1)
        RUN(life->check, 0, "reader", "--key", life->key);
    else
        life_ends(life, ends[draw / 3 % (long)(sizeof ends / sizeof ends[0])]);
}

void lab2_lives(struct check *check)
{
    enum { STEPS = 25 };
    struct life life = {.check = check, .key = check_key(check), .id = -1};

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "segment_adopt"),
           .cause = "who may have the segment is decided by something else than its size and its attach count",
           .next = "shm_segsz and shm_nattch of IPC_STAT");
    srandom(DRAW);
    for (int step = 0; step < STEPS; step++)
        life_step(&life, random());
    if (life.writer != NULL)
        life_ends(&life, 0);
    else
        sysv_remove(check, life.key);
}

/* ---- Other sizes, other values ---- */

void lab2_sizes(struct check *check)
{
    static const size_t sizes[] = {1, 639, 640, 1023, 1025, 1536, 2048, 65536};
    static const char *const readers[] = {"reader", "reader.py"};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *key = check_key(check);
        sysv_detach(check, lab2_foreign(check, key, sizes[i]));
        ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "IPC_STAT"),
               .cause = "the size is compared roughly: in pages, in kibibytes, or for \"large enough\"",
               .next = "info.shm_segsz != SHARED_DATA_SEGMENT_SIZE");
        lab2_refused(check, key, check_text(check, "it has %zu bytes, another program's", sizes[i]));
        for (size_t k = 0; k < 2 && sizes[i] < SHARED_DATA_SIZE; k++)
            lab2_complaint(check, readers[k], key, check_text(check, "when the segment has %zu bytes", sizes[i]), 0);
        sysv_remove(check, key);
    }
}

void lab2_values(struct check *check)
{
    static const char *const readers[] = {"reader", "reader.py"};

    for (int kind = 0; kind < DATA_ODD_KINDS; kind++) {
        const char *key = check_key(check);
        struct data_sample sample;
        data_sample_odd(&sample, kind);
        sysv_create(check, key, DATA_SEGMENT, 0600);
        unsigned char *bytes = sysv_attach(check, key);
        memcpy(bytes, sample.bytes, DATA_SEGMENT);
        sysv_detach(check, bytes);
        for (size_t k = 0; k < 2; k++) {
            ADVISE(check, .file = k == 0 ? "reader.c" : "reader.py",
                   .line = k == 0 ? check_line(check, "reader.c", "data_ready")
                                  : check_line(check, "reader.py", "READY_OFFSET"),
                   .cause = "the data are believed only where they look likely",
                   .next = "data_ready alone says whether there are data");
            data_require_printed(check, RUN(check, 0, readers[k], "--key", key), &sample);
        }
        sysv_remove(check, key);
    }
}
