/* See winnow.h. */
#include "winnow.h"

#include <stdlib.h>

/* ---- sets ---- */

void hash_set_add(struct hash_set *set, uint64_t hash)
{
    if (set->count == set->room) {
        set->room = set->room == 0 ? 1024 : 2 * set->room;
        set->at = realloc(set->at, set->room * sizeof *set->at);
        if (set->at == NULL)
            abort();
    }
    set->at[set->count++] = hash;
}

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

void hash_set_close(struct hash_set *set)
{
    if (set->count > 0)
        qsort(set->at, set->count, sizeof *set->at, by_value);
}

bool hash_set_has(const struct hash_set *set, uint64_t hash)
{
    return set->count > 0 && bsearch(&hash, set->at, set->count, sizeof *set->at, by_value) != NULL;
}

void hash_set_free(struct hash_set *set)
{
    free(set->at);
    *set = (struct hash_set){0};
}

/* ---- fingerprints ---- */

/* The finisher of SplitMix64 (S. Vigna's public-domain code): spreads what one token changes over all bits. */
static uint64_t spread(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static uint64_t gram_hash(const struct token *tokens, enum language language)
{
    uint64_t hash = (uint64_t)language;

    for (size_t i = 0; i < WINNOW_GRAM; i++)
        hash = spread(hash + tokens[i].kind + UINT64_C(0x9e3779b97f4a7c15));
    return hash;
}

/* How many runs a file has. */
static size_t grams(const struct tokens *tokens)
{
    return tokens->count < WINNOW_GRAM ? 0 : tokens->count - WINNOW_GRAM + 1;
}

void winnow_all(const struct tokens *tokens, enum language language, struct hash_set *set)
{
    for (size_t i = 0; i < grams(tokens); i++)
        hash_set_add(set, gram_hash(tokens->at + i, language));
}

static void fingerprint_add(struct fingerprints *fingerprints, struct fingerprint fingerprint)
{
    if (fingerprints->count == fingerprints->room) {
        fingerprints->room = fingerprints->room == 0 ? 256 : 2 * fingerprints->room;
        fingerprints->at = realloc(fingerprints->at, fingerprints->room * sizeof *fingerprints->at);
        if (fingerprints->at == NULL)
            abort();
    }
    fingerprints->at[fingerprints->count++] = fingerprint;
}

/* The place of the smallest hash that was not given in the window that begins here; the rightmost of equal
 * ones, as the paper has it. `count`: there is none. */
static size_t window_smallest(const uint64_t *hashes, const bool *given, size_t count, size_t from)
{
    size_t best = count;

    for (size_t i = from; i < count && i < from + WINNOW_WINDOW; i++)
        if (!given[i] && (best == count || hashes[i] <= hashes[best]))
            best = i;
    return best;
}

void winnow_select(const struct tokens *tokens, enum language language, const struct hash_set *given, int file,
                   struct fingerprints *fingerprints)
{
    size_t count = grams(tokens), windows = count < WINNOW_WINDOW ? count > 0 : count - WINNOW_WINDOW + 1;
    size_t kept = count;
    uint64_t *hashes = calloc(count + 1, sizeof *hashes);
    bool *known = calloc(count + 1, sizeof *known);

    if (hashes == NULL || known == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        hashes[i] = gram_hash(tokens->at + i, language);
        known[i] = hash_set_has(given, hashes[i]);
    }
    for (size_t i = 0; i < windows; i++) {
        size_t smallest = window_smallest(hashes, known, count, i);
        if (smallest == count || smallest == kept)
            continue;
        kept = smallest;
        fingerprint_add(fingerprints, (struct fingerprint){.hash = hashes[smallest],
                                                           .file = file,
                                                           .first = tokens->at[smallest].line,
                                                           .last = tokens->at[smallest + WINNOW_GRAM - 1].line});
    }
    free(hashes);
    free(known);
}

void fingerprints_free(struct fingerprints *fingerprints)
{
    free(fingerprints->at);
    *fingerprints = (struct fingerprints){0};
}
