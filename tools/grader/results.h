/*
 * What the grader writes down. A folder of results holds
 *
 *     class.json                       "shmlab-class/1": what was graded, and how
 *     submissions/NAME/result.json     "shmlab-submission/1": the marks; the same bytes in every run
 *     submissions/NAME/run.json        what differs from run to run
 *     submissions/NAME/transcripts/labN/CHECK.txt
 *     submissions/NAME/files/labN/     what was graded
 *
 * README.md in this folder describes the members.
 */
#ifndef GRADER_RESULTS_H
#define GRADER_RESULTS_H

#include <jansson.h>
#include <stdbool.h>

#include "check.h"
#include "verdict.h"

/* Write so that a reader finds the old file or the new one, also after a power cut. False after a message. */
bool results_write(const char *path, const json_t *json);

/*
 * A verdict of the judge (shmlab-result/1) as it stands in result.json: without what differs from run to run.
 * Paths below `room`, and the project's own, are shortened. To be released.
 */
json_t *results_lab(const json_t *verdict, const char *room);

/* A lab that has not been graded: each check has this outcome, with a reason (NULL: none). To be released. */
json_t *results_lab_blank(const struct lab *lab, enum outcome outcome, const char *reason);

/* Is every check of the lab decided? */
bool results_lab_complete(const json_t *lab);

/* Does the lab hold a check with that outcome? */
bool results_lab_has(const json_t *lab, enum outcome outcome);

/* Set points, points_max, challenge_points and challenge_points_max from the labs. */
void results_sum(json_t *submission);

#endif
