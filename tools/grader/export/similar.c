/*
 * grader similar: which submissions share more than chance gives them?
 *
 *     grader similar RESULTS [--threshold 40] [--html pairs.html]
 *
 * Programs are compared by fingerprints (winnow.h) of normalised tokens (tokens.h). What everybody was given
 * does not count: the starters and the solutions of this tree. Nor does what a large part of the class has in
 * common, because that has another source than a neighbour. What is left is a reason to look, never a proof:
 * exports.md.
 */
#define _GNU_SOURCE
#include "similar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "grader.h"
#include "html.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "starters.h"
#include "text.h"

enum {
    THRESHOLD = 40, /* percent, unless the user says otherwise */
    FEWEST = 20,    /* a smaller program counts as if it had so many fingerprints: two lines in common prove little */
    COMMON_LEAST = 10,   /* what more programs than this have, */
    COMMON_PERCENT = 30, /* and more than this part of the class, has no single source */
    GIVEN_MAX = 16,
    OPTION_GIVEN = 256,
    OPTION_HTML,
};

struct options {
    const char *results, *html;
    const char *given[GIVEN_MAX];
    int given_count, threshold;
};

/* All submissions, ready to be compared. */
struct comparison {
    struct class_results results;
    struct program *programs;
    size_t count;
    struct hash_set given, ignored;
    struct pair *pairs;
    size_t pair_count;
};

/* ---- who has what ---- */

/* One hash of one program; a program's hash is here once. */
struct owning {
    uint64_t hash;
    size_t program;
};

static int by_hash(const void *left, const void *right)
{
    const struct owning *a = left, *b = right;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->program > b->program) - (a->program < b->program);
}

/* All of them, in the order of the hashes; to be freed. */
static struct owning *ownings_make(const struct comparison *comparison, size_t *count)
{
    size_t all = 0, kept = 0;

    for (size_t i = 0; i < comparison->count; i++)
        all += comparison->programs[i].fingerprints.count;
    struct owning *ownings = calloc(all + 1, sizeof *ownings);
    if (ownings == NULL)
        abort();
    all = 0;
    for (size_t i = 0; i < comparison->count; i++)
        for (size_t j = 0; j < comparison->programs[i].fingerprints.count; j++)
            ownings[all++] = (struct owning){.hash = comparison->programs[i].fingerprints.at[j].hash, .program = i};
    qsort(ownings, all, sizeof *ownings, by_hash);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || by_hash(&ownings[kept - 1], &ownings[i]) != 0)
            ownings[kept++] = ownings[i];
    *count = kept;
    return ownings;
}

/* ---- pairs ---- */

/* How many fingerprints each program has (the diagonal) and each pair shares. */
static int *matrix_make(struct comparison *comparison)
{
    size_t n = comparison->count, count, common = n * COMMON_PERCENT / 100;
    struct owning *ownings = ownings_make(comparison, &count);
    int *matrix = calloc(n * n + 1, sizeof *matrix);

    if (matrix == NULL)
        abort();
    common = common < COMMON_LEAST ? COMMON_LEAST : common;
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from; to < count && ownings[to].hash == ownings[from].hash;)
            to++;
        if (to - from > common) {
            hash_set_add(&comparison->ignored, ownings[from].hash);
            continue;
        }
        for (size_t i = from; i < to; i++)
            for (size_t j = i; j < to; j++)
                matrix[ownings[i].program * n + ownings[j].program]++;
    }
    hash_set_close(&comparison->ignored);
    free(ownings);
    return matrix;
}

static int by_percent(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;

    if (a->percent != b->percent)
        return b->percent - a->percent;
    if (a->shared != b->shared)
        return b->shared - a->shared;
    int order = strcmp(a->left->name, b->left->name);
    return order != 0 ? order : strcmp(a->right->name, b->right->name);
}

