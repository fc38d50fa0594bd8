/*
 * What a shared-memory program can reach, as goals: mostly ratios within this run, so that they hold on other
 * machines too. A goal is met, not met, or inconclusive when the machine was too noisy to say.
 */
#ifndef BENCH_GOALS_H
#define BENCH_GOALS_H

#include "run.h"

enum verdict_of_goal { GOAL_MET, GOAL_NOT_MET, GOAL_INCONCLUSIVE, GOAL_NOT_MEASURED };

struct goal {
    const char *text;
    const char *over;  /* id of a row */
    const char *under; /* its value is divided by this row's; NULL: the value itself counts */
    bool at_least;     /* else at most */
    double bound;
};

struct goal_result {
    const struct goal *goal;
    enum verdict_of_goal verdict;
    struct figure figure;
    bool in_slack; /* within a fifth of the bound: what an automatic test should ask for */
};

enum { GOALS_MAX = 64 };

/* Judge all goals. Returns how many there are. */
int goals_judge(const struct run *run, struct goal_result results[GOALS_MAX]);

/* "met", "not met", "inconclusive", "not measured". */
const char *goal_verdict(enum verdict_of_goal verdict);

#endif
