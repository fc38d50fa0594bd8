/*
 * grader similar: which submissions share more than chance gives them?
 *
 *     grader similar RESULTS [--against DIR] [--threshold 50] [--html pairs.html]
 *
 * Programs of one lab are compared by fingerprints (winnow.h) of normalised tokens (tokens.h). What everybody was given
 * does not count: the starters and the solutions of this tree. What many have by themselves counts little: a
 * fingerprint weighs the less the more groups of the class have it, and programs that are nearly the same are one
 * group, so that copies do not make each other look ordinary. What is left is a reason to look, never a proof:
 * exports.md.
 */
#define _GNU_SOURCE
#include "similar.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grader.h"
#include "html.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "starters.h"
#include "text.h"
#include "verdict.h"

enum {
    THRESHOLD = 50,   /* percent, unless the user says otherwise */
    FEWEST = 20,      /* a smaller program counts as if it had so many fingerprints: two lines in common prove little */
    FEWEST_FILE = 40, /* nor does a small file of a larger program, of which there are several to hit */
    GIVEN_MAX = 16,
    OPTION_GIVEN = 256,
    OPTION_HTML,
    OPTION_AGAINST,
};

/* Of the 435 pairs of 30 independent programs the most similar one shares about 0.57 of the smaller one, and copies in
 * any disguise 0.7 and more: tests/grader/test_similar.py makes such classes. */
static const double chance_score = 0.64;
static const double chance_width = 0.04; /* so much more and 73 %, so much less and 27 % */
static const double same_group = 0.8;

struct options {
    const char *results, *html;
    const char *given[GIVEN_MAX], *against[GIVEN_MAX];
    int given_count, against_count, threshold;
};

/* All submissions, ready to be compared. */
struct comparison {
    struct class_results results, others[GIVEN_MAX];
    struct programs programs;
    struct hash_set given;
    struct similar found;
};

/* ---- who has what ---- */

/* What is compared: a program of a lab, or one of its files. */
struct unit {
    size_t program;
    int file; /* -1: the whole program */
    double weight;
};

/* The programs of one lab. */
struct field {
    const struct programs *programs;
    struct unit *units;
    size_t count;
    float *shared; /* weights that two units share, row by row */
    size_t *group; /* by unit: a program that stands for those that are nearly the same */
};

/* One hash of one unit; a unit's hash is here once. */
struct owning {
    uint64_t hash;
    size_t unit;
};

static int by_hash(const void *left, const void *right)
{
    const struct owning *a = left, *b = right;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->unit > b->unit) - (a->unit < b->unit);
}

static bool unit_has(const struct unit *unit, const struct fingerprint *fingerprint)
{
    return unit->file == -1 || unit->file == fingerprint->file;
}

/* All of them, in the order of the hashes; to be freed. */
static struct owning *ownings_make(const struct field *field, size_t *count)
{
    size_t all = 0, kept = 0;

    for (size_t u = 0; u < field->count; u++)
        all += field->programs->at[field->units[u].program].fingerprints.count;
    struct owning *ownings = calloc(all + 1, sizeof *ownings);
    if (ownings == NULL)
        abort();
    all = 0;
    for (size_t u = 0; u < field->count; u++) {
        const struct fingerprints *own = &field->programs->at[field->units[u].program].fingerprints;
        for (size_t j = 0; j < own->count; j++)
            if (unit_has(&field->units[u], &own->at[j]))
                ownings[all++] = (struct owning){.hash = own->at[j].hash, .unit = u};
    }
    qsort(ownings, all, sizeof *ownings, by_hash);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || by_hash(&ownings[kept - 1], &ownings[i]) != 0)
            ownings[kept++] = ownings[i];
    *count = kept;
    return ownings;
}

