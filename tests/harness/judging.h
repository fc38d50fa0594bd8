/*
 * A run of the judge, for its own files: judge.c (the build, the verdict, the whole), schedule.c (which check is next),
 * slot.c (one check in a process).
 */
#ifndef HARNESS_JUDGING_H
#define HARNESS_JUDGING_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#include "context.h"
#include "judge.h"
#include "scratch.h"

enum {
    JOBS = 8,
    PATH_SIZE = 1024,
    KEEPER_GRACE = 10000, /* ms after a check's limit: the keeper has ended it by then, and looked at what is left */
};

/* A check that runs. */
struct slot {
    size_t which; /* index of its case */
    pid_t pid;    /* of the check, or of its keeper; 0: the slot is free */
    int record;   /* read end */
    FILE *transcript;
    char *text; /* of the record so far */
    size_t length;
    struct ledger *ledger; /* shared with the check */
    int64_t start_ms, end_ms;
    time_t since;
    bool late;
    bool again; /* one run has failed before, and counts */
};

/* With order->repeat: what a check has come to in its runs so far. */
struct tally {
    int runs, passed;
    json_t *failure; /* the first run that did not pass; NULL: all have */
    json_t *crash;   /* the run in which a program crashed, while another one looks where; NULL: none */
    json_t *litter;  /* the first run that left something behind; NULL: none has */
};

struct judge {
    const struct judge_order *order;
    struct scratch scratch; /* for executables and the checks' own folders */
    char tree[PATH_SIZE];   /* the folder that holds the student's folder of this lab, and those beside it */
    struct build build;
    json_t *verdict;
    json_t *checks;        /* in the verdict */
    json_t *leaks;         /* in the verdict */
    enum outcome *outcome; /* of each case, as in the verdict */
    struct tally *tallies; /* one for each case */
    struct slot slots[JOBS];
};

/* ---- judge.c ---- */

/* The outcome of a check, in the verdict and beside it. */
void case_set(struct judge *judge, size_t i, enum outcome outcome);

/* The check has its outcome: store the verdict, tell whoever wants to know. */
void check_settle(struct judge *judge, size_t i);

/* An outcome that no check wrote, with what there is to say of it. */
void check_decide(struct judge *judge, size_t i, enum outcome outcome, const char *found);

/* What all checks have left behind, in the order of the checks, whichever ended first. */
void leaks_collect(struct judge *judge);

/* ---- slot.c ---- */

/* The process forgets what the judge has arranged for itself. */
void slot_signals(void);

/* Start a check in a free slot; false when it cannot be started. */
bool slot_start(struct judge *judge, struct slot *slot, size_t which);

/* Take in a part of the record; true at its end. */
bool slot_read(struct slot *slot);

/* The check's process has ended: its record goes into the verdict, what its programs left is removed. */
void slot_end(struct judge *judge, struct slot *slot);

/* ---- schedule.c ---- */

/* Is the check to run: was it asked for, or does what was asked for need it? */
bool case_wanted(const struct judge *judge, size_t i);

/* Run all that are wanted; of the others the verdict keeps nothing. */
void checks_run(struct judge *judge);

#endif
