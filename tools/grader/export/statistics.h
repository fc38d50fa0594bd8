/*
 * What the class as a whole shows: how each check went, and which misconceptions are common. Failures are
 * grouped by the check and the cause that the check names; where it names none, by what was expected.
 */
#ifndef GRADER_STATISTICS_H
#define GRADER_STATISTICS_H

#include "class_results.h"

/*
 * {"labs": [{"number", "title", "handed_in", "missing", "points_max", "marks": [sorted], "checks":
 * [CHECK...]}], "causes": [CAUSE..., the most common one first]} CHECK: {"name", "title", "visibility",
 * "points_max", "passed", "failed", "not_run", "causes": [CAUSE...]} CAUSE: {"lab", "check", "text",
 * "students": [indices in results->submissions]} To be released.
 */
json_t *statistics_make(const struct class_results *results);

/* The middle one of sorted numbers, as hundredths; 0 of none. */
json_int_t statistics_median(const json_t *sorted);

#endif
