/* In which line of the student's is a process that sleeps? By its stack, with libdw where that was found. */
#ifndef HARNESS_STACK_H
#define HARNESS_STACK_H

#include "check.h"

/* "buffer.c:280": the innermost call from a file of the check's folder; NULL: none is known. It stops the process for a
 * moment, and never one that runs. */
const char *stack_line(struct check *check, pid_t pid);

#endif
