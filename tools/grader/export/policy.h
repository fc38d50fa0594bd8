/*
 * Lateness: due dates, late days, penalties and extensions from a policy file ("shmlab-policy/1":
 * exports.md), applied when marks are exported. The results themselves are never changed: adjusted marks
 * are beside the raw ones, in a member "adjusted" of each lab and of the submission, in memory only.
 *
 * Of a lab:
 *  - points, challenge_points: hundredths of points;
 *  - due, submitted: text;
 *  - days_late, late_days_used;
 *  - penalty_hundredths: of a percent;
 *  - note: a sentence for the student.
 *
 * Of a submission:
 *  - points, challenge_points: hundredths of points.
 */
#ifndef GRADER_POLICY_H
#define GRADER_POLICY_H

#include "class_results.h"

struct policy;

/* Read and check a policy file; sets the process's time zone to the policy's. NULL after a message. */
struct policy *policy_read(const char *path);

void policy_free(struct policy *policy);

/* Add "adjusted" to every lab and submission. Says on standard error whose hand-in time is not known. */
void policy_apply(const struct policy *policy, struct class_results *results);

/* What the policy means, in words and with examples. */
void policy_explain(const struct policy *policy, FILE *out);

/* Students of the policy whom the class does not know: a message each. Returns how many. */
int policy_strangers(const struct policy *policy, const struct class_results *results);

/* Hundredths of points: adjusted ones where there are any, raw ones otherwise. `key`: points, challenge_points. */
json_int_t policy_hundredths(const json_t *owner, const char *key);

#endif
