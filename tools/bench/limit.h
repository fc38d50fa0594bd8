/*
 * What the machine allows: the speed of copying, in one core and between two, and the time a cache line needs
 * from one core to the other and back. Measured in every round beside the channels, because they change with
 * what the neighbours do.
 */
#ifndef BENCH_LIMIT_H
#define BENCH_LIMIT_H

#include "pair.h"

struct limit {
    const char *id, *title;
    bool rate;          /* per second; else nanoseconds each */
    double unit;        /* bytes each, 0 when no bytes are moved */
    enum side reporter; /* whose report counts */
    pair_side *run;
};

/* A run of a limit: context of its pair_side. */
struct limit_run {
    uint64_t count;
    void *memory; /* limit_memory() */
};

/* NULL id at the end. */
extern const struct limit limits[];

/* Shared memory that all limits use, NULL with errno. */
void *limit_memory(void);
void limit_memory_free(void *memory);

#endif
