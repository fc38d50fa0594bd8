/*
 * Is a part of the lab still as the starter has it? Then the next step is to write it, and not what is usually wrong
 * with it.
 */
#ifndef CHECKS_TODO_H
#define CHECKS_TODO_H

#include "check.h"

/* Does the file still have this line of the starter, which no solution needs? */
bool todo_left(struct check *check, const char *file, const char *starter_line);

/* "do TODO 4 in buffer.c", or `next` when that is done. */
const char *todo_next(struct check *check, const char *file, const char *starter_line, int number, const char *next);

#endif
