/* Grading one submission: intake, the labs one after the other, and the file result.json from the first moment on. */
#ifndef GRADER_SUBMISSION_H
#define GRADER_SUBMISSION_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "box.h"
#include "collect.h"
#include "intake.h"

enum { CHECKS_AT_ONCE = 4 }; /* of one submission */

/* Which of the attempts at a lab counts? */
enum keep { KEEP_LAST, KEEP_BEST };

/* The same for all submissions of a class. */
struct class_order {
    const char *results;         /* folder */
    const char *room;            /* folder for what exists during the run only */
    bool labs[LABS_MAX];         /* which ones, by index in judge_labs */
    const char *check;           /* only this one, with what it needs; NULL: all. The result is then no mark */
    const struct roster *roster; /* NULL: none */
    const char *platform;        /* where the submissions come from; NULL: a folder that somebody made */
    bool part;                   /* a shard: others grade the rest of the class */
    enum isolation isolation;
    enum keep keep;
    const struct walls *walls;
    uint64_t tests;      /* intake_tests */
    int jobs;            /* checks at once, for each submission */
    const char *regrade; /* "failed", "labN", a submission's name; NULL: only what is not known */
};

/*
 * Grade what a student handed in, one attempt after the other. What an earlier run knew of the same files, checks and
 * isolation is kept, and so are labs that nobody asks for now, or that were handed in earlier and are not there now.
 * Returns false when it was interrupted, or after a message.
 */
bool submission_grade(const struct class_order *order, const struct collected_entry *entry);

/* result.json of a submission; NULL: none. To be released. */
json_t *submission_load(const char *results, const char *name);

/* RESULTS/submissions/NAME/FILE; to be freed. */
char *submission_path(const char *results, const char *name, const char *file);

/* What a submission finds around it: ROOM/labs, whose path goes to `tree`, and common/, which Python programs look for
 * beside it. False after a message. */
bool room_furnish(const char *room, char tree[static PATH_MAX]);

/* Remove a folder with all that is in it; links are not followed. */
void folder_remove(const char *path);

#endif
