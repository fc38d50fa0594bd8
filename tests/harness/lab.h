/* The commands of the program `lab`, and what they share. */
#ifndef HARNESS_LAB_H
#define HARNESS_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "judge.h"

/* What the command line says. */
struct lab_options {
    const char *command;
    const struct lab *lab; /* NULL: none was named */
    const char *tree;      /* folder that holds labN_name; NULL: the project's labs/ */
    const char *check;     /* NULL: all */
    const char *json;      /* NULL: where the other commands look */
    const char *results;   /* folder for transcripts; NULL: in the build folder */
    int jobs;
    int repeat; /* runs of each check */
    bool plain, verbose, yes, html;
};

/* The commands. Each returns the exit status. */
int lab_check(const struct lab_options *options);
int lab_watch(const struct lab_options *options);
int lab_hint(const struct lab_options *options);
int lab_progress(const struct lab_options *options);
int lab_solution(const struct lab_options *options);
int lab_replay(const struct lab_options *options);
int lab_reset(const struct lab_options *options);
int lab_doctor(const struct lab_options *options);

/* Path of the student's folder of the lab; to be freed. */
char *lab_folder(const struct lab_options *options);

/* Folder of the lab's transcripts and of what the commands remember; is made. To be freed. */
char *lab_results(const struct lab_options *options);

/* Files of the lab's results with a verdict: the last one on the whole lab, and the last one of all, which
 * may be on one check and those that it needs. */
#define LAB_VERDICT_WHOLE  "verdict.json"
#define LAB_VERDICT_LATEST "latest.json"

/* The verdict in such a file, NULL when there is none; to be released. */
json_t *lab_verdict(const struct lab_options *options, const char *file);

/* Keep the schedule with which a check of this verdict failed, if one did, for lab_replay. */
void lab_replay_keep(const struct lab_options *options, const json_t *verdict);

/* A number that changes when a file of the lab's folder changes; 0: there is no such folder. */
uint64_t lab_fingerprint(const char *folder);

/* Ask on the terminal; true for yes. Without a terminal the answer is no. */
bool lab_confirm(const char *question);

#endif
