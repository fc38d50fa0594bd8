/*
 * Lab 2, writer: the data of lab 1 in a System V segment.
 *
 *     writer [--key 5678] [--hold SECONDS]
 *     ... in another terminal: reader, or reader.py, or ipcs -m
 *
 * The writer creates the segment, fills it, holds it until Enter, a signal or the end of the time, and
 * removes it on every path. What it does with a segment that is there already:
 *
 *     nobody attached, right size   adopt it: fill it again, remove it at the end
 *     wrong size                    refuse: it belongs to another program
 *     somebody attached             refuse: another writer or a reader is at work
 *
 * A System V segment belongs to the kernel, not to a process: one that is not removed stays until the machine
 * restarts (or, with systemd, until the last session of its owner ends).
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "shmlab/stop.h"
#include "sysv_segment.h"

struct options {
    key_t key;
    double hold; /* seconds; negative: until Enter or a signal */
    mode_t mode;
};

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'k':
        options->key = (key_t)options_integer(state, "--key", text, 1, INT32_MAX);
        return 0;
    case 'h':
        options->hold = options_number(state, "--hold", text, 0, 1e6);
        return 0;
    case 'm':
        options->mode = options_mode(state, "--mode", text);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one argument too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"key", 'k', "KEY", 0, "System V key of the segment (default 5678)", 0},
    {"hold", 'h', "SECONDS", 0, "End after that time (default: at Enter or a signal)", 0},
    {"mode", 'm', "OCTAL", 0, "Access bits of a new segment (default 0600)", 0},
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .doc = "Put the sample data into a System V segment and hold it until Enter, a signal or the end of the "
           "time.",
};

// shmlab:cut 4 A function segment_adopt(key) for a segment that is there already: see the table at the top.
/* The segment is there: may we have it? Returns its id, or -1 after a message. */
static int segment_adopt(key_t key)
{
    struct shmid_ds info;
    int id = shmget(key, 0, 0); /* size 0: whatever size it has */

    if (id == -1 || shmctl(id, IPC_STAT, &info) == -1) {
        error_report_errno("it exists, but not for us: choose another --key", "shmget(key %d)", (int)key);
        return -1;
    }
    if (info.shm_segsz != SHARED_DATA_SEGMENT_SIZE) {
        error_report("it belongs to another program: choose another --key, or remove it with `ipcrm -m ID`",
                     "shmget(key %d): segment id %d has %zu bytes, not %d", (int)key, id, info.shm_segsz,
                     SHARED_DATA_SEGMENT_SIZE);
        return -1;
    }
    /* slide:in-use */
    if (info.shm_nattch > 0) {
        error_report("end that program first, or choose another --key",
                     "shmget(key %d): segment id %d is in use, attached %lu times, created by process %d",
                     (int)key, id, (unsigned long)info.shm_nattch, (int)info.shm_cpid);
        return -1;
    }
    /* slide:end */
    printf("writer: found segment id %d that process %d left behind: using it again\n", id,
           (int)info.shm_cpid);
    return id;
}
// shmlab:end

/* Create the segment, or adopt a stale one. Returns its id, or -1 after a message. */
static int segment_open(const struct options *options)
{
    // shmlab:cut 1 Create it with the key, the size and the mode, and be sure that it is new. When that fails, name the
    // shmlab:text call, the error and the next step: error_report_errno.
    /* slide:create */
    /* IPC_EXCL: without it shmget would silently hand us somebody else's segment */
    int id = shmget(options->key, SHARED_DATA_SEGMENT_SIZE, IPC_CREAT | IPC_EXCL | (int)options->mode);

    if (id != -1)
        return id;
    if (errno == EEXIST)
        return segment_adopt(options->key);
    /* slide:end */

    const char *next = errno == ENOSPC
                           ? "the system's segments or pages are used up: see `ipcs -lm` and `ipcs -m`"
                       : errno == ENOMEM ? "the machine is out of memory"
                                         : NULL;
    error_report_errno(next, "shmget(key %d, %d bytes)", (int)options->key, SHARED_DATA_SEGMENT_SIZE);
    // shmlab:give error_report("TODO 1 in writer.c", "nobody creates a segment with key %d yet", (int)options->key);
    // shmlab:end
    return -1;
}

static void segment_hold(const struct options *options, int id)
{
    struct shmid_ds info;

    if (shmctl(id, IPC_STAT, &info) == 0)
        segment_describe("writer", options->key, id, &info);
    if (options->hold < 0)
        printf("writer: press Enter to remove it and end\n");
    fflush(stdout);

    if (stop_wait(options->hold) == STOP_SIGNAL)
        printf("writer: %s\n", strsignal(stop_signal()));
}

static int segment_fill_and_hold(const struct options *options, int id)
{
    // shmlab:cut 2 Attach it, clear it (sample_clear), fill it (sample_fill, sample_publish), hold it, detach it.
    struct shared_data sample;
    struct shared_data *shared = shmat(id, NULL, 0);

    if (shared == (void *)-1)
        return error_report_errno(NULL, "shmat(id %d)", id);

    sample_clear(shared);
    sample_fill(&sample);
    sample_publish(shared, &sample);
    segment_hold(options, id);

    if (shmdt(shared) == -1)
        return error_report_errno(NULL, "shmdt(id %d)", id);
    // shmlab:give segment_hold(options, id);
    // shmlab:end
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options = {.key = SHARED_DATA_KEY, .hold = -1, .mode = 0600};

    options_parse(&argp, argc, argv, &options);
    /* slide:main */
    stop_on_signals(); /* before the segment exists: no signal may end us without its removal */

    int id = segment_open(&options);
    if (id == -1)
        return EXIT_FAILURE;

    int status = segment_fill_and_hold(&options, id);
    // shmlab:cut 3 Remove it, on every path that comes here, and say so.
    if (shmctl(id, IPC_RMID, NULL) == -1)
        return error_report_errno("see `ipcs -m`; remove it with `ipcrm -m ID`", "shmctl(id %d, IPC_RMID)",
                                  id);
    printf("writer: segment id %d removed\n", id);
    /* slide:end */
    // shmlab:end
    return status;
}