static void pairs_find(struct comparison *comparison, int threshold)
{
    size_t n = comparison->count;
    int *matrix = matrix_make(comparison);

    comparison->pairs = calloc(n * n / 2 + 1, sizeof *comparison->pairs);
    if (comparison->pairs == NULL)
        abort();
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            struct pair pair = {.left = &comparison->programs[i],
                                .right = &comparison->programs[j],
                                .shared = matrix[i * n + j],
                                .left_own = matrix[i * n + i],
                                .right_own = matrix[j * n + j]};
            int smaller = pair.left_own < pair.right_own ? pair.left_own : pair.right_own;
            pair.percent = pair.shared * 100 / (smaller < FEWEST ? FEWEST : smaller);
            if (pair.shared > 0 && pair.percent >= threshold)
                comparison->pairs[comparison->pair_count++] = pair;
        }
    qsort(comparison->pairs, comparison->pair_count, sizeof *comparison->pairs, by_percent);
    free(matrix);
}

/* ---- passages ---- */

static bool goes_on(const struct passage *passage, const struct fingerprint *left, const struct fingerprint *right)
{
    return left->file == passage->left_file && right->file == passage->right_file &&
           left->first <= passage->left_last + 1 && right->first >= passage->right_first &&
           right->first <= passage->right_last + 1;
}

/* Where the right program has the same; if in several places, where the last passage goes on. NULL: nowhere. */
static const struct fingerprint *twin_find(const struct fingerprints *right, const struct fingerprint *left,
                                           const struct passage *last)
{
    const struct fingerprint *twin = NULL;

    for (size_t i = 0; i < right->count; i++) {
        if (right->at[i].hash != left->hash)
            continue;
        if (last != NULL && goes_on(last, left, &right->at[i]))
            return &right->at[i];
        if (twin == NULL)
            twin = &right->at[i];
    }
    return twin;
}

struct passage *pair_passages(const struct pair *pair, const struct hash_set *ignored, size_t *count)
{
    const struct fingerprints *lefts = &pair->left->fingerprints;
    struct passage *passages = calloc(lefts->count + 1, sizeof *passages);

    if (passages == NULL)
        abort();
    *count = 0;
    for (size_t i = 0; i < lefts->count; i++) {
        const struct fingerprint *left = &lefts->at[i];
        struct passage *last = *count > 0 ? &passages[*count - 1] : NULL;
        const struct fingerprint *right =
            hash_set_has(ignored, left->hash) ? NULL : twin_find(&pair->right->fingerprints, left, last);
        if (right == NULL)
            continue;
        if (last != NULL && goes_on(last, left, right)) {
            last->left_last = left->last > last->left_last ? left->last : last->left_last;
            last->right_last = right->last > last->right_last ? right->last : last->right_last;
            continue;
        }
        passages[(*count)++] = (struct passage){.left_file = left->file,
                                                .right_file = right->file,
                                                .left_first = left->first,
                                                .left_last = left->last,
                                                .right_first = right->first,
                                                .right_last = right->last};
    }
    return passages;
}

/* ---- output ---- */

static void name_print(const struct program *program, const char *after)
{
    char *name = text_plain(program->name), *person = text_plain(program->person);

    if (strcmp(name, person) != 0)
        printf("%s (%s)%s", name, person, after);
    else
        printf("%s%s", name, after);
    free(name);
    free(person);
}

static void pairs_print(const struct comparison *comparison, int threshold)
{
    printf("%zu submissions; pairs that share %d %% or more of the smaller one: %zu\n", comparison->count, threshold,
           comparison->pair_count);
    for (size_t i = 0; i < comparison->pair_count; i++) {
        const struct pair *pair = &comparison->pairs[i];
        printf("%3d %%  %d fingerprints of %d and %d: ", pair->percent, pair->shared, pair->left_own, pair->right_own);
        name_print(pair->left, ", ");
        name_print(pair->right, "\n");
    }
}

