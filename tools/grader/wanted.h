/* Which file of a lab is meant by a path in a submission? People pack folders as it comes; what is clear is taken. */
#ifndef GRADER_WANTED_H
#define GRADER_WANTED_H

#include <stdbool.h>

#include "judge.h"

struct wanted {
    int lab, file; /* index in judge_labs, and in its files */
    int rank; /* among several of one name the lowest is meant: right folder and name, then nearly right, then old */
};

/*
 * Does a lab ask for that file? It stands in a folder labN_name, or one whose name begins with labN; without such a
 * folder the name must belong to one lab alone, of those in `labs` (by index in judge_labs). False: none does.
 */
bool wanted_find(const char *path, const bool labs[static LABS_MAX], struct wanted *wanted);

/* Do several labs have a file of that name, so that a folder has to say which is meant? */
bool wanted_is_doubtful(const char *path, const bool labs[static LABS_MAX]);

#endif
