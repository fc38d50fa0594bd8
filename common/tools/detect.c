/*
 * What is in a picture? One line for each thing that a detector finds:
 *
 *     NAME CONFIDENCE X Y WIDTH HEIGHT
 *
 * The box in pixels of the picture, X and Y its top-left corner; the most confident comes first.
 */
#include "shmlab/detector.h"
#include "shmlab/error.h"
#include "shmlab/model.h"
#include "shmlab/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DETECTIONS_MAX = 200, ERROR_MAX = 1024 };

struct settings {
    struct detector_files files;
    const char *model, *class_name, *picture;
    double threshold;
};

static int detect(struct detector *detector, const struct settings *settings, const struct frame *frame)
{
    struct detection found[DETECTIONS_MAX];
    struct detector_filter filter = {.threshold = (float)settings->threshold, .class_id = -1};
    if (settings->class_name != NULL) {
        filter.class_id = detector_find_class(detector, settings->class_name);
        if (filter.class_id < 0)
            return error_report("see the names file of the model", "no class '%s'", settings->class_name);
    }
    int count = detector_run(detector, frame, &filter, found, DETECTIONS_MAX);
    if (count < 0)
        return error_report_errno(NULL, "%s: detecting", settings->picture);
    for (int i = 0; i < count; i++)
        printf("%s %.3f %d %d %d %d\n", detector_class_name(detector, found[i].class_id), (double)found[i].confidence,
               found[i].x, found[i].y, found[i].width, found[i].height);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : error_report_errno(NULL, "standard output");
}

enum { KEY_CFG = 256, KEY_WEIGHTS, KEY_NAMES, KEY_MODEL };

static const struct argp_option options[] = {
    {"model", KEY_MODEL, "coco|shapes", 0, "Which model to look for (coco)", 0},
    {"cfg", KEY_CFG, "FILE", 0, "Network description, instead of a model", 0},
    {"weights", KEY_WEIGHTS, "FILE", 0, "Weights that belong to it", 0},
    {"names", KEY_NAMES, "FILE", 0, "Names of the classes, a line each", 0},
    {"class", 'c', "NAME", 0, "Only this class (name or number)", 0},
    {"thresh", 't', "P", 0, "Least confidence (0.25)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;
    if (key == KEY_CFG)
        settings->files.cfg = text;
    else if (key == KEY_WEIGHTS)
        settings->files.weights = text;
    else if (key == KEY_NAMES)
        settings->files.names = text;
    else if (key == KEY_MODEL && (strcmp(text, "coco") == 0 || strcmp(text, "shapes") == 0))
        settings->model = text;
    else if (key == KEY_MODEL)
        argp_error(state, "--model wants coco or shapes, not '%s'", text);
    else if (key == 'c')
        settings->class_name = text;
    else if (key == 't')
        settings->threshold = options_number(state, "--thresh", text, 0.001, 0.999);
    else if (key == ARGP_KEY_ARG && settings->picture == NULL)
        settings->picture = text;
    else if (key == ARGP_KEY_END && settings->picture == NULL)
        argp_error(state, "which picture?");
    else if (key == ARGP_KEY_END && (settings->files.cfg == NULL) != (settings->files.weights == NULL))
        argp_error(state, "--cfg and --weights belong together");
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

/* Fill in the files of a model where none were named. Its paths live as long as the program. */
static int settings_complete(struct settings *settings, char *error, size_t size)
{
    static struct model model;
    if (settings->files.cfg != NULL)
        return 0;
    if (model_find(&model, strcmp(settings->model, "coco") == 0 ? MODEL_COCO : MODEL_SHAPES, error, size) != 0)
        return -1;
    settings->files = model.files;
    return 0;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {options, parse, "PICTURE", "Tell what is in a picture (JPEG, PNG or PPM).",
                                     NULL,    NULL,  NULL};
    struct settings settings = {.model = "coco", .threshold = 0.25};
    char error[ERROR_MAX];
    struct frame frame;
    options_parse(&argp, argc, argv, &settings);
    if (settings_complete(&settings, error, sizeof error) != 0 ||
        frame_load(&frame, settings.picture, error, sizeof error) != 0)
        return error_report(NULL, "%s", error);
    struct detector *detector = detector_open(&settings.files, error, sizeof error);
    int result = detector != NULL ? detect(detector, &settings, &frame) : error_report(NULL, "%s", error);
    detector_close(detector);
    frame_destroy(&frame);
    return result;
}
