/* What a figure depends on: processor, kernel, compiler, libraries. No names of machines, users or folders. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stdbool.h>

enum { MACHINE_TEXT = 256 };

struct machine {
    char date[32];          /* UTC, ISO 8601 */
    char cpu[MACHINE_TEXT]; /* model name as /proc/cpuinfo has it */
    int cpus;               /* online */
    bool is_virtual;        /* they are a virtual machine's: waking one that sleeps costs more than on a bare one */
    char kernel[MACHINE_TEXT];
    char compiler[MACHINE_TEXT];
    char flags[MACHINE_TEXT]; /* of the compiler */
    char libc[MACHINE_TEXT];
    char python[MACHINE_TEXT];
    char version[MACHINE_TEXT]; /* of this project */
};

/* Describe this machine, now. What cannot be found out reads "unknown". */
void machine_describe(struct machine *machine);

#endif