/* In how many groups of programs is this hash? */
static size_t groups_with(const struct field *field, const struct owning *ownings, size_t from, size_t to)
{
    size_t count = 0;

    for (size_t i = from; i < to; i++) {
        bool first = field->units[ownings[i].unit].file == -1;
        for (size_t j = from; j < i && first; j++)
            first = field->units[ownings[j].unit].file != -1 ||
                    field->group[ownings[j].unit] != field->group[ownings[i].unit];
        count += first;
    }
    return count;
}

static size_t groups_count(const struct field *field)
{
    size_t count = 0;

    for (size_t u = 0; u < field->count; u++)
        count += field->units[u].file == -1 && field->group[u] == u;
    return count;
}

/* What each unit weighs and what each two share; `weighed`: what many groups have weighs less. */
static void field_fill(struct field *field, bool weighed)
{
    size_t n = field->count, count, groups = groups_count(field);
    struct owning *ownings = ownings_make(field, &count);

    memset(field->shared, 0, n * n * sizeof *field->shared);
    for (size_t u = 0; u < n; u++)
        field->units[u].weight = 0;
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from; to < count && ownings[to].hash == ownings[from].hash;)
            to++;
        double most = (double)(groups + 1);
        double weight = weighed ? log(most / (double)groups_with(field, ownings, from, to)) / log(most) : 1;
        for (size_t i = from; i < to; i++) {
            field->units[ownings[i].unit].weight += weight;
            for (size_t j = i + 1; j < to; j++)
                field->shared[ownings[i].unit * n + ownings[j].unit] += (float)weight;
        }
    }
    free(ownings);
}

/* Part of the smaller one that two units share. */
static double units_score(const struct field *field, size_t one, size_t other)
{
    size_t low = one < other ? one : other, high = one < other ? other : one;
    double smaller = fmin(field->units[one].weight, field->units[other].weight);
    bool whole = field->units[one].file == -1 && field->units[other].file == -1;

    return (double)field->shared[low * field->count + high] / fmax(smaller, whole ? FEWEST : FEWEST_FILE);
}

static size_t group_of(const struct field *field, size_t unit)
{
    while (field->group[unit] != unit)
        unit = field->group[unit];
    return unit;
}

/* Programs that are nearly the same become one group. */
static void groups_make(struct field *field)
{
    for (size_t u = 0; u < field->count; u++)
        field->group[u] = u;
    field_fill(field, false);
    for (size_t u = 0; u < field->count; u++)
        for (size_t v = u + 1; v < field->count; v++)
            if (field->units[u].file == -1 && field->units[v].file == -1 && units_score(field, u, v) >= same_group)
                field->group[group_of(field, v)] = group_of(field, u);
    for (size_t u = 0; u < field->count; u++)
        field->group[u] = group_of(field, u);
}

/* The programs of a lab, and their files. */
static struct field field_make(const struct programs *programs, int lab)
{
    struct field field = {.programs = programs};

    for (size_t p = 0; p < programs->count; p++) {
        const struct program *program = &programs->at[p];
        if (program->lab != lab && program->lab != 0)
            continue;
        int files = program->file_count > 1 ? program->file_count : 0;
        field.units = realloc(field.units, (field.count + (size_t)files + 1) * sizeof *field.units);
        if (field.units == NULL)
            abort();
        for (int file = -1; file < files; file++)
            field.units[field.count++] = (struct unit){.program = p, .file = file};
    }
    field.shared = calloc(field.count * field.count + 1, sizeof *field.shared);
    field.group = calloc(field.count + 1, sizeof *field.group);
    if (field.shared == NULL || field.group == NULL)
        abort();
    return field;
}

/* ---- pairs ---- */

static int by_percent(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;

    if (a->score < b->score || a->score > b->score)
        return a->score < b->score ? 1 : -1;
    if (a->left->lab != b->left->lab)
        return a->left->lab - b->left->lab;
    int order = strcmp(a->left->name, b->left->name);
    return order != 0 ? order : strcmp(a->right->name, b->right->name);
}

/* A logistic curve around what chance gives: no probability in the strict sense, but on its scale. */
static int score_percent(double score)
{
    return (int)(100 / (1 + exp((chance_score - score) / chance_width)) + 0.5);
}

