/*
 * Points and comments by hand: RESULTS/adjustments.json ("shmlab-adjustments/1": exports.md), which `grader adjust`
 * writes and no grading touches. They are applied when marks are exported, before the policy: in a member "adjusted" of
 * each lab and of the submission, as policy.h has it, and in "comments", sentences for the student, of each lab.
 */
#ifndef GRADER_ADJUST_H
#define GRADER_ADJUST_H

#include "class_results.h"

/* Apply what the folder's file says. `any`: there was something. False after a message. */
bool adjust_apply(struct class_results *results, bool *any);

#endif
