/*
 * How well a detector sees, and how fast: it is shown fresh synthetic scenes, whose contents are known.
 *
 * A detection is right when a box of its class that no better one has claimed overlaps it by half
 * (intersection over union). Precision is the share of right ones among those at least --thresh sure, recall
 * the share of boxes they find; the average precision of a class is the area under its precision-recall curve
 * (the Pascal VOC measure since 2010).
 */
#include "shmlab/clock.h"
#include "shmlab/detector.h"
#include "shmlab/error.h"
#include "shmlab/model.h"
#include "shmlab/options.h"
#include "shmlab/scene.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DETECTIONS_MAX = 400,
    ERROR_MAX = 1024,
    SCENES_MAX = 1000000,
};

static const float least_confidence = 0.01F; /* for the precision-recall curve */
static const double right_overlap = 0.5;

struct settings {
    struct detector_files files;
    long first, count, width, height, moving;
    double threshold;
    double least_map;
};

/* A detection and whether it was right. */
struct verdict {
    float confidence;
    int class_id;
    bool right;
};

struct tally {
    struct verdict *verdicts;
    size_t count, capacity;
    long boxes[SCENE_CLASSES];
    long sure, sure_and_right;
    double overlap; /* sum over sure_and_right */
    double seconds, best_seconds;
};

/* --- judging --- */

/* The unclaimed box of the same class that overlaps most and enough; claims it. Returns the overlap, 0 without one. */
static double claim(const struct detection *found, const struct detection *truth, int count, bool *claimed)
{
    int best = -1;
    double most = 0;
    for (int i = 0; i < count; i++) {
        double shared = detection_overlap(found, &truth[i]);
        if (!claimed[i] && truth[i].class_id == found->class_id && shared >= right_overlap && shared > most) {
            best = i;
            most = shared;
        }
    }
    if (best >= 0)
        claimed[best] = true;
    return most;
}

static int tally_add(struct tally *tally, struct verdict verdict)
{
    if (tally->count == tally->capacity) {
        size_t capacity = 2 * tally->capacity + 1024;
        struct verdict *verdicts = realloc(tally->verdicts, capacity * sizeof *verdicts);
        if (verdicts == NULL)
            return -1;
        tally->verdicts = verdicts;
        tally->capacity = capacity;
    }
    tally->verdicts[tally->count++] = verdict;
    return 0;
}

/* The detections come with the most confident first, so that it has the first choice. */
static int tally_picture(struct tally *tally, const struct detection *found, int found_count,
                         const struct detection *truth, int truth_count, double threshold)
{
    bool claimed[SCENE_OBJECTS_MAX] = {false};
    for (int i = 0; i < truth_count; i++)
        tally->boxes[truth[i].class_id]++;
    for (int i = 0; i < found_count; i++) {
        double shared = claim(&found[i], truth, truth_count, claimed);
        if (tally_add(tally, (struct verdict){found[i].confidence, found[i].class_id, shared > 0}) != 0)
            return -1;
        if ((double)found[i].confidence >= threshold) {
            tally->sure++;
            tally->sure_and_right += shared > 0;
            tally->overlap += shared;
        }
    }
    return 0;
}

static int compare_verdicts(const void *left, const void *right)
{
    float a = ((const struct verdict *)left)->confidence, b = ((const struct verdict *)right)->confidence;
    return a > b ? -1 : a < b;
}

/* The verdicts are sorted. Precision at a recall counts as the best precision at that recall or beyond. */
static double average_precision(const struct tally *tally, int class_id)
{
    long right = 0, all = 0;
    for (size_t i = 0; i < tally->count; i++)
        if (tally->verdicts[i].class_id == class_id) {
            all++;
            right += tally->verdicts[i].right;
        }
    double area = 0, best = 0;
    for (size_t i = tally->count; i-- > 0;)
        if (tally->verdicts[i].class_id == class_id) {
            double precision = (double)right / (double)all;
            best = precision > best ? precision : best;
            if (tally->verdicts[i].right)
                area += best;
            all--;
            right -= tally->verdicts[i].right;
        }
    return tally->boxes[class_id] > 0 ? area / (double)tally->boxes[class_id] : 0;
}

/* --- showing scenes --- */

/* Scene number i, still; or, with --moving, a frame of it while it moves: enough frames apart to look different. */
static int show(const struct settings *settings, long i, struct frame *frame, struct detection *truth)
{
    const long apart = 15;
    uint64_t seed = (uint64_t)(settings->first + i);
    if (settings->moving == 0)
        return scene_still(frame, seed, truth);
    seed = (uint64_t)(settings->first + i / settings->moving);
    struct scene *scene = scene_open(frame->width, frame->height, seed);
    if (scene == NULL)
        return -1;
    int count = scene_render(scene, apart * (i % settings->moving), frame, truth);
    scene_close(scene);
    return count;
}

static int evaluate(struct detector *detector, const struct settings *settings, struct frame *frame,
                    struct tally *tally)
{
    const struct detector_filter filter = {.threshold = least_confidence, .class_id = -1};
    for (long i = 0; i < settings->count; i++) {
        struct detection truth[SCENE_OBJECTS_MAX], found[DETECTIONS_MAX];
        int truth_count = show(settings, i, frame, truth);
        if (truth_count < 0)
            return error_report_errno(NULL, "scene %ld", i);
        double start = clock_now();
        int found_count = detector_run(detector, frame, &filter, found, DETECTIONS_MAX);
        double seconds = clock_now() - start;
        if (found_count < 0 || tally_picture(tally, found, found_count, truth, truth_count, settings->threshold) != 0)
            return error_report_errno(NULL, "detecting in scene %ld", i);
        tally->seconds += seconds;
        tally->best_seconds = i == 0 || seconds < tally->best_seconds ? seconds : tally->best_seconds;
    }
    return EXIT_SUCCESS;
}

