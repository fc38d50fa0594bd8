/*
 * Lab 6, producer: frames of a video, the objects in them found by Darknet, into the circular queue.
 *
 *     producer [--prefix YOLO] [--frames N] [--fps F] [--source scene, DIR, FILE or camera] [--detector
 * darknet or truth]
 *     ... in another terminal: consumer.py, or consumer; either may start first
 *
 * Each frame is rendered or read straight into its slot, and Darknet looks at it there: nothing is copied,
 * and no lock is held meanwhile. When the consumer goes, the producer says so and ends, or with --wait goes
 * on for the next one.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue.h"
#include "shmlab/clock.h"
#include "shmlab/detector.h"
#include "shmlab/error.h"
#include "shmlab/model.h"
#include "shmlab/names_mark.h"
#include "shmlab/options.h"
#include "shmlab/scene.h"
#include "shmlab/source.h"
#include "shmlab/stop.h"

enum { ERROR_CAPACITY = 1024 };

struct options {
    const char *prefix;
    long frames; /* 0: until the source ends or a signal comes */
    double fps;  /* 0: as fast as the detector and the consumer allow */
    const char *source;
    const char *detector; /* "darknet" or "truth" */
    const char *model;    /* "shapes", "coco", or NULL: shapes for the scene, coco for everything else */
    struct detector_files files;
    const char *wanted; /* class, by name or number; NULL: every class */
    float threshold;
    double timeout;
    bool wait;
    bool quiet;
    mode_t mode;
};

enum { KEY_CFG = 1000, KEY_WEIGHTS, KEY_NAMES };

static const char *option_choice(struct argp_state *state, const char *name, char *text, const char *a,
                                 const char *b)
{
    if (strcmp(text, a) != 0 && strcmp(text, b) != 0)
        argp_error(state, "%s is %s or %s, not '%s'", name, a, b, text);
    return text;
}

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
    case 'f':
        options->fps = options_number(state, "--fps", text, 0.01, 10000);
        return 0;
    case 's':
        options->source = text;
        return 0;
    case 'd':
        options->detector = option_choice(state, "--detector", text, "darknet", "truth");
        return 0;
    case 'M':
        options->model = option_choice(state, "--model", text, "shapes", "coco");
        return 0;
    case KEY_CFG:
        options->files.cfg = text;
        return 0;
    case KEY_WEIGHTS:
        options->files.weights = text;
        return 0;
    case KEY_NAMES:
        options->files.names = text;
        return 0;
    case 't':
        options->threshold = (float)options_number(state, "--thresh", text, 0.001, 0.999);
        return 0;
    case 'c':
        options->wanted = text;
        return 0;
    case 'T':
        options->timeout = options_number(state, "--timeout", text, 0, 1e6);
        return 0;
    case 'w':
        options->wait = true;
        return 0;
    case 'q':
        options->quiet = true;
        return 0;
    case 'm':
        options->mode = options_mode(state, "--mode", text);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one argument too many: the source is given with --source", text);
        return 0;
    case ARGP_KEY_END:
        if ((options->files.cfg == NULL) != (options->files.weights == NULL))
            argp_error(state, "--cfg and --weights go together");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {0, 0, 0, 0, "Where frames come from, and how many:", 1},
    {"source", 's', "WHAT", 0, "scene, scene:SEED, a folder, a picture or video file, camera (default scene)",
     1},
    {"frames", 'n', "N", 0, "End after N frames (default: when the source ends)", 1},
    {"fps", 'f', "F", 0, "Frames a second at most (default: as many as can be)", 1},
    {0, 0, 0, 0, "What is found in them:", 2},
    {"detector", 'd', "WHICH", 0, "darknet, or truth: what the scene knows of itself (default darknet)", 2},
    {"model", 'M', "WHICH", 0, "shapes or coco (default: shapes for the scene, coco for all else)", 2},
    {"cfg", KEY_CFG, "FILE", 0, "A Darknet network of your own", 2},
    {"weights", KEY_WEIGHTS, "FILE", 0, "Its weights", 2},
    {"names", KEY_NAMES, "FILE", 0, "Its class names", 2},
    {"thresh", 't', "T", 0, "Keep what is more certain than this, 0 to 1 (default 0.5)", 2},
    {"class", 'c', "CLASS", 0, "Keep this class only, by name or number", 2},
    {0, 0, 0, 0, "Where they go:", 3},
    {"prefix", 'p', "P", 0,
     "The objects are /P_QUEUE_SHM, /P_EMPTY, /P_FULL, /P_MUTEX (default " QUEUE_PREFIX ")", 3},
    {"mode", 'm', "OCTAL", 0, "Their access bits (default 0600)", 3},
    {"timeout", 'T', "SECONDS", 0, "Give up when the queue stays full for so long (default 30)", 3},
    {"wait", 'w', 0, 0, "When the consumer goes, wait for the next one", 3},
    {"quiet", 'q', 0, 0, "No line for each frame", 3},
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .doc = "Put video frames and the objects that Darknet finds in them into the circular queue.",
};

