/*
 * How long one picture takes the detector. A line on standard input asks for a measurement, the answer is the
 * best of a few runs in milliseconds: so that detector_peers.py can measure several detectors in turn.
 *
 *     detector_time CFG WEIGHTS PICTURE
 */
#include "clock.h"

#include "shmlab/detector.h"
#include "shmlab/error.h"
#include "shmlab/frame.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 5, FOUND_MAX = 200, ERROR_MAX = 1024, LINE_MAX_BYTES = 16 };

/* Returns the milliseconds of the fastest run, or a negative number after a message. */
static double best_run(struct detector *detector, const struct frame *frame)
{
    struct detection found[FOUND_MAX];
    const struct detector_filter filter = {.threshold = 0.25F, .class_id = -1};
    double best = -1;

    for (int i = 0; i < RUNS; i++) {
        int64_t begin = clock_now_ns();
        if (detector_run(detector, frame, &filter, found, FOUND_MAX) < 0) {
            error_report_errno(NULL, "detecting");
            return -1;
        }
        double took = (double)(clock_now_ns() - begin) * 1e-6;
        best = best < 0 || took < best ? took : best;
    }
    return best;
}

static int answer(struct detector *detector, const struct frame *frame)
{
    char line[LINE_MAX_BYTES];

    if (best_run(detector, frame) < 0) /* touches all memory, makes the library's threads */
        return EXIT_FAILURE;
    while (fgets(line, sizeof line, stdin) != NULL) {
        double best = best_run(detector, frame);
        if (best < 0)
            return EXIT_FAILURE;
        printf("%.4f\n", best);
        if (fflush(stdout) != 0)
            return error_report_errno(NULL, "standard output");
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    char error[ERROR_MAX];
    struct frame frame;

    if (argc != 4) {
        fprintf(stderr, "Usage: detector_time CFG WEIGHTS PICTURE\n");
        return 2;
    }
    struct detector_files files = {.cfg = argv[1], .weights = argv[2]};
    struct detector *detector = detector_open(&files, error, sizeof error);
    if (detector == NULL)
        return error_report(NULL, "%s", error);
    int status = EXIT_FAILURE;
    if (frame_load(&frame, argv[3], error, sizeof error) == 0) {
        status = answer(detector, &frame);
        frame_destroy(&frame);
    } else {
        error_report(NULL, "%s", error);
    }
    detector_close(detector);
    return status;
}
