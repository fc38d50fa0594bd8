/*
 * What there is to grade in a folder: one folder, archive or file for each student, or what a learning platform's
 * download makes of that. Names say whose it is, perhaps when it came and whether that was late.
 */
#ifndef GRADER_COLLECT_H
#define GRADER_COLLECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "intake.h"
#include "roster.h"

/* What somebody handed in at one time. */
struct collected_attempt {
    struct intake_part *parts;
    size_t part_count;
    time_t submitted; /* what the platform says; 0: it says nothing */
    bool late;        /* the platform says so */
};

/* Everything of one student. */
struct collected_entry {
    char *name;                         /* of the submission in the results */
    struct roster_match match;          /* who it is; with a doubt: two of those who may be meant */
    struct collected_attempt *attempts; /* the earliest first */
    size_t count;
};

struct collection {
    const char *platform; /* "Canvas"; NULL: a folder that somebody made */
    size_t files;         /* that were looked at */
    struct collected_entry *entries;
    size_t count;
};

/* Look into the folder; `students`: of the roster, NULL: there is none. False after a message. */
bool collect(const char *folder, const json_t *students, struct collection *collection);

/* "a Canvas download: 31 submissions, 2 late"; nothing for a folder that somebody made. */
void collection_tell(const struct collection *collection);

void collection_free(struct collection *collection);

#endif
