/* The programs that `grader similar` compares: a submission's files, and what is subtracted from them. */
#ifndef GRADER_PROGRAMS_H
#define GRADER_PROGRAMS_H

#include "class_results.h"
#include "winnow.h"

struct program_file {
    char *name; /* "lab2/writer.c" */
    char *text;
};

/* One submission. */
struct program {
    const char *name, *person; /* live in the results */
    struct program_file *files;
    int file_count;
    struct fingerprints fingerprints;
};

/* Everything below the folder, read into the set; false after a message. */
bool programs_given(const char *folder, struct hash_set *given);

/* The files of a submission and their fingerprints. Symbolic links and large files are passed by. */
void program_read(struct program *program, const struct class_results *results, const json_t *submission,
                  const struct hash_set *given);

void program_free(struct program *program);

#endif
