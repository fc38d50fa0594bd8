/* Pairs of programs that share more than chance gives them: what `grader similar` finds and its page shows. */
#ifndef GRADER_SIMILAR_H
#define GRADER_SIMILAR_H

#include <stdio.h>

#include "programs.h"

struct pair {
    const struct program *left, *right;
    int shared, left_own, right_own; /* fingerprints: of both, of each */
    int percent;                     /* shared by those of the smaller program */
};

/* A passage that stands in both. */
struct passage {
    int left_file, right_file;
    int left_first, left_last, right_first, right_last; /* lines */
};

/* The passages of a pair, in the order of the left program; to be freed. `ignored`: too many have these. */
struct passage *pair_passages(const struct pair *pair, const struct hash_set *ignored, size_t *count);

/* The pairs side by side. */
void similar_html_write(FILE *out, const struct pair *pairs, size_t count, const struct hash_set *ignored);

#endif
