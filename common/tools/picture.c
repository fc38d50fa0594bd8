/*
 * Read a picture as every program here does, and write it as a binary PPM to standard output:
 *
 *     picture FILE >picture.ppm
 *
 * The Python programs ask it for what the standard library cannot read, so that C and Python see the same pixels.
 */
#include "shmlab/error.h"
#include "shmlab/frame.h"
#include "shmlab/options.h"

#include <stdio.h>
#include <stdlib.h>

enum { ERROR_MAX = 1024 };

static error_t parse(int key, char *text, struct argp_state *state)
{
    const char **path = state->input;
    if (key == ARGP_KEY_ARG && *path == NULL)
        *path = text;
    else if (key == ARGP_KEY_ARG || key == ARGP_KEY_NO_ARGS)
        argp_error(state, "name one picture");
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .parser = parse, .args_doc = "FILE", .doc = "Write a picture as a binary PPM to standard output."};
    const char *path = NULL;
    char error[ERROR_MAX];
    struct frame frame;

    options_parse(&argp, argc, argv, &path);
    if (frame_load(&frame, path, error, sizeof error) != 0)
        return error_report(NULL, "%s", error);
    int failed = frame_save_ppm(&frame, "/dev/stdout");
    frame_destroy(&frame);
    return failed == 0 ? EXIT_SUCCESS : error_report_errno(NULL, "standard output");
}