static int page_save(const struct comparison *comparison, const char *path)
{
    FILE *out = fopen(path, "we");

    if (out != NULL) {
        similar_html_write(out, comparison->pairs, comparison->pair_count, &comparison->ignored);
        if (fclose(out) == 0)
            return EXIT_SUCCESS;
    }
    return error_report_errno("is the folder there, and may you write to it?", "%s", path);
}

/* ---- the command ---- */

/* What everybody was given: what the user names, or the starters and, where the tree has them, the solutions. */
static bool given_read(struct comparison *comparison, const struct options *options)
{
    struct stat status;
    bool good = true;

    for (int i = 0; i < options->given_count && good; i++)
        good = programs_given(options->given[i], &comparison->given);
    if (options->given_count == 0) {
        good = starters_folder() != NULL && programs_given(starters_folder(), &comparison->given);
        if (good && stat(GRADER_SOURCE "/solutions", &status) == 0)
            good = programs_given(GRADER_SOURCE "/solutions", &comparison->given);
    }
    hash_set_close(&comparison->given);
    return good;
}

static void programs_read(struct comparison *comparison)
{
    size_t i;
    json_t *submission;

    comparison->count = json_array_size(comparison->results.submissions);
    comparison->programs = calloc(comparison->count + 1, sizeof *comparison->programs);
    if (comparison->programs == NULL)
        abort();
    json_array_foreach (comparison->results.submissions, i, submission) {
        program_read(&comparison->programs[i], &comparison->results, submission, &comparison->given);
    }
}

static void comparison_free(struct comparison *comparison)
{
    for (size_t i = 0; comparison->programs != NULL && i < comparison->count; i++)
        program_free(&comparison->programs[i]);
    free(comparison->programs);
    free(comparison->pairs);
    hash_set_free(&comparison->given);
    hash_set_free(&comparison->ignored);
    class_release(&comparison->results);
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 't':
        options->threshold = (int)options_integer(state, "--threshold", text, 1, 100);
        return 0;
    case OPTION_HTML:
        options->html = text;
        return 0;
    case OPTION_GIVEN:
        if (options->given_count == GIVEN_MAX)
            argp_error(state, "--given at most %d times", (int)GIVEN_MAX);
        options->given[options->given_count++] = text;
        return 0;
    case ARGP_KEY_ARG:
        if (options->results != NULL)
            argp_error(state, "'%s' is one argument too many", text);
        options->results = text;
        return 0;
    case ARGP_KEY_END:
        if (options->results == NULL)
            argp_error(state, "which results?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"threshold", 't', "PERCENT", 0, "List pairs from this similarity on (default: 40)", 0},
    {"html", OPTION_HTML, "FILE", 0, "Write the pairs side by side, as one page", 0},
    {"given", OPTION_GIVEN, "DIR", 0,
     "What stands there does not count; may be given again (default: the starters and solutions of this tree)", 0},
    {0},
};

int grader_similar(int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_list,
        .parser = option_parse,
        .args_doc = "RESULTS",
        .doc = "List pairs of submissions that share more than chance gives them.\v"
               "Names, texts, numbers, layout, comments and the order of functions make no difference. It is a reason "
               "to look at two programs, never a proof: tools/grader/exports.md tells what it can and cannot see.",
    };
    struct options options = {.threshold = THRESHOLD};
    struct comparison comparison = {0};
    int status = EXIT_FAILURE;

    options_parse(&argp, argc, argv, &options);
    if (!class_read(&comparison.results, options.results, NULL))
        return EXIT_FAILURE;
    if (given_read(&comparison, &options)) {
        programs_read(&comparison);
        pairs_find(&comparison, options.threshold);
        status = options.html != NULL ? page_save(&comparison, options.html) : EXIT_SUCCESS;
        pairs_print(&comparison, options.threshold); /* last: whoever reads it through `head` wants the page as well */
    }
    comparison_free(&comparison);
    return status;
}
