/*
 * Error messages that name the thing, the cause and the next step, on standard error:
 *
 *     reader: shmget(key 5678): ENOENT (No such file or directory): start the writer first, or pass its --key
 *
 * Each function returns EXIT_FAILURE (1), so that a caller that owns nothing may write `return
 * error_report(...)`; one that owns something cleans up first. Exit status of every program here: 0 done, 1
 * failed, 2 wrong usage.
 */
#ifndef SHMLAB_ERROR_H
#define SHMLAB_ERROR_H

#include "shmlab/language.h"

SHMLAB_BEGIN_C

/* Message without errno: "PROGRAM: what: next". next may be NULL. */
int error_report(const char *next, const char *what, ...) __attribute__((format(printf, 2, 3)));

/* Message with errno's symbol and text: "PROGRAM: what: ENOENT (No such file or directory): next". Leaves
 * errno alone. */
int error_report_errno(const char *next, const char *what, ...) __attribute__((format(printf, 2, 3)));

/* "ENOENT" for 2; "error 4711" for a number without a name. The text is static or thread-local. */
const char *error_symbol(int number);

SHMLAB_END_C

#endif
