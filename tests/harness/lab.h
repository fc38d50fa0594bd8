/* The commands of the program `lab`: each is one function in a file of its own or in lab.c. */
#ifndef HARNESS_LAB_H
#define HARNESS_LAB_H

#include <stdbool.h>

#include "judge.h"

/* What the command line says. */
struct lab_options {
    const char *command;
    const struct lab *lab;
    const char *tree; /* folder that holds labN_name; NULL: the project's labs/ */
    const char *check;
    const char *json;    /* NULL: where `lab progress` looks */
    const char *results; /* folder for transcripts */
    int jobs;
    bool plain, yes;
};

/* Each returns the exit status. */
int lab_check(const struct lab_options *options);

/* Path of the student's folder of the lab; lives until exit. */
const char *lab_folder(const struct lab_options *options);

#endif
