/*
 * Lab 6, consumer in C: read the frames and count what is in them; the one with pictures is consumer.py.
 *
 *     consumer [--prefix YOLO] [--frames N] [--wait] [--timeout S] [--quiet]
 *     ... in another terminal: producer; either may start first
 */
#define _POSIX_C_SOURCE 200809L
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "queue.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "shmlab/stop.h"

struct options {
    const char *prefix;
    long frames; /* 0: until the producer ends */
    double timeout;
    bool wait;
    bool quiet;
};

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'p':
        options->prefix = options_prefix(state, "--prefix", text);
        return 0;
    case 'n':
        options->frames = options_integer(state, "--frames", text, 1, INT_MAX);
        return 0;
    case 't':
        options->timeout = options_number(state, "--timeout", text, 0, 1e6);
        return 0;
    case 'w':
        options->wait = true;
        return 0;
    case 'q':
        options->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one argument too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"prefix", 'p', "P", 0,
     "The objects are /P_QUEUE_SHM, /P_EMPTY, /P_FULL, /P_MUTEX (default " QUEUE_PREFIX ")", 0},
    {"frames", 'n', "N", 0, "End after N frames (default: when the producer ends)", 0},
    {"timeout", 't', "SECONDS", 0, "Give up when nothing comes for so long (default 30)", 0},
    {"wait", 'w', 0, 0, "When a producer ends, wait for the next one", 0},
    {"quiet", 'q', 0, 0, "No line for each frame", 0},
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .doc = "Read frames and detections out of the circular queue and count them.",
};

struct counts {
    long frames;
    long detections;
    long gaps; /* frames whose number was not the one before plus one */
    int32_t first, last;
    bool any_next; /* the next frame may have any number: it is a producer's first that we see */
};

/* The slot is ours until queue_release; what a producer wrote there is not trusted. */
static void slot_count(const struct queue_slot *slot, struct counts *counts, bool quiet)
{
    int32_t found = slot->num_detections;

    if (found < 0)
        found = 0;
    if (found > QUEUE_DETECTIONS)
        found = QUEUE_DETECTIONS;
    if (counts->frames == 0)
        counts->first = slot->frame_id;
    else if (!counts->any_next && slot->frame_id != counts->last + 1)
        counts->gaps++;
    counts->any_next = false;
    counts->last = slot->frame_id;
    counts->frames++;
    counts->detections += found;
    if (!quiet) {
        printf("consumer: frame %d: %d detections\n", (int)slot->frame_id, (int)found);
        fflush(stdout);
    }
}

static enum queue_end frames_read(struct queue *queue, const struct options *options, struct counts *counts)
{
    while (options->frames == 0 || counts->frames < options->frames) {
        const struct queue_slot *slot;

        enum queue_end result = queue_acquire_full(queue, &slot, options->timeout);
        if (result != QUEUE_DONE)
            return result;
        slot_count(slot, counts, options->quiet);
        result = queue_release(queue);
        if (result != QUEUE_DONE)
            return result;
    }
    return QUEUE_DONE;
}

static int end_report(enum queue_end result, const struct options *options)
{
    switch (result) {
    case QUEUE_DONE:
        return EXIT_SUCCESS;
    case QUEUE_ENDED:
        printf("consumer: the producer has ended\n");
        return options->frames == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    case QUEUE_DIED:
        return error_report(NULL, "the producer died; what it left behind is removed");
    case QUEUE_STOPPED:
        return error_report(NULL, "%s", strsignal(stop_signal()));
    case QUEUE_STUCK:
        return error_report("is the producer stopped?", "MUTEX was not given back");
    default:
        return error_report("is the producer stuck?", "nothing came for %g s", options->timeout);
    }
}

int main(int argc, char **argv)
{
    struct options options = {.prefix = QUEUE_PREFIX, .timeout = 30};
    struct counts counts = {0};
    struct queue queue;
    int status;

    options_parse(&argp, argc, argv, &options);
    stop_on_signals();
    do {
        if (queue_attach(&queue, options.prefix, options.timeout) != 0)
            return EXIT_FAILURE;
        counts.any_next = true;
        enum queue_end result = frames_read(&queue, &options, &counts);
        queue_close(&queue);
        status = end_report(result, &options);
        if (result != QUEUE_ENDED && result != QUEUE_DIED)
            break;
    } while (options.wait);

    if (counts.frames ==
        0) { /* a producer that fails at once is no success of ours, whichever side started first */
        printf("consumer: 0 frames\n");
        return EXIT_FAILURE;
    }
    printf("consumer: %ld frames (%d to %d), %ld detections", counts.frames, (int)counts.first,
           (int)counts.last, counts.detections);
    printf(counts.gaps > 0 ? ", %ld gaps in the numbers\n" : "\n", counts.gaps);
    return status;
}
