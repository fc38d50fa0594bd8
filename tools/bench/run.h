/*
 * A run of the benchmark: rows, what was measured of each round by round, and what was rejected.
 *
 * Rounds are interleaved: every round measures every row once, so that what changes slowly changes all rows
 * alike, and ratios are taken within a round.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "limit.h"
#include "python.h"
#include "statistics.h"
#include "work.h"

enum { ROWS_MAX = 128, ROW_ID = 64, ROW_REASON = 160 };

/* What is measured: exactly one of channel, limit and python is not NULL. */
struct row {
    char id[ROW_ID]; /* "pipe.stream", "pipe.round-trip.one-cpu", "limit.copy-in", "python-bytes" */
    const struct channel *channel;
    enum work work; /* of the channel */
    bool one_cpu;   /* both sides on the first CPU */
    const struct limit *limit;
    const struct python_row *python;
};

enum state { STATE_MEASURED, STATE_SKIPPED, STATE_FAILED };

struct result {
    struct row row;
    enum state state;
    char reason[ROW_REASON]; /* of a row that was skipped or failed */
    uint64_t count;          /* messages in a round */
    uint64_t verified;       /* messages in all */
    struct series value;     /* seconds each (round trips, hand-overs, median of paced), else messages per second */
    struct series tail;      /* paced: the 99th percentile, seconds */
    struct series floor;     /* the cache line's way there and back, right after each measurement; seconds */
    int noisy;               /* rounds without a clean value */
};

struct run_options {
    int rounds;
    double seconds;             /* for all; no round is begun that would not end in time */
    double scale;               /* of the time a measurement takes: 1, less for --quick */
    const char *only[ROWS_MAX]; /* patterns of fnmatch(3) */
    int only_count;
    bool smoke; /* each row once, tiny, without the gate: do all arrive? No figures come of it */
};

struct run {
    struct run_options options;
    struct result result[ROWS_MAX];
    int count;
    int cpu[SIDES]; /* the two CPUs; equal when there is one only */
    int rounds;     /* completed */
    int dropped;    /* of them, because of an odd floor */
    int moved;      /* measurements dropped because our CPUs were not as far apart as usual in this run */
    int rejected;   /* measurements taken again because the gate found noise */
    int unquiet;    /* measurements begun without a quiet moment before them */
    int nice;       /* the priority that we got */
    double seconds; /* taken in all */
    bool stopped;   /* by a signal */
};

/* Choose the rows. False after a message when a pattern of --only names none. */
bool run_prepare(struct run *run);

/* Measure. False when a row failed or a signal came; the results are consistent in any case. */
bool run_measure(struct run *run);

/* Is the value of the row a time (else a rate)? */
bool row_is_time(const struct row *row);

/* Bytes that a message of the row moves; 0: too few to speak of. */
double row_bytes(const struct row *row);

/* For people: its name, how it waits, how often each byte is copied on its way, who touches the payload. */
const char *row_title(const struct row *row);
const char *row_waits(const struct row *row);
const char *row_copies(const struct row *row);
const char *row_touches(const struct row *row);

/* The CPU of a side. */
int row_cpu(const struct run *run, const struct row *row, enum side side);

/* The result of the row with this id; NULL when it is not in the run. */
const struct result *run_find(const struct run *run, const char *id);

#endif