/* Everything that makes a frame; each part may be missing (NULL). */
struct studio {
    struct source *source;
    struct detector *detector; /* NULL: the source's truth is used */
    struct detector_filter filter;
};

static const char *class_name(const struct studio *studio, int id)
{
    if (studio->detector != NULL)
        return detector_class_name(studio->detector, id);
    return id >= 0 && id < SCENE_CLASSES ? scene_class_names[id] : "?";
}

/* What tells a consumer whose names our numbers have. */
static uint32_t names_of(const struct studio *studio)
{
    int classes = studio->detector != NULL ? detector_classes(studio->detector) : SCENE_CLASSES;
    uint32_t mark = NAMES_MARK_BEGIN;

    for (int id = 0; id < classes; id++)
        mark = names_mark_add(mark, class_name(studio, id));
    return mark;
}

/* The class called text, or -1. */
static int class_find(const struct studio *studio, const char *text)
{
    if (studio->detector != NULL)
        return detector_find_class(studio->detector, text);
    for (int id = 0; id < SCENE_CLASSES; id++) {
        char number[12];
        snprintf(number, sizeof number, "%d", id);
        if (strcmp(text, scene_class_names[id]) == 0 || strcmp(text, number) == 0)
            return id;
    }
    return -1;
}

static int detector_start(struct studio *studio, const struct options *options)
{
    char error[ERROR_CAPACITY];
    struct detector_files files = options->files;
    struct model model;

    if (files.cfg == NULL) {
        bool scene = strcmp(options->source, "scene") == 0 || strncmp(options->source, "scene:", 6) == 0;
        bool coco = options->model != NULL ? strcmp(options->model, "coco") == 0 : !scene;

        if (model_find(&model, coco ? MODEL_COCO : MODEL_SHAPES, error, sizeof error) != 0)
            return error_report(NULL, "%s", error);
        files = model.files;
        if (options->files.names != NULL)
            files.names = options->files.names;
    }
    studio->detector = detector_open(&files, error, sizeof error);
    if (studio->detector == NULL)
        return error_report(NULL, "%s", error);
    printf("producer: network %s\n", files.cfg);
    return 0;
}

static void studio_close(struct studio *studio)
{
    detector_close(studio->detector);
    source_close(studio->source);
}

/* Returns 0, or 1 after a message; the studio is to be closed in both cases. */
static int studio_open(struct studio *studio, const struct options *options)
{
    char error[ERROR_CAPACITY];
    struct detection none[SCENE_OBJECTS_MAX];
    bool truth = strcmp(options->detector, "truth") == 0;

    *studio = (struct studio){.filter = {.threshold = options->threshold, .class_id = -1}};
    studio->source = source_open(options->source, QUEUE_WIDTH, QUEUE_HEIGHT, error, sizeof error);
    if (studio->source == NULL)
        return error_report(NULL, "%s", error);
    printf("producer: %s\n", source_describe(studio->source));

    bool knows = source_truth(studio->source, none, 0) >= 0;
    if (truth && !knows)
        return error_report("use --source scene, or --detector darknet",
                            "only the synthetic scene knows the truth");
    if (!truth && !detector_available() && knows)
        error_report("install libdarknet and build again",
                     "built without libdarknet: every frame shows the truth");
    else if (!truth && detector_start(studio, options) != 0)
        return 1;

    if (options->wanted != NULL) {
        studio->filter.class_id = class_find(studio, options->wanted);
        if (studio->filter.class_id == -1)
            return error_report("see the names file", "no class '%s' is known", options->wanted);
    }
    return 0;
}

/* Keep those of the wanted class. Returns their number. */
static int truth_filter(const struct studio *studio, struct detection *detections, int count)
{
    int kept = 0;

    for (int i = 0; i < count; i++)
        if (studio->filter.class_id == -1 || detections[i].class_id == studio->filter.class_id)
            detections[kept++] = detections[i];
    return kept;
}

/* Make the next frame inside the slot. Returns 1, 0 at the end of the source, -1 after a message. */
static int slot_fill(const struct studio *studio, struct queue_slot *slot, int32_t frame_id)
{
    char error[ERROR_CAPACITY];
    struct frame frame = {.width = QUEUE_WIDTH, .height = QUEUE_HEIGHT, .pixels = slot->pixels};

    int more = source_next(studio->source, &frame, error, sizeof error);
    while (more == -1 && source_goes_on(studio->source)) { /* a folder: one picture less */
        error_report("going on with the next one", "%s", error);
        more = source_next(studio->source, &frame, error, sizeof error);
    }
    if (more == -1 || error[0] != '\0')
        error_report(NULL, "%s", error);
    if (more != 1)
        return more;

    memset(slot->detections, 0, sizeof slot->detections);
    int found =
        studio->detector != NULL
            ? detector_run(studio->detector, &frame, &studio->filter, slot->detections, QUEUE_DETECTIONS)
            : truth_filter(studio, slot->detections,
                           source_truth(studio->source, slot->detections, QUEUE_DETECTIONS));
    if (found == -1) { /* no number of detections: nothing is published */
        error_report_errno("does the network fit its weights?", "the detector found no answer");
        return -1;
    }
    slot->num_detections = found;
    slot->frame_id = frame_id;
    slot->width = QUEUE_WIDTH;
    slot->height = QUEUE_HEIGHT;
    slot->channels = QUEUE_CHANNELS;
    return 1;
}

