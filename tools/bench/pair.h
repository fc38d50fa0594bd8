/*
 * Two processes that talk to each other, each on its CPU: started, timed, reaped and, when something goes
 * wrong or somebody presses Ctrl-C, killed. The process that calls pair_run sleeps meanwhile, so that both
 * CPUs are theirs.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "payload.h"

enum side {
    SIDE_A, /* asks, or produces */
    SIDE_B, /* answers, or consumes */
    SIDES,
};

enum {
    PAIR_NICE = -20,
    PAIR_WHAT = 96,
    PAIR_CACHE_LINES = 128 /* bytes: neighbouring lines are fetched in pairs */
};

/* What a side has to say, in memory that the caller reads afterwards. Python writes the numbers as well. */
struct pair_report {
    int64_t begin, end; /* of the timed part, CLOCK_MONOTONIC in nanoseconds */
    int64_t waited;     /* part of it that does not count */
    int64_t cpu;        /* CPU time that this side used in it, nanoseconds */
    uint64_t arrived;   /* messages that came whole and in order */
    uint64_t torn, lost, doubled;
    int32_t error; /* errno of what failed, else 0 */
    char what[PAIR_WHAT];
};

struct pair_shared {
    _Alignas(PAIR_CACHE_LINES) _Atomic uint32_t met[SIDES];
    _Alignas(PAIR_CACHE_LINES) struct pair_report report[SIDES];
};

/* What a side does. True: done. False: report->error or the counts of faults say why. */
typedef bool pair_side(void *context, enum side side, struct pair_shared *shared);

struct pair_job {
    pair_side *prepare; /* before the process is bound to its CPU; may be NULL */
    pair_side *run;
    void *context;
    int cpu[SIDES];
    bool preferred; /* to whatever else runs on this machine, if we are allowed to ask for it */
    double seconds; /* longer means that it hangs: kill it */
};

/* Wait for the other side; `times` is how often this side has met before. Fit for two sides on one CPU. */
void pair_meet(struct pair_shared *shared, enum side side, uint32_t times);

/* Note what message `number` turned out to be. False for anything but ARRIVED. */
bool pair_note(struct pair_report *report, enum verdict verdict, uint64_t number, uint64_t found);

/* The timed part begins, ends. */
void pair_begin(struct pair_report *report);
void pair_end(struct pair_report *report);

/* Note that a call failed, with errno. Always false, for `return pair_fail(...)`. */
bool pair_fail(struct pair_report *report, const char *what);

/* Memory for pair_run, zeroed; NULL with errno. Given back by pair_free. */
struct pair_shared *pair_new(void);
void pair_free(struct pair_shared *shared);

enum pair_result { PAIR_DONE, PAIR_FAILED, PAIR_LATE, PAIR_STOPPED };

/* Run both sides to their end. Nothing is left running, however it ends. */
enum pair_result pair_run(const struct pair_job *job, struct pair_shared *shared);

/* The first two CPUs that we may use; twice the same when there is one only. False with errno. */
bool pair_cpus(int cpu[SIDES]);

/* Bind the calling process to a CPU. False with errno. */
bool pair_pin(int cpu);

/* Shared memory without a name, zeroed and touched; NULL with errno. It goes with its last process. */
void *pair_map(size_t size);

#endif
