/*
 * Render a still synthetic scene into a PPM file, and tell what is in it, a line for each shape as `detect`
 * has it:
 *
 *     NAME CONFIDENCE X Y WIDTH HEIGHT
 */
#include "shmlab/scene.h"
#include "shmlab/error.h"
#include "shmlab/options.h"

#include <stdio.h>
#include <stdlib.h>

struct settings {
    long seed, width, height;
    const char *path;
};

static const struct argp_option options[] = {
    {"seed", 's', "N", 0, "Number of the scene (1)", 0},
    {"width", 'w', "PIXELS", 0, "Size of the picture (640)", 0},
    {"height", 'h', "PIXELS", 0, "(480)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;
    if (key == 's')
        settings->seed = options_integer(state, "--seed", text, 0, 2000000000);
    else if (key == 'w')
        settings->width = options_integer(state, "--width", text, 1, FRAME_SIDE_MAX);
    else if (key == 'h')
        settings->height = options_integer(state, "--height", text, 1, FRAME_SIDE_MAX);
    else if (key == ARGP_KEY_ARG && settings->path == NULL)
        settings->path = text;
    else if (key == ARGP_KEY_END && settings->path == NULL)
        argp_error(state, "which file to write?");
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static int render(const struct settings *settings, struct frame *frame)
{
    struct detection truth[SCENE_OBJECTS_MAX];
    int count = scene_still(frame, (uint64_t)settings->seed, truth);
    if (frame_save_ppm(frame, settings->path) != 0)
        return error_report_errno(NULL, "%s", settings->path);
    for (int i = 0; i < count; i++)
        printf("%s 1.000 %d %d %d %d\n", scene_class_names[truth[i].class_id], truth[i].x, truth[i].y, truth[i].width,
               truth[i].height);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : error_report_errno(NULL, "standard output");
}

int main(int argc, char **argv)
{
    static const struct argp argp = {options, parse, "FILE.ppm", "Render a still synthetic scene.", NULL, NULL, NULL};
    struct settings settings = {.seed = 1, .width = 640, .height = 480};
    struct frame frame;
    options_parse(&argp, argc, argv, &settings);
    if (frame_create(&frame, (int)settings.width, (int)settings.height) != 0)
        return error_report_errno(NULL, "a frame of %ld x %ld", settings.width, settings.height);
    int result = render(&settings, &frame);
    frame_destroy(&frame);
    return result;
}
