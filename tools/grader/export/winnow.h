/*
 * Fingerprints of programs by winnowing: S. Schleimer, D. Wilkerson, A. Aiken, "Winnowing: Local Algorithms
 * for Document Fingerprinting", SIGMOD 2003. Every run of WINNOW_GRAM tokens has a hash; of each
 * WINNOW_WINDOW hashes in a row the smallest one is kept. Whatever two programs have in common is found if it
 * is WINNOW_GRAM + WINNOW_WINDOW - 1 tokens long, wherever it stands; nothing shorter than WINNOW_GRAM tokens
 * counts.
 */
#ifndef GRADER_WINNOW_H
#define GRADER_WINNOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tokens.h"

enum { WINNOW_GRAM = 18, WINNOW_WINDOW = 8 };

/* Hashes in order, for fast questions. */
struct hash_set {
    uint64_t *at;
    size_t count, room;
};

void hash_set_add(struct hash_set *set, uint64_t hash);
void hash_set_close(struct hash_set *set); /* once, before the first question */
bool hash_set_has(const struct hash_set *set, uint64_t hash);
void hash_set_free(struct hash_set *set);

struct fingerprint {
    uint64_t hash;
    int file;        /* index, as the caller counts them */
    int first, last; /* lines */
};

struct fingerprints {
    struct fingerprint *at;
    size_t count, room;
};

/* Every run of tokens, for what is to be subtracted. */
void winnow_all(const struct tokens *tokens, enum language language, struct hash_set *set);

/* Append the fingerprints of a file; runs that are in `given` are passed by. */
void winnow_select(const struct tokens *tokens, enum language language, const struct hash_set *given, int file,
                   struct fingerprints *fingerprints);

void fingerprints_free(struct fingerprints *fingerprints);

#endif
