/*
 * The object detector: Darknet with a narrow interface, so that no program but detector_darknet.c sees its
 * header.
 *
 * Darknet ends the process on many kinds of bad input, or silently computes nonsense; detector_open checks
 * the files first and says what is wrong. One detector a process; not for use from several threads.
 */
#ifndef SHMLAB_DETECTOR_H
#define SHMLAB_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "shmlab/detection.h"
#include "shmlab/frame.h"

struct detector;

struct detector_files {
    const char *cfg;     /* network description */
    const char *weights; /* Darknet weights; their size must be what cfg asks for */
    const char *names;   /* class names, a line each; NULL: classes are called "class N" */
};

struct detector_filter {
    float threshold; /* keep detections with a confidence above this; 0 < threshold < 1 */
    int class_id;    /* keep only this class; -1: all */
};

/* Was libdarknet there when this was built? */
bool detector_available(void);

/*
 * Load a network. Returns NULL and leaves a sentence (which file, what is wrong, what to do next) in error
 * (size bytes). Darknet's own chatter does not reach standard output.
 */
struct detector *detector_open(const struct detector_files *files, char *error, size_t size);

int detector_classes(const struct detector *detector);
const char *detector_class_name(const struct detector *detector, int class_id); /* never NULL */

/* The class called text (a name, or a number). Returns its id or -1. */
int detector_find_class(const struct detector *detector, const char *text);

/*
 * Detect objects in a frame of any size. Fills at most capacity records, the most confident first, in pixels
 * of that frame, clipped to it; each box is of its most probable class, and of boxes of one class that
 * overlap by more than 0.45 the most confident one stays. Returns the number of records, or -1 with errno:
 * ENOMEM, or ERANGE when the network's output is not a number.
 */
int detector_run(struct detector *detector, const struct frame *frame, const struct detector_filter *filter,
                 struct detection *detections, int capacity);

/* How many more the last detector_run would have found place for with a larger capacity. */
int detector_left_out(const struct detector *detector);

void detector_close(struct detector *detector); /* NULL is fine */

#endif
