/*
 * Checks that explore interleavings: the student's programs, compiled so that every access to shared memory
 * is seen, are run under one order of their steps after the other by tools/weave. What it finds (a race, a
 * deadlock, a lost message) fails the check, with both places, the steps that led there, and a schedule that
 * `lab replay N` repeats.
 */
#ifndef HARNESS_WEAVE_H
#define HARNESS_WEAVE_H

#include "check.h"

enum { WEAVE_PROGRAMS = 4, WEAVE_ARGUMENTS = 12 };

/* A small case, which ends by itself: two or three messages show what a thousand would. */
struct weave_case {
    const char *title;                                     /* "a writer and a reader", for the transcript */
    const char *programs[WEAVE_PROGRAMS][WEAVE_ARGUMENTS]; /* "writer", or "reader.py"; each ends with NULL */
    const char *options[WEAVE_ARGUMENTS];                  /* of weave, besides its limits */
    const char *exit_means; /* NULL, or what it means that one of them ends with another status than 0 */
};

/*
 * Explore a case, and fail the check with the first thing that is found. The programs meet nobody: they run
 * in namespaces of their own, so the documented names and keys are theirs. Skips the check where weave is
 * missing or cannot run. A case with more schedules than WEAVE_RUNS passes with those that were run, which
 * the transcript tells.
 */
#define CHECK_WEAVE(check, ...) check_weave(check, &(struct weave_case){__VA_ARGS__})
void check_weave(struct check *check, const struct weave_case *order);

#endif
