/* Many submissions, several at once, each in a process of its own, so that one cannot harm the others. */
#ifndef GRADER_BATCH_H
#define GRADER_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "collect.h"
#include "submission.h"

/* Say who is in the roster and handed in nothing. */
void batch_absent(const struct collection *batch, const struct class_order *order);

/* Grade them all, tell the progress, and sum up who needs a look. False when something is not graded. */
bool batch_run(const struct collection *batch, const struct class_order *order, int jobs);

#endif
