/*
 * The challenge of lab 5, by hand: a writer that overwrites one object again and again, and a reader that
 * looks whether it ever sees half of one snapshot and half of the next.
 *
 *     live --write [--name /ipc_dog_live]
 *     ... in another terminal: live --read
 *
 * Each does its work once for each Enter, or --rounds times as fast as it can. The snapshots need no
 * detector: all records of number k are filled with k, so that a torn one shows.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sequence.h"
#include "shmlab/clock.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "shmlab/presence.h"
#include "shmlab/stop.h"

enum { LIVE_PRESENCE = 0, ROUNDS_MAX = 1000000000, TRIES = 1000 };
static const double nap_seconds = 0.001;

struct options {
    const char *name;
    bool write, read;
    long rounds; /* 0: one for each Enter */
    double timeout;
};

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'n':
        options->name = options_object_name(state, "--name", text);
        return 0;
    case 'w':
        options->write = true;
        return 0;
    case 'r':
        options->read = true;
        return 0;
    case 'N':
        options->rounds = options_integer(state, "--rounds", text, 1, ROUNDS_MAX);
        return 0;
    case 't':
        options->timeout = options_number(state, "--timeout", text, 0, 1e6);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one argument too many", text);
        return 0;
    case ARGP_KEY_END:
        if (options->write == options->read)
            argp_error(state, "--write or --read?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"write", 'w', 0, 0, "Overwrite the snapshot", 0},
    {"read", 'r', 0, 0, "Take snapshots and look whether they are whole", 0},
    {"rounds", 'N', "N", 0, "So many, as fast as possible (default: one for each Enter)", 0},
    {"name", 'n', "NAME", 0, "Name of the shared memory object (default " LIVE_NAME ")", 0},
    {"timeout", 't', "S", 0, "The reader gives up after S seconds without a whole snapshot (default 5)", 0},
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .doc = "The challenge of lab 5: a snapshot that is overwritten in place, guarded by a sequence lock.",
};

/* Number k: every record says so. */
static void round_fill(struct snapshot *snapshot, int32_t k)
{
    snapshot->count = SNAPSHOT_RECORDS;
    for (int i = 0; i < SNAPSHOT_RECORDS; i++)
        snapshot->records[i] = (struct detection){k, 1, k, k, k, k};
}

/* Is there a round number k, from 1? */
static bool goes_on(const struct options *options, long k)
{
    if (options->rounds > 0)
        return k <= options->rounds && stop_signal() == 0;
    char line[16];
    return fgets(line, sizeof line, stdin) != NULL;
}

/* ---- The writer ---- */

/* Open the object as its only writer. Returns the descriptor, or -1 after a message. */
static int writer_open(const char *name)
{
    bool created;
    int fd = presence_open(name, 0600, LIVE_PRESENCE, &created);

    if (fd == -1) {
        error_report_errno(errno == EAGAIN ? "another writer is at work: choose another --name" : NULL,
                           "shm_open(%s)", name);
        return -1;
    }
    struct stat info = {0};
    fstat(fd, &info);
    if (info.st_size != 0 && info.st_size != sizeof(struct live_snapshot))
        error_report("it belongs to another program: choose another --name", "%s has %lld bytes, not %zu",
                     name, (long long)info.st_size, sizeof(struct live_snapshot));
    else if (ftruncate(fd, sizeof(struct live_snapshot)) == 0 &&
             (errno = posix_fallocate(fd, 0, sizeof(struct live_snapshot))) == 0)
        return fd;
    else
        error_report_errno("look at `df -h /dev/shm`", "%zu bytes for %s", sizeof(struct live_snapshot),
                           name);
    if (created)
        shm_unlink(name);
    close(fd);
    return -1;
}

static void writer_rounds(const struct options *options, struct live_snapshot *shared)
{
    struct snapshot snapshot = {0};

    sequence_publish(shared, &snapshot); /* an empty one first: whole from the first moment on */
    shared->version = LIVE_VERSION;
    shared->magic = LIVE_MAGIC;
    printf("live: writing %s%s\n", options->name,
           options->rounds == 0 ? "; press Enter for the next snapshot, Ctrl-D to end" : "");
    fflush(stdout);
    for (int32_t k = 1; goes_on(options, k); k++) {
        round_fill(&snapshot, k);
        sequence_publish(shared, &snapshot);
        if (options->rounds == 0) {
            printf("live: snapshot %d is published, sequence %u\n", (int)k, (unsigned)shared->sequence);
            fflush(stdout);
        }
    }
}