static int report(const struct tally *tally, const struct settings *settings)
{
    double sum = 0;
    long boxes = 0;
    for (int i = 0; i < SCENE_CLASSES; i++) {
        double precision = average_precision(tally, i);
        printf("%-10s %5ld boxes   AP50 %.4f\n", scene_class_names[i], tally->boxes[i], precision);
        sum += precision;
        boxes += tally->boxes[i];
    }
    double map = sum / (double)SCENE_CLASSES;
    printf("mAP50 %.4f over %ld scenes of %ld x %ld with %ld boxes\n", map, settings->count, settings->width,
           settings->height, boxes);
    printf("at confidence %.2f: precision %.4f, recall %.4f, mean overlap %.3f\n", settings->threshold,
           tally->sure > 0 ? (double)tally->sure_and_right / (double)tally->sure : 0,
           boxes > 0 ? (double)tally->sure_and_right / (double)boxes : 0,
           tally->sure_and_right > 0 ? tally->overlap / (double)tally->sure_and_right : 0);
    printf("%.2f ms a picture on average, %.2f ms at best\n", tally->seconds / (double)settings->count * 1e3,
           tally->best_seconds * 1e3);
    if (map < settings->least_map)
        return error_report(NULL, "mAP50 %.4f is below %.4f", map, settings->least_map);
    return EXIT_SUCCESS;
}

static int run(struct detector *detector, const struct settings *settings)
{
    struct frame frame;
    struct tally tally = {0};
    if (frame_create(&frame, (int)settings->width, (int)settings->height) != 0)
        return error_report_errno(NULL, "a frame of %ld x %ld", settings->width, settings->height);
    int result = detector_classes(detector) == SCENE_CLASSES
                     ? evaluate(detector, settings, &frame, &tally)
                     : error_report("take one trained on the synthetic scenes", "%s: not %d classes",
                                    settings->files.cfg, SCENE_CLASSES);
    if (result == EXIT_SUCCESS) {
        qsort(tally.verdicts, tally.count, sizeof *tally.verdicts, compare_verdicts);
        result = report(&tally, settings);
    }
    free(tally.verdicts);
    frame_destroy(&frame);
    return result;
}

/* --- command line --- */

enum { KEY_CFG = 256, KEY_WEIGHTS, KEY_FIRST, KEY_MOVING, KEY_LEAST };

static const struct argp_option options[] = {
    {"cfg", KEY_CFG, "FILE", 0, "Network description (the shipped one)", 0},
    {"weights", KEY_WEIGHTS, "FILE", 0, "Weights that belong to it", 0},
    {"count", 'n', "N", 0, "Number of scenes (500)", 0},
    {"first", KEY_FIRST, "N", 0, "Number of the first scene (1000000: no scene from there on was used in training)", 0},
    {"width", 'w', "PIXELS", 0, "Size of the scenes (640)", 0},
    {"height", 'h', "PIXELS", 0, "(640)", 0},
    {"moving", KEY_MOVING, "N", 0, "Show moving scenes, N frames of each", 0},
    {"thresh", 't', "P", 0, "Confidence at which precision and recall are told (0.5)", 0},
    {"least", KEY_LEAST, "MAP", 0, "Fail when mAP50 is less", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;
    if (key == KEY_CFG)
        settings->files.cfg = text;
    else if (key == KEY_WEIGHTS)
        settings->files.weights = text;
    else if (key == 'n')
        settings->count = options_integer(state, "--count", text, 1, SCENES_MAX);
    else if (key == KEY_FIRST)
        settings->first = options_integer(state, "--first", text, 0, 2000000000);
    else if (key == 'w')
        settings->width = options_integer(state, "--width", text, 1, FRAME_SIDE_MAX);
    else if (key == 'h')
        settings->height = options_integer(state, "--height", text, 1, FRAME_SIDE_MAX);
    else if (key == KEY_MOVING)
        settings->moving = options_integer(state, "--moving", text, 1, SCENES_MAX);
    else if (key == 't')
        settings->threshold = options_number(state, "--thresh", text, 0.01, 1);
    else if (key == KEY_LEAST)
        settings->least_map = options_number(state, "--least", text, 0, 1);
    else if (key == ARGP_KEY_END && (settings->files.cfg == NULL) != (settings->files.weights == NULL))
        argp_error(state, "--cfg and --weights belong together");
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        options, parse, NULL, "Measure how well a detector sees the shapes of the synthetic scene.", NULL, NULL, NULL};
    struct settings settings = {.first = 1000000, .count = 500, .width = 640, .height = 640, .threshold = 0.5};
    static struct model model;
    char error[ERROR_MAX];
    options_parse(&argp, argc, argv, &settings);
    if (settings.files.cfg == NULL) {
        if (model_find(&model, MODEL_SHAPES, error, sizeof error) != 0)
            return error_report(NULL, "%s", error);
        settings.files = model.files;
    }
    struct detector *detector = detector_open(&settings.files, error, sizeof error);
    if (detector == NULL)
        return error_report(NULL, "%s", error);
    int result = run(detector, &settings);
    detector_close(detector);
    return result;
}
