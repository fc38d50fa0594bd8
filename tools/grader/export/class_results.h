/*
 * A graded class as the exporters see it: class.json and every submissions/NAME/result.json of a results
 * folder, read once. What the members mean: README.md of this folder, tests/harness/result.md.
 */
#ifndef GRADER_CLASS_RESULTS_H
#define GRADER_CLASS_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "verdict.h"

struct class_results {
    const char *folder;
    json_t *class;       /* "shmlab-class/1" */
    json_t *submissions; /* array of "shmlab-submission/1", in the order of their names */
};

/* Read the folder; `only`: no other submission than this one, NULL: all. false after a message. */
bool class_read(struct class_results *results, const char *folder, const char *only);

void class_release(struct class_results *results);

/* ---- what they mean ---- */

/* The person of the roster with that id; NULL: none. */
const json_t *class_person(const struct class_results *results, const char *id);

/* Those of the roster of whom there is no submission. To be released. */
json_t *class_absent(const struct class_results *results);

/* The name of the person, or of the submission when nobody knows whose it is. */
const char *submission_person(const json_t *submission);

/* The verdict on the lab of that number, NULL: none. */
const json_t *submission_lab(const json_t *submission, json_int_t number);

/* Not "full": the name of the reduced isolation under which this was graded. NULL: it was full. */
const char *submission_isolation(const json_t *submission);

/* An instructor's check: students see its concept and whether it passed, nothing else. */
bool check_is_hidden(const json_t *check);

bool check_passed(const json_t *check);

/* What a check is called and what it is about; of a hidden one a student gets "hidden" and the concept. */
const char *check_label(const json_t *check, bool for_student);
const char *check_title(const json_t *check, bool for_student);

/* failed, timeout or error: it ran and found something. Those that are skipped or pending did not run. */
bool check_found_something(const json_t *check);

/*
 * The feedback on a check in lines "expected  ...", "found  ...", ending with a newline; empty when there is
 * none. Of a hidden check a student gets its concept only. To be freed.
 */
char *check_feedback(const json_t *check, bool for_student);

/* "file.c:17", or "" when it is not known. To be freed. */
char *check_place(const json_t *check);

#endif
