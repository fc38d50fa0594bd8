/*
 * Lab 6 on Windows, consumer: take frames and their detections out of the queue, and count them.
 *
 *     consumer [--prefix YOLO] [--frames N] [--timeout SECONDS] [--sums] [--quiet]
 */
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "queue.h"

struct settings {
    struct queue_options queue;
    bool sums; /* print a checksum of each slot */
};

struct counts {
    long frames, detections, gaps;
    int32_t first, last;
};

/* FNV-1a over the whole slot: two programs that saw the same bytes print the same number. */
static uint64_t slot_sum(const struct queue_slot *slot)
{
    const uint8_t *bytes = (const uint8_t *)slot;
    uint64_t sum = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < sizeof *slot; i++)
        sum = (sum ^ bytes[i]) * UINT64_C(1099511628211);
    return sum;
}

/* What a slot says is believed only within the format's limits. */
static void slot_take(const struct queue_slot *slot, const struct settings *settings, struct counts *counts)
{
    int32_t number = slot->frame_id, found = slot->num_detections;

    if (found < 0 || found > QUEUE_DETECTIONS) {
        printf("consumer: frame %d: %d detections make no sense\n", number, found);
        found = 0;
    }
    if (counts->frames == 0)
        counts->first = number;
    else if (number != counts->last + 1)
        counts->gaps++;
    counts->last = number;
    counts->frames++;
    counts->detections += found;
    if (settings->sums)
        printf("slot %d %016llx\n", number, (unsigned long long)slot_sum(slot));
    if (!settings->queue.quiet)
        printf("consumer: frame %d: %d detections\n", number, found);
    fflush(stdout);
}

static int end_report(enum queue_end end, const struct settings *settings)
{
    switch (end) {
    case QUEUE_ENDED:
        printf("consumer: the producer has ended\n");
        return EXIT_SUCCESS;
    case QUEUE_DIED:
        return windows_report(NULL, "the producer died");
    case QUEUE_STOPPED:
        return windows_report(NULL, "%s", windows_stop_name());
    case QUEUE_TIMEOUT:
        return windows_report("is the producer stuck?", "nothing came for %g s", settings->queue.timeout);
    default:
        return EXIT_FAILURE; /* the message was printed */
    }
}

static int frames_take(struct queue *queue, const struct settings *settings, struct counts *counts)
{
    while (settings->queue.frames == 0 || counts->frames < settings->queue.frames) {
        const struct queue_slot *slot;
        enum queue_end end = queue_acquire_full(queue, &slot, settings->queue.timeout);
        if (end != QUEUE_DONE)
            return end_report(end, settings);
        slot_take(slot, settings, counts);
        if (queue_release(queue) != QUEUE_DONE)
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static bool settings_read(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        QUEUE_OPTIONS, {"sums", no_argument, NULL, 's'}, {NULL, 0, NULL, 0}};

    for (int key; (key = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (key == 's')
            settings->sums = true;
        else if (!queue_options_take(&settings->queue, key, optarg))
            return false;
    return optind == argc;
}

int main(int argc, char **argv)
{
    struct settings settings = {.queue = {.prefix = QUEUE_PREFIX, .timeout = 30}};
    struct counts counts = {0};
    struct queue queue;

    if (!settings_read(&settings, argc, argv)) {
        fprintf(stderr, "usage: consumer [--prefix %s] [--frames N] [--timeout SECONDS] [--sums] [--quiet]\n",
                QUEUE_PREFIX);
        return WRONG_USAGE;
    }
    HANDLE stop = windows_stop_event();
    if (stop == NULL || queue_attach(&queue, settings.queue.prefix, stop, settings.queue.timeout) != 0)
        return EXIT_FAILURE;
    int status = frames_take(&queue, &settings, &counts);
    if (queue.abandoned)
        printf("consumer: MUTEX came from a dead process (WAIT_ABANDONED)\n");
    queue_close(&queue);
    printf("consumer: %ld frames (%d to %d), %ld detections, %ld gaps\n", counts.frames, counts.first,
           counts.last, counts.detections, counts.gaps);
    fflush(stdout);
    windows_stop_done();
    return status;
}
