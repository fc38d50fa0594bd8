/* Goals and their judging: see goals.h. */
#include "goals.h"

#include <string.h>

/* Rows that go through the kernel with two CPUs: "best-kernel" is, round by round, the fastest of them. */
static const char *const kernel_rows[] = {
    "pipe.round-trip",          "fifo.round-trip", "unix-stream.round-trip", "unix-seqpacket.round-trip",
    "unix-datagram.round-trip", "tcp.round-trip",  "posix-queue.round-trip", "sysv-queue.round-trip",
};
static const char best_kernel[] = "best-kernel";

static const double slack = 0.8;

static const struct goal goals[] = {
    {"copying ring at least as fast as the cross-core copy-in (M3)", "ring.stream", "limit.copy-in", true, 1.0},
    {"... 0.80 of the one-core copy into the slots (M2)", "ring.stream", "limit.copy-slots", true, 0.8},
    {"... 0.60 of a private copy (M1)", "ring.stream", "limit.copy-private", true, 0.6},
    {"copying ring against lab 6 as documented", "ring.stream", "lab6-documented.stream", true, 2.0},
    {"lab 6, our solution, against lab 6 as documented", "lab6-reference.stream", "lab6-documented.stream", true, 1.8},
    {"in place against copying, rendered and summed up", "ring.in-place", "ring.pipeline", true, 1.5},
    {"... against copying as documented", "ring.in-place", "lab6-documented.pipeline", true, 2.5},
    {"full ring, sequence word in the slot, against a cache line", "ring-sequence.hand-over", "limit.ping-pong", false,
     1.6},
    {"full ring, separate indices, against a cache line", "ring.hand-over", "limit.ping-pong", false, 2.0},
    {"publish to seen, sequence word in the header's line", "bare-sequence.hand-over", "limit.ping-pong", false, 1.15},
    {"publish to seen, index word on its own line", "bare-index.hand-over", "limit.ping-pong", false, 1.45},
    {"ready flag and 60 B in one line, against a cache line", "flag-line.round-trip", "limit.ping-pong", false, 1.2},
    {"ready flag and 64 B on separate lines", "flag.round-trip", "limit.ping-pong", false, 1.6},
    {"hand-overs a second, header only", "ring.headers", NULL, true, 4e6},
    {"... against lab 6 as documented", "ring.headers", "lab6-documented.headers", true, 10},
    {"paced, spinning: seconds to the receiver (median)", "flag.paced", NULL, false, 0.5e-6},
    {"paced, semaphore against raw futex", "semaphore.paced", "futex.paced", false, 1.1},
    {"64 B: best kernel channel against the ready flag", best_kernel, "flag.round-trip", true, 25},
    {"1.2 MB: ring against pipe", "ring.stream", "pipe.stream", true, 5},
    {"... against UNIX stream", "ring.stream", "unix-stream.stream", true, 2},
    {"... against TCP", "ring.stream", "tcp.stream", true, 2},
    {"... against POSIX message queue", "ring.stream", "posix-queue.stream", true, 3},
    {"... against System V message queue", "ring.stream", "sysv-queue.stream", true, 3},
    {"... against ZeroMQ", "ring.stream", "zeromq.stream", true, 5.5},
    {"... against nng", "ring.stream", "nng.stream", true, 5.5},
    {"... against Boost.Interprocess", "ring.stream", "boost-queue.stream", true, 2.2},
    {"Python, header only, frames a second with the C helper", "python-header-helper", NULL, true, 500e3},
    {"... with eventfd, standard library only", "python-header-eventfd", NULL, true, 300e3},
    {"... lab 6's consumer.py, libc's semaphores", "python-header-lab6", NULL, true, 130e3},
    {"Python, header + 200 detections, frames a second", "python-detections", NULL, true, 27e3},
    {"Python, all bytes copied out, against the C ring", "python-bytes", "ring.stream", true, 0.85},
    {"Python, 8 boxes and BMP, frames a second", "python-bmp", NULL, true, 1900},
    {"Python, 8 boxes and PPM, frames a second", "python-ppm", NULL, true, 550},
    {"Python, 8 boxes and PNG level 1, frames a second", "python-png", NULL, true, 130},
    {"start: segment made and touched by both sides, seconds", "limit.start", NULL, false, 8e-3},
};

_Static_assert(sizeof goals / sizeof goals[0] <= GOALS_MAX, "room for all goals");

/* Round by round the smallest value of several rows; a round counts when all measured ones are clean in it. */
static bool best_of_kernel(const struct run *run, struct series *best)
{
    bool any = false;

    series_clear(best);
    for (size_t i = 0; i < sizeof kernel_rows / sizeof kernel_rows[0]; i++) {
        const struct result *result = run_find(run, kernel_rows[i]);
        if (result == NULL || result->state != STATE_MEASURED)
            continue;
        for (int k = 0; k < ROUNDS_MAX; k++) {
            bool smaller = !any || result->value.value[k] < best->value[k];
            best->clean[k] = result->value.clean[k] && (!any || best->clean[k]);
            best->value[k] = smaller ? result->value.value[k] : best->value[k];
        }
        any = true;
    }
    return any;
}

/* The series of a row; false when it was not measured. */
static bool series_of(const struct run *run, const char *id, struct series *series)
{
    const struct result *result = run_find(run, id);

    if (strcmp(id, best_kernel) == 0)
        return best_of_kernel(run, series);
    if (result == NULL || result->state != STATE_MEASURED)
        return false;
    *series = result->value;
    return true;
}

static bool reaches(const struct goal *goal, double value, double share)
{
    return goal->at_least ? value >= goal->bound * share : value <= goal->bound / share;
}

static struct goal_result goal_judge(const struct run *run, const struct goal *goal)
{
    struct goal_result result = {.goal = goal, .verdict = GOAL_NOT_MEASURED};
    struct series over, under;

    if (!series_of(run, goal->over, &over) || (goal->under != NULL && !series_of(run, goal->under, &under)))
        return result;
    result.figure = goal->under != NULL ? series_ratio(&over, &under) : series_figure(&over);
    result.in_slack = result.figure.conclusive && reaches(goal, result.figure.median, slack);
    result.verdict = !result.figure.conclusive                  ? GOAL_INCONCLUSIVE
                     : reaches(goal, result.figure.median, 1.0) ? GOAL_MET
                                                                : GOAL_NOT_MET;
    return result;
}

int goals_judge(const struct run *run, struct goal_result results[GOALS_MAX])
{
    int count = sizeof goals / sizeof goals[0];

    for (int i = 0; i < count; i++)
        results[i] = goal_judge(run, &goals[i]);
    return count;
}

const char *goal_verdict(enum verdict_of_goal verdict)
{
    static const char *const words[] = {"met", "not met", "inconclusive", "not measured"};

    return words[verdict];
}
