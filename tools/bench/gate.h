/*
 * The quiet gate: other programs on this machine make every figure wrong, and nobody sees it in the figure.
 * So a measurement starts only when nothing else runs, and counts only when, looked at afterwards, nothing
 * else ran meanwhile.
 */
#ifndef BENCH_GATE_H
#define BENCH_GATE_H

#include <stdbool.h>

/* CPU time up to a moment, all in seconds. */
struct gate_reading {
    double now;  /* of the clock */
    double idle; /* of all CPUs together, as /proc/stat has it: in steps of a hundredth of a second */
    double own;  /* used by this process and its reaped children */
    int cpus;
};

enum { GATE_QUIET_LOOKS = 8, GATE_LOOK_MS = 4 }; /* so many looks in a row must find nothing else running */

/* Threads that want to run now, we among them: field 4 of /proc/loadavg (proc(5)). -1 when it cannot be read. */
int gate_runnable(const char *loadavg);

/* Fill in idle and cpus from the text of /proc/stat. False when it is not understood. */
bool gate_idle(const char *stat, long ticks_per_second, struct gate_reading *reading);

/*
 * CPU time of other programs (and of the host, on a virtual machine) between two readings, in seconds. It can
 * come out slightly negative: /proc/stat counts in steps.
 */
double gate_foreign(const struct gate_reading *begin, const struct gate_reading *end);

/* Was it quiet? At most 12 % of one core, plus the one step that /proc/stat cannot see. */
bool gate_is_clean(const struct gate_reading *begin, const struct gate_reading *end);

/* The same for a share of one core that is known exactly. */
bool gate_share_is_clean(double share);

/* Wait until nothing else runs, at most that many seconds. False: it never was quiet, or a signal came. */
bool gate_wait(double seconds);

/* Read everything now. False (errno) when /proc is not there: then nothing can be judged. */
bool gate_read(struct gate_reading *reading);

#endif