/* One line a frame; where there is no detector, every line says so. The slot must still be ours. */
static void slot_print(const struct studio *studio, const struct queue_slot *slot)
{
    printf("producer: frame %d: %d %s", (int)slot->frame_id, (int)slot->num_detections,
           studio->detector != NULL ? "detections" : "objects by the scene's own truth, no detector");
    for (int i = 0; i < slot->num_detections; i++)
        printf("%s %s %.2f", i == 0 ? ":" : ",", class_name(studio, slot->detections[i].class_id),
               (double)slot->detections[i].confidence);
    printf("\n");
    fflush(stdout);
}

/* What went wrong while we waited for a slot, as an exit status. */
static int end_report(enum queue_end end, const struct options *options)
{
    switch (end) {
    case QUEUE_STOPPED:
        return error_report(NULL, "%s", strsignal(stop_signal()));
    case QUEUE_GONE:
        return error_report("start both again, or use --wait", "the consumer has gone");
    case QUEUE_STUCK:
        return error_report("is the consumer stopped?", "MUTEX was not given back");
    default:
        return error_report("start a consumer with the same --prefix", "the queue stayed full for %g s",
                            options->timeout);
    }
}

/* As queue_acquire_free; looks at times whether a consumer could come at all. QUEUE_TIMEOUT when none can. */
static enum queue_end slot_acquire(struct queue *queue, struct queue_slot **slot, double seconds)
{
    static const double look_seconds = 0.5;

    for (;; seconds -= look_seconds) {
        enum queue_end end = queue_acquire_free(queue, slot, seconds < look_seconds ? seconds : look_seconds);
        if (end != QUEUE_TIMEOUT || seconds <= look_seconds || !queue_named(queue))
            return end;
    }
}

/* Returns the exit status; *made is the number of frames that were published. */
static int frames_make(struct queue *queue, const struct studio *studio, const struct options *options,
                       long *made)
{
    double begin = clock_now();

    for (*made = 0; options->frames == 0 || *made < options->frames; ++*made) {
        struct queue_slot *slot;

        if (options->fps > 0 && !stop_sleep(begin + (double)*made / options->fps - clock_now()))
            return end_report(QUEUE_STOPPED, options);
        /* slide:loop */
        enum queue_end end = slot_acquire(queue, &slot, options->timeout);
        /* slide:end */
        while (end == QUEUE_GONE && options->wait) {
            printf("producer: the consumer has gone: waiting for the next one\n");
            fflush(stdout);
            end = slot_acquire(queue, &slot, options->timeout);
        }
        if (end == QUEUE_TIMEOUT && !queue_named(queue))
            return EXIT_FAILURE; /* video_run says so */
        if (end != QUEUE_DONE)
            return end_report(end, options);

        /* slide:loop */
        int more = slot_fill(studio, slot, (int32_t)(*made + 1));
        /* slide:end */
        if (more == 0 && stop_signal() != 0)
            return end_report(QUEUE_STOPPED, options);
        if (more != 1)
            return more == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        if (!options->quiet)
            slot_print(studio, slot);
        /* slide:loop */
        end = queue_publish(queue);
        /* slide:end */
        if (end != QUEUE_DONE)
            return end_report(end, options);
    }
    return EXIT_SUCCESS;
}

static int video_run(const struct studio *studio, const struct options *options)
{
    struct queue queue;
    long made;

    if (queue_create_named(&queue, options->prefix, options->mode, names_of(studio)) != 0)
        return EXIT_FAILURE;
    printf("producer: %s is open, a consumer may come\n", queue.shm_name);
    fflush(stdout);

    double begin = clock_now();
    int status = frames_make(&queue, studio, options, &made);
    double seconds = clock_now() - begin;
    if (status == EXIT_SUCCESS)
        queue_drain(&queue, options->timeout);
    bool named = queue_named(&queue);
    int unread = queue_close(&queue);

    printf("producer: %ld frames in %.2f s, %.1f frames/s\n", made, seconds,
           seconds > 0 ? (double)made / seconds : 0.0);
    if (!named)
        status =
            error_report("start both again", "somebody removed %s: no consumer can find it", queue.shm_name);
    if (unread > 0)
        status = error_report("start a consumer with the same --prefix", "%d frames were never read", unread);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {
        .prefix = QUEUE_PREFIX,
        .source = "scene",
        .detector = "darknet",
        .threshold = 0.5F,
        .timeout = 30,
        .mode = 0600,
    };
    struct studio studio;
    int status = EXIT_FAILURE;

    options_parse(&argp, argc, argv, &options);
    stop_on_signals();
    if (studio_open(&studio, &options) == 0)
        status = video_run(&studio, &options);
    studio_close(&studio);
    return status;
}
