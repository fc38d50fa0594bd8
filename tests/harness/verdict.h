/*
 * A verdict as JSON, "shmlab-result/1" (result.md): what an outcome is called, and what a check and a verdict say.
 * Knows no lab and runs nothing, so that whatever reads verdicts can use it.
 */
#ifndef HARNESS_VERDICT_H
#define HARNESS_VERDICT_H

#include <jansson.h>
#include <stdbool.h>

/* How many labs there can be. */
enum { LABS_MAX = 16 };

#define VERDICT_SCHEMA "shmlab-result/1"

struct lab;
struct check_case;

/* What a check has come to. The first is what a check without an outcome, or with a word that is none, counts as. */
enum outcome {
    OUTCOME_PENDING,  /* it has not run yet */
    OUTCOME_RUNNING,  /* it runs */
    OUTCOME_PASSED,   /* all is well */
    OUTCOME_FAILED,   /* it found something */
    OUTCOME_TIMEOUT,  /* it did not come to its end */
    OUTCOME_ERROR,    /* the check itself is broken */
    OUTCOME_SKIPPED,  /* what it needs has not passed, or what it wants is not there */
    OUTCOME_UNJUDGED, /* this machine cannot judge it: costs no points */
    OUTCOME_HIDDEN,   /* this tree does not have it */
    OUTCOMES
};

/* The word in a verdict. */
const char *outcome_name(enum outcome outcome);
enum outcome outcome_of(const json_t *check);
/* Is there nothing more to come? */
bool outcome_final(enum outcome outcome);
/* failed, timeout or error: it ran and found something. */
bool outcome_found(enum outcome outcome);

/* ---- Members of an object; what is not there, or of another type, is empty, and so is everything of NULL ---- */

const char *verdict_text(const json_t *object, const char *key);
json_int_t verdict_integer(const json_t *object, const char *key);
bool verdict_true(const json_t *object, const char *key);
bool verdict_is(const json_t *object, const char *key, const char *text);
/* Nothing is set for NULL. */
void verdict_put(json_t *object, const char *key, const char *text);
void verdict_outcome(json_t *check, enum outcome outcome);

/* The check of this name in a verdict; NULL: none. */
json_t *verdict_check(const json_t *verdict, const char *name);

/* ---- The whole ---- */

/* A check that has not run yet. To be released. */
json_t *verdict_check_begin(const struct check_case *which);

/* A verdict on the lab before any check has run: all are pending. To be released. */
json_t *verdict_begin(const struct lab *lab);

/* Set the points of each check, and their sums, from the outcomes. */
void verdict_sum(json_t *verdict);

/* Is everything right that counts? Challenges and instructor's checks do not, nor what cannot be judged here. */
bool verdict_right(const json_t *verdict);

/* Are there all points that can be had on this machine? */
bool verdict_full(const json_t *verdict);

#endif
