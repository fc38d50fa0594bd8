/*
 * Intake: what of a submission is graded. Only files that a lab asks for are taken, and only as plain files;
 * everything else is refused with a sentence, and all that surrounds them (other sources, headers, build
 * files) is the project's.
 */
#ifndef GRADER_INTAKE_H
#define GRADER_INTAKE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "box.h"
#include "judge.h"

/* What was taken of one lab. */
struct intake_lab {
    bool there;           /* is there a file of it? */
    int files;            /* how many */
    time_t submitted;     /* of the newest file; 0: unknown */
    uint64_t fingerprint; /* of the files, and of those of other labs that it is compiled with */
};

struct intake {
    json_t *refusals;                /* sentences: what was not taken */
    json_t *notes;                   /* sentences: what was taken for what it is not called */
    bool refused;                    /* nothing can be taken from it at all */
    struct intake_lab lab[LABS_MAX]; /* by index in judge_labs */
    time_t submitted;                /* of the newest file; 0: unknown */
    uint64_t fingerprint;            /* of what was taken */
};

/* A file or a folder that somebody handed in. */
struct intake_part {
    char *path;
    char *name; /* what the student called it */
};

struct intake_order {
    const struct intake_part *parts;
    size_t part_count;
    const bool *labs;  /* by index in judge_labs: that are graded */
    const char *tree;  /* TREE/labN_name/FILE is written, over the starter's files */
    const char *files; /* what was taken alone goes to FILES/labN/FILE; NULL: nowhere */
    enum isolation isolation;
};

/* Returns false after a message on standard error when the tree cannot be written. */
bool intake_take(const struct intake_order *order, struct intake *intake);

void intake_free(struct intake *intake);

/* One number for everything that a verdict depends on but the submission: the programs that judge, as they were built,
 * what is linked or imported from common/, and the starters. */
uint64_t intake_tests(void);

#endif
