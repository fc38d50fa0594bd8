/* Say what would be graded. */
#ifndef GRADER_PREVIEW_H
#define GRADER_PREVIEW_H

#include "submission.h"

/* order->room is a folder of this run. */
void preview(const struct class_order *order, const struct collection *collection);

#endif