static int hash_order(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* How many different fingerprints a program has. */
static int fingerprints_own(const struct program *program, uint64_t **hashes)
{
    size_t count = program->fingerprints.count, kept = 0;

    *hashes = calloc(count + 1, sizeof **hashes);
    if (*hashes == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        (*hashes)[i] = program->fingerprints.at[i].hash;
    qsort(*hashes, count, sizeof **hashes, hash_order);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || (*hashes)[kept - 1] != (*hashes)[i])
            (*hashes)[kept++] = (*hashes)[i];
    return (int)kept;
}

static void pair_count(struct pair *pair)
{
    uint64_t *left, *right;

    pair->left_own = fingerprints_own(pair->left, &left);
    pair->right_own = fingerprints_own(pair->right, &right);
    pair->shared = 0;
    for (int i = 0, j = 0; i < pair->left_own && j < pair->right_own;) {
        pair->shared += left[i] == right[j];
        int order = hash_order(&left[i], &right[j]);
        i += order <= 0;
        j += order >= 0;
    }
    free(left);
    free(right);
}

/* The program's first unit, the whole, and the one after its last. */
static size_t units_end(const struct field *field, size_t unit)
{
    size_t end = unit + 1;

    while (end < field->count && field->units[end].file != -1)
        end++;
    return end;
}

/* The whole of both, or a file of the one in the other. */
static double programs_score(const struct field *field, size_t one, size_t other)
{
    double best = units_score(field, one, other);

    for (size_t u = one + 1; u < units_end(field, one); u++)
        for (size_t v = other + 1; v < units_end(field, other); v++)
            best = fmax(best, units_score(field, u, v));
    return best;
}

static void pair_add(struct comparison *comparison, struct pair pair, int threshold)
{
    if (pair.left->against != NULL) { /* the left one is of the class */
        const struct program *other = pair.left;
        pair.left = pair.right;
        pair.right = other;
    }
    pair.percent = score_percent(pair.score);
    if (pair.percent < threshold || !(pair.score > 0))
        return;
    pair_count(&pair);
    comparison->found.pairs = realloc(comparison->found.pairs, (comparison->found.pair_count + 1) * sizeof pair);
    if (comparison->found.pairs == NULL)
        abort();
    comparison->found.pairs[comparison->found.pair_count++] = pair;
}

static void lab_compare(struct comparison *comparison, int lab, int threshold)
{
    struct field field = field_make(&comparison->programs, lab);

    groups_make(&field);
    field_fill(&field, true);
    for (size_t u = 0; u < field.count; u = units_end(&field, u))
        for (size_t v = units_end(&field, u); v < field.count; v = units_end(&field, v)) {
            const struct program *left = &comparison->programs.at[field.units[u].program];
            const struct program *right = &comparison->programs.at[field.units[v].program];
            if (left->against == NULL || right->against == NULL)
                pair_add(comparison, (struct pair){.left = left, .right = right, .score = programs_score(&field, u, v)},
                         threshold);
        }
    free(field.units);
    free(field.shared);
    free(field.group);
}

static void pairs_find(struct comparison *comparison, int threshold)
{
    for (int lab = 1; lab <= LABS_MAX; lab++)
        lab_compare(comparison, lab, threshold);
    if (comparison->found.pair_count > 0)
        qsort(comparison->found.pairs, comparison->found.pair_count, sizeof *comparison->found.pairs, by_percent);
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

struct passage *pair_passages(const struct pair *pair, size_t *count)
{
    const struct fingerprints *lefts = &pair->left->fingerprints;
    struct passage *passages = calloc(lefts->count + 1, sizeof *passages);

    if (passages == NULL)
        abort();
    *count = 0;
    for (size_t i = 0; i < lefts->count; i++) {
        const struct fingerprint *left = &lefts->at[i];
        struct passage *last = *count > 0 ? &passages[*count - 1] : NULL;
        const struct fingerprint *right = twin_find(&pair->right->fingerprints, left, last);
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
        printf("%s (%s)", name, person);
    else
        fputs(name, stdout);
    if (program->against != NULL)
        printf(" of %s", program->against);
    fputs(after, stdout);
    free(name);
    free(person);
}

static void pairs_print(const struct comparison *comparison, int threshold)
{
    printf("%zu programs; pairs of one lab that are %d %% likely no chance, or more: %zu\n", comparison->programs.count,
           threshold, comparison->found.pair_count);
    for (size_t i = 0; i < comparison->found.pair_count; i++) {
        const struct pair *pair = &comparison->found.pairs[i];
        printf("%3d %%  lab %d, %d fingerprints of %d and %d: ", pair->percent, pair->left->lab, pair->shared,
               pair->left_own, pair->right_own);
        name_print(pair->left, ", ");
        name_print(pair->right, "\n");
    }
}

/* ---- clusters ---- */

static const struct program *cluster_of(const struct program **of, const struct programs *programs,
                                        const struct program *program)
{
    while (of[program - programs->at] != program)
        program = of[program - programs->at];
    return program;
}

/* Three or more that hang together by pairs are one story: number them, and say so. */
static void clusters_find(struct comparison *comparison)
{
    const struct programs *programs = &comparison->programs;
    const struct program **of = calloc(programs->count + 1, sizeof *of);

    if (of == NULL)
        abort();
    for (size_t p = 0; p < programs->count; p++)
        of[p] = &programs->at[p];
    for (size_t i = 0; i < comparison->found.pair_count; i++) {
        const struct pair *pair = &comparison->found.pairs[i];
        of[cluster_of(of, programs, pair->right) - programs->at] = cluster_of(of, programs, pair->left);
    }
    int number = 0;
    for (size_t p = 0; p < programs->count; p++) {
        size_t members = 0;
        for (size_t q = 0; q < programs->count; q++)
            members += cluster_of(of, programs, &programs->at[q]) == &programs->at[p];
        if (members < 3)
            continue;
        number++;
        for (size_t i = 0; i < comparison->found.pair_count; i++)
            if (cluster_of(of, programs, comparison->found.pairs[i].left) == &programs->at[p])
                comparison->found.pairs[i].cluster = number;
        printf("lab %d, %zu that hang together:", programs->at[p].lab, members);
        for (size_t q = 0; q < programs->count; q++)
            if (cluster_of(of, programs, &programs->at[q]) == &programs->at[p]) {
                putchar(' ');
                name_print(&programs->at[q], --members > 0 ? "," : "\n");
            }
    }
    free(of);
}

/* ---- the reference itself ---- */

/* Is that file in the folder of the lab, byte for byte? */
static bool file_is_in(const char *folder, const struct program *program, const struct program_file *file)
{
    char pattern[PATH_MAX];
    const char *slash = strrchr(file->name, '/'), *name = slash != NULL ? slash + 1 : file->name;
    glob_t found;
    bool same = false;

    snprintf(pattern, sizeof pattern, "%s/lab%d_*/%s", folder, program->lab, name);
    if (glob(pattern, 0, NULL, &found) != 0)
        return false;
    for (size_t i = 0; i < found.gl_pathc && !same; i++) {
        char *text = text_read(found.gl_pathv[i], NULL);
        same = text != NULL && strcmp(text, file->text) == 0;
        free(text);
    }
    globfree(&found);
    return same;
}

/* The names of the files that are the solution's, and were not given; a student may come near to it, but not to each
 * blank. To be freed; NULL: there are none. */
static char *reference_files(const struct program *program, const char *starters)
{
    char *names = NULL;
    size_t size;
    FILE *out = open_memstream(&names, &size);

    if (out == NULL)
        abort();
    for (int i = 0; i < program->file_count; i++) {
        const struct program_file *file = &program->files[i];
        if (file_is_in(GRADER_SOURCE "/solutions", program, file) && !file_is_in(starters, program, file))
            fprintf(out, "%s%s", ftell(out) > 0 ? " " : "", file->name);
    }
    fclose(out);
    if (size > 0)
        return names;
    free(names);
    return NULL;
}

static void verbatim_find(struct comparison *comparison)
{
    const struct programs *programs = &comparison->programs;
    struct similar *found = &comparison->found;
    const char *starters = starters_folder();

    found->verbatim = calloc(programs->count + 1, sizeof *found->verbatim);
    if (found->verbatim == NULL)
        abort();
    for (size_t i = 0; i < programs->count && starters != NULL; i++) {
        char *files = programs->at[i].against == NULL ? reference_files(&programs->at[i], starters) : NULL;
        if (files != NULL)
            found->verbatim[found->verbatim_count++] = (struct verbatim){&programs->at[i], files};
    }
}

static void verbatim_print(const struct similar *found)
{
    for (size_t i = 0; i < found->verbatim_count; i++) {
        char *files = text_plain(found->verbatim[i].files);
        fputs("the reference solution itself: ", stdout);
        name_print(found->verbatim[i].program, ": ");
        puts(files);
        free(files);
    }
}

static int page_save(const struct comparison *comparison, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        abort();
    similar_html_write(out, &comparison->found);
    bool good = fclose(out) == 0 && text_store(path, text, size);
    int cause = errno;
    free(text);
    errno = cause;
    return good ? EXIT_SUCCESS : error_report_errno("is the folder there, and may you write to it?", "%s", path);
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

/* Results of another class, or a folder with programs. */
static bool against_read(struct comparison *comparison, const struct options *options)
{
    bool good = true;

    for (int i = 0; i < options->against_count && good; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/class.json", options->against[i]);
        if (access(path, F_OK) == 0) {
            good = class_read(&comparison->others[i], options->against[i], NULL);
            if (good)
                programs_read(&comparison->programs, &comparison->others[i], &comparison->given, options->against[i]);
        } else {
            good = programs_other(&comparison->programs, options->against[i], &comparison->given);
        }
    }
    return good;
}

static void comparison_free(struct comparison *comparison)
{
    programs_free(&comparison->programs);
    free(comparison->found.pairs);
    for (size_t i = 0; i < comparison->found.verbatim_count; i++)
        free(comparison->found.verbatim[i].files);
    free(comparison->found.verbatim);
    hash_set_free(&comparison->given);
    class_release(&comparison->results);
    for (int i = 0; i < GIVEN_MAX; i++)
        class_release(&comparison->others[i]);
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
    case OPTION_AGAINST:
        if (options->against_count == GIVEN_MAX)
            argp_error(state, "--against at most %d times", (int)GIVEN_MAX);
        options->against[options->against_count++] = text;
        return 0;
    case ARGP_KEY_ARG:
        options_argument(state, &options->results, text);
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
    {"threshold", 't', "PERCENT", 0, "List pairs that are so likely no chance (default: 50)", 0},
    {"html", OPTION_HTML, "FILE", 0, "Write the pairs side by side, as one page", 0},
    {"against", OPTION_AGAINST, "DIR", 0,
     "Compare with other results as well, last year's, or with a folder that holds a folder for each program", 0},
    {"given", OPTION_GIVEN, "DIR", 0,
     "What is there does not count; may be given again (default: the starters and solutions of this tree)", 0},
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
        programs_read(&comparison.programs, &comparison.results, &comparison.given, NULL);
        if (!against_read(&comparison, &options)) {
            comparison_free(&comparison);
            return EXIT_FAILURE;
        }
        pairs_find(&comparison, options.threshold);
        clusters_find(&comparison);
        verbatim_find(&comparison);
        status = options.html != NULL ? page_save(&comparison, options.html) : EXIT_SUCCESS;
        verbatim_print(&comparison.found);
        pairs_print(&comparison, options.threshold); /* last: whoever reads it through `head` wants the page as well */
    }
    comparison_free(&comparison);
    return status;
}
