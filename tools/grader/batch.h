/* Many submissions, several at once, each in a process of its own, so that one cannot harm the others. */
#ifndef GRADER_BATCH_H
#define GRADER_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "submission.h"

struct batch_entry {
    char *name; /* in the results */
    char *path;
};

struct batch {
    struct batch_entry *entries;
    size_t count;
};

/* Grade them all, tell the progress, and sum up who needs a look. False when something is not graded. */
bool batch_run(const struct batch *batch, const struct class_order *order, int jobs);

#endif
