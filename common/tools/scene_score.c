/*
 * Compare what came out of lab 6's queue with what was really in the synthetic scene.
 *
 *     producer --source scene:SEED ... & consumer.py --detections FILE
 *     scene_score [--seed SEED] FILE
 *
 * FILE has a line for each detection, "frame,class,confidence,x,y,width,height", and for a frame without any
 * a line "frame,,,,,,". A detection is right when a box of its class that no other one has claimed overlaps
 * it by half (intersection over union).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "shmlab/error.h"
#include "shmlab/options.h"
#include "shmlab/scene.h"
#include "shmlab/yolo_queue.h"

enum { LINE_CAPACITY = 256 };
static const double right_overlap = 0.5;

struct options {
    long seed;
    double least;
    const char *path;
};

struct score {
    struct scene *scene;
    struct frame scratch; /* the scene is rendered into it for the sake of its truth */
    long frame;           /* number of the frame that is looked at, 0: none yet */
    struct detection truth[SCENE_OBJECTS_MAX];
    bool claimed[SCENE_OBJECTS_MAX];
    int objects;
    long frames, all_objects, detections, right;
    double overlap; /* sum over the right ones */
};

static void frame_begin(struct score *score, long frame)
{
    score->frame = frame;
    score->frames++;
    score->objects = scene_render(score->scene, frame - 1, &score->scratch, score->truth);
    score->all_objects += score->objects;
    for (int i = 0; i < score->objects; i++)
        score->claimed[i] = false;
}

static void detection_judge(struct score *score, const struct detection *found)
{
    int best = -1;
    double most = right_overlap;

    for (int i = 0; i < score->objects; i++) {
        double shared = detection_overlap(found, &score->truth[i]);
        if (!score->claimed[i] && score->truth[i].class_id == found->class_id && shared >= most) {
            best = i;
            most = shared;
        }
    }
    score->detections++;
    if (best == -1)
        return;
    score->claimed[best] = true;
    score->right++;
    score->overlap += most;
}

static int line_read(struct score *score, const char *line)
{
    struct detection found;
    int frame;
    int fields = sscanf(line, "%d,%d,%f,%d,%d,%d,%d", &frame, &found.class_id, &found.confidence, &found.x, &found.y,
                        &found.width, &found.height);

    if ((fields != 1 && fields != 7) || frame < score->frame || frame < 1)
        return -1;
    if (frame > score->frame)
        frame_begin(score, frame);
    if (fields == 7)
        detection_judge(score, &found);
    return 0;
}

static int file_read(struct score *score, const char *path)
{
    char line[LINE_CAPACITY];
    long number = 0;
    int status = EXIT_SUCCESS;
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return error_report_errno(NULL, "%s", path);
    while (status == EXIT_SUCCESS && fgets(line, sizeof line, file) != NULL)
        if (++number > 1 && line_read(score, line) != 0) /* line 1 names the columns */
            status = error_report("was it written by consumer.py --detections?", "%s:%ld: not a detection: %s", path,
                                  number, line);
    fclose(file);
    if (status == EXIT_SUCCESS && score->frames == 0)
        status = error_report(NULL, "%s: no frames", path);
    return status;
}

static int score_report(const struct score *score, double least)
{
    double precision = score->detections > 0 ? (double)score->right / (double)score->detections : 0;
    double recall = score->all_objects > 0 ? (double)score->right / (double)score->all_objects : 0;

    printf("%ld frames with %ld objects: %ld detections, %ld of them right: precision %.3f, recall %.3f, "
           "mean overlap %.2f\n",
           score->frames, score->all_objects, score->detections, score->right, precision, recall,
           score->right > 0 ? score->overlap / (double)score->right : 0.0);
    if (precision < least || recall < least)
        return error_report(NULL, "precision or recall is below %.3f", least);
    return EXIT_SUCCESS;
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 's':
        options->seed = options_integer(state, "--seed", text, 0, 2000000000);
        return 0;
    case 'l':
        options->least = options_number(state, "--least", text, 0, 1);
        return 0;
    case ARGP_KEY_ARG:
        if (options->path != NULL)
            argp_error(state, "'%s' is one file too many", text);
        options->path = text;
        return 0;
    case ARGP_KEY_END:
        if (options->path == NULL)
            argp_error(state, "which file?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp_option option_list[] = {
        {"seed", 's', "N", 0, "Number of the scene, as in --source scene:N (default 1)", 0},
        {"least", 'l', "P", 0, "Fail when precision or recall is less", 0},
        {0},
    };
    const struct argp argp = {
        .options = option_list,
        .parser = option_parse,
        .args_doc = "FILE",
        .doc = "Compare detections that came out of lab 6's queue with what was in the synthetic scene.",
    };
    struct options options = {.seed = 1};
    struct score score = {0};
    int status;

    options_parse(&argp, argc, argv, &options);
    score.scene = scene_open(QUEUE_WIDTH, QUEUE_HEIGHT, (uint64_t)options.seed);
    if (score.scene == NULL || frame_create(&score.scratch, QUEUE_WIDTH, QUEUE_HEIGHT) != 0)
        status = error_report_errno(NULL, "scene");
    else if ((status = file_read(&score, options.path)) == EXIT_SUCCESS)
        status = score_report(&score, options.least);
    frame_destroy(&score.scratch);
    scene_close(score.scene);
    return status;
}
