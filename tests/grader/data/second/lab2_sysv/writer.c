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
 * restarts.
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <stdint.h>
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
    .doc = "Put the sample data into a System V segment and hold it until Enter, a signal or the end of the time.",
};

/* Why a segment of that name is none of our business; NULL: we may have it. */
static const char *objection(const struct shmid_ds *facts, unsigned long *number)
{
    if (facts->shm_nattch != 0) {
        *number = (unsigned long)facts->shm_nattch;
        return "is attached by so many";
    }
    *number = (unsigned long)facts->shm_segsz;
    return *number == SHARED_DATA_SEGMENT_SIZE ? NULL : "has another program's size";
}

static int segment_open(const struct options *options)
{
    int flags = (int)options->mode | IPC_CREAT;
    unsigned long number = 0;
    struct shmid_ds facts;
    const char *trouble;
    int found;

    found = shmget(options->key, SHARED_DATA_SEGMENT_SIZE, flags | IPC_EXCL);
    if (found >= 0)
        return found;
    if (errno == EEXIST && (found = shmget(options->key, 0, 0)) >= 0)
        goto inspect;
    error_report_errno("look at ipcs -m and ipcs -l", "shmget of key %d", (int)options->key);
    return -1;

inspect:
    trouble = shmctl(found, IPC_STAT, &facts) != 0 ? "cannot be inspected" : objection(&facts, &number);
    if (trouble == NULL) {
        printf("writer: nobody uses segment %d, I go on with it\n", found);
        return found;
    }
    error_report("take another --key", "key %d: segment %d %s: %lu", (int)options->key, found, trouble, number);
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
    int result = EXIT_FAILURE;
    char *bytes = shmat(id, NULL, 0);
    struct shared_data values;

    if ((intptr_t)bytes == -1) {
        error_report_errno("see ipcs -m", "cannot attach segment %d", id);
    } else {
        for (size_t i = 0; i < SHARED_DATA_SEGMENT_SIZE; i++)
            bytes[i] = 0;
        sample_fill(&values);
        sample_publish((void *)bytes, &values);
        segment_hold(options, id);
        result = shmdt(bytes) == 0 ? EXIT_SUCCESS : error_report_errno(NULL, "cannot detach segment %d", id);
    }
    return result;
}

int main(int argc, char **argv)
{
    struct options options = {.key = SHARED_DATA_KEY, .hold = -1, .mode = 0600};

    options_parse(&argp, argc, argv, &options);
    stop_on_signals(); /* before the segment exists: no signal may end us without its removal */

    int id, result = EXIT_FAILURE;
    if ((id = segment_open(&options)) >= 0) {
        result = segment_fill_and_hold(&options, id);
        if (shmctl(id, IPC_RMID, NULL) == 0)
            printf("writer: segment %d is gone\n", id);
        else
            result = error_report_errno("ipcrm -m takes it away", "cannot remove segment %d", id);
    }
    return result;
}
