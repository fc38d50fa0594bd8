/* In which line of the student's is a process that sleeps, or was one that has crashed? By its stack, with libdw where
 * that was found. */
#ifndef HARNESS_STACK_H
#define HARNESS_STACK_H

#include <stddef.h>
#include <stdint.h>

#include "check.h"

/* "buffer.c:280": the innermost call from a file of the check's folder; NULL: none is known. It stops the process for a
 * moment, and says whether it was in this system call then (syscall(2); true where that cannot be found out). */
const char *stack_line(struct check *check, pid_t pid, long call, bool *there);

/* A line of a student's file; file NULL: none is known. */
struct stack_place {
    const char *file;
    int line;
};

/* The same for a process that is gone: its program, where that was loaded, the instruction and the return addresses. */
struct stack_place stack_of_file(struct check *check, const char *program, uint64_t base, const uint64_t frames[],
                                 size_t count);

#endif
