/*
 * Lab 6 on Windows, producer: stream the synthetic scene, with its own truth for detections.
 *
 *     producer [--prefix YOLO] [--frames N] [--seed N] [--timeout SECONDS] [--wait] [--quiet]
 */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "queue.h"
#include "shmlab/frame.h"
#include "shmlab/scene.h"

struct settings {
    struct queue_options queue;
    unsigned long long seed;
    bool wait; /* for the next consumer, when one has gone */
};

static void slot_fill(struct queue_slot *slot, struct scene *scene, long number)
{
    struct frame frame = {.width = QUEUE_WIDTH, .height = QUEUE_HEIGHT, .pixels = slot->pixels};

    memset(slot->detections, 0, sizeof slot->detections);
    slot->num_detections = scene_render(scene, number, &frame, slot->detections);
    slot->frame_id = (int32_t)(number + 1);
    slot->width = QUEUE_WIDTH;
    slot->height = QUEUE_HEIGHT;
    slot->channels = QUEUE_CHANNELS;
}

static enum queue_end slot_acquire(struct queue *queue, struct queue_slot **slot,
                                   const struct settings *settings)
{
    enum queue_end end;

    while ((end = queue_acquire_free(queue, slot, settings->queue.timeout)) == QUEUE_GONE && settings->wait) {
        printf("producer: the consumer has gone: waiting for the next one\n");
        fflush(stdout);
    }
    return end;
}

static int end_report(enum queue_end end, const struct settings *settings)
{
    switch (end) {
    case QUEUE_STOPPED:
        return windows_report(NULL, "%s", windows_stop_name());
    case QUEUE_GONE:
        return windows_report("start both again, or use --wait", "the consumer has gone");
    case QUEUE_TIMEOUT:
        return windows_report("start a consumer with the same --prefix", "the queue stayed full for %g s",
                              settings->queue.timeout);
    default:
        return EXIT_FAILURE; /* the message was printed */
    }
}

static int frames_make(struct queue *queue, struct scene *scene, const struct settings *settings, long *made)
{
    while (settings->queue.frames == 0 || *made < settings->queue.frames) {
        struct queue_slot *slot;
        enum queue_end end = slot_acquire(queue, &slot, settings);
        if (end != QUEUE_DONE)
            return end_report(end, settings);
        slot_fill(slot, scene, *made);
        if (!settings->queue.quiet)
            printf("producer: frame %d: %d objects by the scene's own truth\n", slot->frame_id,
                   slot->num_detections);
        fflush(stdout);
        if (queue_publish(queue) != QUEUE_DONE)
            return EXIT_FAILURE;
        ++*made;
    }
    return EXIT_SUCCESS;
}

static bool settings_read(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {QUEUE_OPTIONS,
                                            {"seed", required_argument, NULL, 's'},
                                            {"wait", no_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    long long seed;

    for (int key; (key = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (key == 's') {
            if (!windows_integer("--seed", optarg, 0, LLONG_MAX, &seed))
                return false;
            settings->seed = (unsigned long long)seed;
        } else if (key == 'w') {
            settings->wait = true;
        } else if (!queue_options_take(&settings->queue, key, optarg)) {
            return false;
        }
    return optind == argc;
}

int main(int argc, char **argv)
{
    struct settings settings = {.queue = {.prefix = QUEUE_PREFIX, .timeout = 30}, .seed = 1};
    struct queue queue;
    long made = 0;

    if (!settings_read(&settings, argc, argv)) {
        fprintf(
            stderr,
            "usage: producer [--prefix %s] [--frames N] [--seed N] [--timeout SECONDS] [--wait] [--quiet]\n",
            QUEUE_PREFIX);
        return WRONG_USAGE;
    }
    HANDLE stop = windows_stop_event();
    if (stop == NULL)
        return EXIT_FAILURE;
    struct scene *scene = scene_open(QUEUE_WIDTH, QUEUE_HEIGHT, settings.seed);
    if (scene == NULL)
        return windows_report(NULL, "out of memory");
    if (queue_create(&queue, settings.queue.prefix, stop) != 0) {
        scene_close(scene);
        return EXIT_FAILURE;
    }
    printf("producer: %s_QUEUE_SHM is open, a consumer may come (process %lu)\n", settings.queue.prefix,
           GetCurrentProcessId());
    fflush(stdout);
    int status = frames_make(&queue, scene, &settings, &made);
    if (status == EXIT_SUCCESS)
        queue_drain(&queue, settings.queue.timeout);
    int unread = queue_close(&queue);
    scene_close(scene);
    printf("producer: %ld frames\n", made);
    if (unread > 0 && status == EXIT_SUCCESS)
        status =
            windows_report("start a consumer with the same --prefix", "%d frames were never read", unread);
    fflush(stdout);
    windows_stop_done();
    return status;
}
