/* Lab 2: what its checks share with those that only instructors have. */
#ifndef CHECKS_LAB2_SYSV_H
#define CHECKS_LAB2_SYSV_H

#include "check.h"

/* A writer that holds its segment. */
struct program *lab2_writer(struct check *check, const char *key);
/* There is no segment with that key. */
void lab2_gone(struct check *check, const char *key, const char *when);
/* A segment of another program's, every byte 0xA5; attached. */
unsigned char *lab2_foreign(struct check *check, const char *key, size_t size);
/* A writer meets a segment that is not for it, one of lab2_foreign: status 1, a reason, and the segment as it was. */
void lab2_refused(struct check *check, const char *key, const char *why);
/* The reader ends with status 1, in order, says why in its own words, and prints no data. number: the error that has to
 * be named; 0: none. */
void lab2_complaint(struct check *check, const char *program, const char *key, const char *when, int number);

/* lab2_sysv_instructor.c, which no student has */
CHECK_HIDDEN(lab2_lives);
CHECK_HIDDEN(lab2_sizes);
CHECK_HIDDEN(lab2_values);

#endif
