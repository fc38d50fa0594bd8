/* Pairs of programs that share more than chance gives them: what `grader similar` finds and its page shows. */
#ifndef GRADER_SIMILAR_H
#define GRADER_SIMILAR_H

#include <stdio.h>

#include "programs.h"

struct pair {
    const struct program *left, *right; /* of one lab; the left one is of the class */
    int shared, left_own, right_own;    /* fingerprints: of both, of each */
    double score; /* what they share of the smaller one, or of a file of it; what others have as well counts less */
    int percent;  /* how likely that is no chance: similar.c */
    int cluster;  /* number of three or more programs that hang together by pairs; 0: it is none of them */
};

/* Who handed in files of the reference solution, byte for byte. */
struct verbatim {
    const struct program *program;
    char *files; /* their names */
};

/* A passage that is in both. */
struct passage {
    int left_file, right_file;
    int left_first, left_last, right_first, right_last; /* lines */
};

/* The passages of a pair, in the order of the left program; to be freed. */
struct passage *pair_passages(const struct pair *pair, size_t *count);

/* All that was found. */
struct similar {
    struct verbatim *verbatim;
    size_t verbatim_count;
    struct pair *pairs;
    size_t pair_count;
};

/* Who handed in the reference, what hangs together, and the pairs side by side. */
void similar_html_write(FILE *out, const struct similar *found);

#endif
