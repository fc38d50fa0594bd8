/*
 * Intake: what of a submission is graded. Only files that a lab asks for are taken, and only as plain files;
 * everything else is refused with a sentence, and all that surrounds them (other sources, headers, build
 * files) is the project's.
 */
#ifndef GRADER_INTAKE_H
#define GRADER_INTAKE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "box.h"
#include "judge.h"

struct intake {
    json_t *refusals;     /* sentences */
    bool refused;         /* nothing can be taken from it at all */
    bool lab[LABS_MAX];   /* by index in judge_labs: is there a file of it? */
    time_t submitted;     /* 0: unknown */
    uint64_t fingerprint; /* of what was taken */
};

/*
 * Read a folder or an archive (.zip, .tar.gz, ...) and write what is taken to TREE/labN_name/FILE, over the
 * starter's files, and, unless `files` is NULL, what was taken alone to FILES/labN/FILE. `only` is the index
 * of the one lab that is asked for, whose files may also stand at the top; -1: several are. Returns false
 * after a message on standard error when the tree cannot be written.
 */
bool intake_take(const char *path, const char *tree, const char *files, int only, enum isolation isolation,
                 struct intake *intake);

void intake_free(struct intake *intake);

/* One number for everything that a verdict depends on but the submission: the programs that judge, as they were built,
 * what is linked or imported from common/, and the starters. */
uint64_t intake_tests(void);

#endif
