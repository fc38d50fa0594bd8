/* Numbers for names, for people who mark without knowing whom. */
#ifndef GRADER_ANONYMOUS_H
#define GRADER_ANONYMOUS_H

#include "class_results.h"

/*
 * In memory: every submission is called "student-007", by numbers that do not follow the names; persons, the class list
 * and sentences that hold a student's own file names are gone. Who is who goes into the file `key`, a table. What
 * programs print is as they print it. False after a message.
 */
bool anonymous_make(struct class_results *results, const char *key);

#endif
