/*
 * Which schedules to run: depth-first within a bound, PCT, random.
 *
 * The search knows nothing of processes: it asks a callback for one run after a list of prescribed decisions
 * and gets the decisions that were really taken. The unit tests give it programs of their own
 * (unit/test_search.c).
 */
#ifndef WEAVE_SEARCH_H
#define WEAVE_SEARCH_H

#include "../core/core.h"

enum { SEARCH_UNBOUNDED = 1000 };

struct search_options {
    enum strategy strategy;
    int bound;       /* how many costly decisions a schedule may take; SEARCH_UNBOUNDED: any */
    int old_bound;   /* how many loads may read an old value, and stores come before newer ones or wait in a buffer */
    bool iterate;    /* bounds 0, 1, … `bound`, so that the simplest failure is found first */
    bool delay;      /* the cost of a turn is how many processes are passed over (delay bounding) */
    bool prune;      /* do not go on from a state that was explored before */
    bool keep_going; /* do not stop at the first failure */
    bool stop_at_known;     /* runs end where they come to a state that was explored before */
    bool stop_if_different; /* at a run that begins like the one before but comes to other states */
    struct known *known;    /* where those are kept, for runs that stop there; NULL: the search has its own */
    uint32_t most_known;    /* see struct known */
    uint32_t most_runs;
    uint64_t seed;
};

/* One run: the plan, and what came of it. */
struct search_run {
    enum strategy strategy;
    const uint8_t *prescription;
    uint32_t prescribed;
    uint64_t seed;    /* of this run */
    uint32_t longest; /* steps of the longest run so far, for placing PCT's changes */
    bool stop_at_known;

    const struct decision *decision; /* set by the callback */
    uint32_t decisions;
    uint32_t steps;
    bool failed;
    bool stop; /* the search shall end: time is over, or a run could not be made */
};

typedef void search_callback(void *context, struct search_run *run);

struct search_result {
    uint32_t runs;
    uint32_t failures;
    uint32_t pruned;
    bool different; /* a run began like the one before and came to other states: programs do not do the same again */
    bool complete;  /* every schedule within the bound was run, or is equivalent to one that was */
    int bound;      /* last bound that was searched */
};

/* Returns 0, or -1 with errno when memory is short. */
int search_explore(const struct search_options *options, search_callback *callback, void *context,
                   struct search_result *result);

/* What a decision costs when `choice` is taken. */
int search_cost(const struct search_options *options, const struct decision *decision, int choice);
/* And of the bound on old values. */
int search_old_cost(const struct decision *decision, int choice);

#endif
