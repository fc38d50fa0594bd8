/*
 * Lab 6 on Windows, producer: stream the synthetic scene, with its own truth for detections.
 *
 *     producer [--prefix YOLO] [--frames N] [--seed N] [--timeout SECONDS] [--wait] [--quiet]
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "queue.h"
#include "shmlab/frame.h"
#include "shmlab/scene.h"

enum { WRONG_USAGE = 2 };

struct settings {
    const char *prefix;
    long frames; /* 0: until somebody ends it */
    unsigned long long seed;
    double timeout; /* seconds that the queue may stay full */
    bool wait;      /* for the next consumer, when one has gone */
    bool quiet;
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

    while ((end = queue_acquire_free(queue, slot, settings->timeout)) == QUEUE_GONE && settings->wait) {
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
                              settings->timeout);
    default:
        return EXIT_FAILURE; /* the message was printed */
    }
}

static int frames_make(struct queue *queue, struct scene *scene, const struct settings *settings, long *made)
{
    while (settings->frames == 0 || *made < settings->frames) {
        struct queue_slot *slot;
        enum queue_end end = slot_acquire(queue, &slot, settings);
        if (end != QUEUE_DONE)
            return end_report(end, settings);
        slot_fill(slot, scene, *made);
        if (!settings->quiet)
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
    static const struct option options[] = {{"prefix", required_argument, NULL, 'p'},
                                            {"frames", required_argument, NULL, 'n'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"wait", no_argument, NULL, 'w'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {NULL, 0, NULL, 0}};

    for (int key; (key = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (key) {
        case 'p':
            settings->prefix = optarg;
            break;
        case 'n':
            settings->frames = atol(optarg);
            break;
        case 's':
            settings->seed = strtoull(optarg, NULL, 0);
            break;
        case 't':
            settings->timeout = atof(optarg);
            break;
        case 'w':
            settings->wait = true;
            break;
        case 'q':
            settings->quiet = true;
            break;
        default:
            return false;
        }
    return optind == argc;
}

int main(int argc, char **argv)
{
    struct settings settings = {.prefix = QUEUE_PREFIX, .seed = 1, .timeout = 30};
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
    if (queue_create(&queue, settings.prefix, stop) != 0) {
        scene_close(scene);
        return EXIT_FAILURE;
    }
    printf("producer: %s_QUEUE_SHM is open, a consumer may come (process %lu)\n", settings.prefix,
           GetCurrentProcessId());
    fflush(stdout);
    int status = frames_make(&queue, scene, &settings, &made);
    if (status == EXIT_SUCCESS)
        queue_drain(&queue, settings.timeout);
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
