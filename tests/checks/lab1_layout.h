/* Lab 1: what its checks share with those that only instructors have. */
#ifndef CHECKS_LAB1_LAYOUT_H
#define CHECKS_LAB1_LAYOUT_H

#include "check.h"

#define LAB1_HEADER "shared_data.h"

/* Does this preprocessed text compile? `what` goes into the transcript. */
bool lab1_compiles(struct check *check, const char *text, const char *what);

/* lab1_layout_instructor.c, which no student has */
CHECK_HIDDEN(lab1_moves);
CHECK_HIDDEN(lab1_names);
CHECK_HIDDEN(lab1_values);

#endif
