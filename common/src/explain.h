/*
 * How functions that fail leave a sentence for their caller to print: what, why, what to do next.
 */
#ifndef SHMLAB_EXPLAIN_H
#define SHMLAB_EXPLAIN_H

#include <stddef.h>

/* Write the sentence. Returns -1, for `return explain(...)`. */
int explain(char *error, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "subject: ENOENT (No such file or directory): next"; next may be NULL. Returns -1. */
int explain_errno(char *error, size_t size, const char *subject, const char *next);

#endif