static int write_live(const struct options *options)
{
    int fd = writer_open(options->name);

    if (fd == -1)
        return EXIT_FAILURE;
    struct live_snapshot *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int status = EXIT_SUCCESS;
    if (shared == MAP_FAILED) {
        status = error_report_errno(NULL, "mmap(%s)", options->name);
    } else {
        writer_rounds(options, shared);
        munmap(shared, sizeof *shared);
    }
    if (!presence_current(fd, options->name)) /* what has the name now is not ours to remove */
        status = error_report(NULL, "somebody removed %s before we did", options->name);
    else if (shm_unlink(options->name) == -1)
        status = error_report_errno(NULL, "shm_unlink(%s)", options->name);
    else
        printf("live: %s removed\n", options->name);
    close(fd); /* last: until here the name is ours */
    return status;
}

/* ---- The reader ---- */

/* As sequence_take, with patience: a writer that is stopped, or dead, leaves an odd number for long. */
static enum sequence_end reader_take(const struct options *options, const struct live_snapshot *shared,
                                     struct snapshot *snapshot)
{
    enum sequence_end end = sequence_take(shared, snapshot, TRIES);
    struct deadline deadline = deadline_in(options->timeout);

    while (end == SEQUENCE_BUSY && !deadline_passed(&deadline) && stop_sleep(nap_seconds))
        end = sequence_take(shared, snapshot, TRIES);
    return end;
}

static bool round_whole(const struct snapshot *snapshot)
{
    struct snapshot whole = {0};

    if (snapshot->count != 0)
        round_fill(&whole, snapshot->records[0].class_id);
    return memcmp(snapshot, &whole, sizeof whole) == 0;
}

static int reader_rounds(const struct options *options, const struct live_snapshot *shared)
{
    long taken = 0, torn = 0;
    struct snapshot snapshot = {0};

    printf("live: reading %s%s\n", options->name,
           options->rounds == 0 ? "; press Enter to take a snapshot, Ctrl-D to end" : "");
    fflush(stdout);
    for (; goes_on(options, taken + 1); taken++) {
        switch (reader_take(options, shared, &snapshot)) {
        case SEQUENCE_DONE:
            torn += !round_whole(&snapshot);
            if (options->rounds == 0) {
                printf("live: took snapshot %d\n", (int)snapshot.records[0].class_id);
                fflush(stdout);
            }
            break;
        case SEQUENCE_BUSY:
            return error_report("is its writer dead? start it again", "no whole snapshot in %s for %g s",
                                options->name, options->timeout);
        case SEQUENCE_FOREIGN:
            return error_report("look at magic and version", "%s is no live snapshot of version %d",
                                options->name, LIVE_VERSION);
        case SEQUENCE_DAMAGED:
            return error_report("who else writes to it?", "%s is damaged: its checksum is another's",
                                options->name);
        }
    }
    if (torn > 0)
        return error_report("half of one snapshot and half of the next", "%ld of %ld snapshots were torn",
                            torn, taken);
    printf("live: %ld snapshot%s, none of them torn; the last one is number %d\n", taken,
           taken == 1 ? "" : "s", (int)snapshot.records[0].class_id);
    return EXIT_SUCCESS;
}

static int read_live(const struct options *options)
{
    int fd = shm_open(options->name, O_RDONLY, 0);

    if (fd == -1)
        return error_report_errno("start the writer first, or pass its --name", "shm_open(%s)",
                                  options->name);
    struct stat info = {0};
    const struct live_snapshot *shared = MAP_FAILED;
    if (fstat(fd, &info) == 0 && info.st_size == sizeof *shared)
        shared = mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (shared == MAP_FAILED)
        return error_report("another program uses this name", "%s has %lld bytes, %zu are needed",
                            options->name, (long long)info.st_size, sizeof *shared);
    int status = reader_rounds(options, shared);
    munmap((void *)(uintptr_t)shared, sizeof *shared);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {.name = LIVE_NAME, .timeout = 5};

    options_parse(&argp, argc, argv, &options);
    stop_on_signals();
    return options.write ? write_live(&options) : read_live(&options);
}
