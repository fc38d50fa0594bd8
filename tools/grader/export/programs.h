/* The programs that `grader similar` compares: a submission's files, and what is subtracted from them. */
#ifndef GRADER_PROGRAMS_H
#define GRADER_PROGRAMS_H

#include "class_results.h"
#include "winnow.h"

struct program_file {
    char *name; /* "lab2/writer.c" */
    char *text;
};

/* One lab of one submission. */
struct program {
    const char *name, *person; /* live in the results */
    int lab;                   /* number; 0: it is not known, and may be any */
    const char *against;       /* the folder that --against named; NULL: it is of the class */
    char *owned;               /* of a program that is in no results: its name */
    struct program_file *files;
    int file_count;
    struct fingerprints fingerprints;
};

struct programs {
    struct program *at;
    size_t count;
};

/* Everything below the folder, read into the set; false after a message. */
bool programs_given(const char *folder, struct hash_set *given);

/* The labs of all submissions and their fingerprints. Symbolic links and large files are passed by. `against`: where
 * they are what the class is compared with, their folder; NULL: they are the class. */
void programs_read(struct programs *programs, const struct class_results *results, const struct hash_set *given,
                   const char *against);

/* What lies in a folder that is no results: a program for each folder in it. False after a message. */
bool programs_other(struct programs *programs, const char *folder, const struct hash_set *given);

void programs_free(struct programs *programs);

#endif
