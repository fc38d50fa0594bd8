/* grader merge: the results of shards as if they had been graded in one run. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "grader.h"
#include "process.h"
#include "results.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "submission.h"

enum { SHARDS_MAX = 10000 };

struct merge_options {
    const char *out;
    const char *shards[SHARDS_MAX];
    size_t count;
};

static json_t *class_load(const char *results)
{
    char path[PATH_MAX];
    json_error_t error;

    snprintf(path, sizeof path, "%s/class.json", results);
    json_t *class = json_load_file(path, 0, &error);
    if (class == NULL)
        error_report("it is a folder that `grader grade --shard` wrote", "%s: %s", path, error.text);
    return class;
}

/* Marks of different checks, or given behind different walls, are not marks of one class. */
static bool class_agrees(const json_t *class, const json_t *other, const char *where)
{
    static const char *const keys[] = {"schema", "grader", "tests", "isolation", "labs", "roster", "roster_columns"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const json_t *one = json_object_get(class, keys[i]), *two = json_object_get(other, keys[i]);
        if ((one == NULL) != (two == NULL) || (one != NULL && !json_equal(one, two))) {
            error_report("grade all shards with the same version and options", "%s: another \"%s\" than the first",
                         where, keys[i]);
            return false;
        }
    }
    return true;
}

static int name_compare(const void *one, const void *other)
{
    return strcmp(json_string_value(*(json_t *const *)one), json_string_value(*(json_t *const *)other));
}

static bool names_sort(json_t *names)
{
    size_t count = json_array_size(names);
    json_t **list = calloc(count + 1, sizeof(json_t *));
    bool good = list != NULL;

    for (size_t i = 0; good && i < count; i++)
        list[i] = json_incref(json_array_get(names, i));
    if (good)
        qsort(list, count, sizeof(json_t *), name_compare);
    for (size_t i = 0; good && i < count; i++) {
        if (i > 0 && name_compare(&list[i - 1], &list[i]) == 0)
            good = error_report("each submission belongs to one shard", "%s: in two shards",
                                json_string_value(list[i])) == EXIT_SUCCESS;
    }
    json_array_clear(names);
    for (size_t i = 0; list != NULL && i < count; i++)
        json_array_append_new(names, list[i]);
    free(list);
    return good;
}

static bool submission_copy(const char *from, const char *to, const char *name)
{
    char *source = submission_path(from, name, ""), *target = submission_path(to, name, "");
    const char *const command[] = {"/bin/cp", "-R", "-p", "--", source, target, NULL};
    struct process copy;
    struct stat info;

    if (lstat(target, &info) == 0) /* of an earlier merge */
        folder_remove(target);
    bool good = process_start(&copy, command) && process_finish(&copy) == 0;
    if (!good)
        error_report(NULL, "cannot copy %s: %s", source, copy.text != NULL ? copy.text : "");
    process_close(&copy);
    free(source);
    free(target);
    return good;
}

static bool shard_copy(const struct merge_options *options, const char *shard, const json_t *class)
{
    size_t i;
    json_t *name;
    bool good = true;

    json_array_foreach (json_object_get(class, "submissions"), i, name)
        good = good && submission_copy(shard, options->out, json_string_value(name));
    return good;
}

static int merge_run(const struct merge_options *options)
{
    json_t *class = class_load(options->shards[0]), *names = json_array();
    char path[PATH_MAX];
    bool good = class != NULL;

    snprintf(path, sizeof path, "%s/submissions", options->out);
    mkdir(options->out, 0777);
    mkdir(path, 0777);
    for (size_t i = 0; good && i < options->count; i++) {
        json_t *other = class_load(options->shards[i]);
        good = other != NULL && class_agrees(class, other, options->shards[i]) &&
               shard_copy(options, options->shards[i], other);
        json_array_extend(names, json_object_get(other, "submissions"));
        json_decref(other);
    }
    good = good && names_sort(names);
    snprintf(path, sizeof path, "%s/class.json", options->out);
    if (good)
        json_object_set(class, "submissions", names);
    good = good && results_write(path, class);
    if (good)
        printf("%zu submissions of %zu shards: %s\n", json_array_size(names), options->count, options->out);
    json_decref(class);
    json_decref(names);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static error_t merge_parse(int key, char *text, struct argp_state *state)
{
    struct merge_options *options = state->input;

    switch (key) {
    case 'o':
        options->out = text;
        return 0;
    case ARGP_KEY_ARG:
        if (options->count == SHARDS_MAX)
            argp_error(state, "more than %d shards", SHARDS_MAX);
        options->shards[options->count++] = text;
        return 0;
    case ARGP_KEY_END:
        if (options->count == 0 || options->out == NULL)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int grader_merge(int argc, char **argv)
{
    static const struct argp_option list[] = {
        {"out", 'o', "DIR", 0, "Folder for the joined results", 0},
        {0},
    };
    static const struct argp argp = {
        .options = list,
        .parser = merge_parse,
        .args_doc = "SHARD...",
        .doc = "Join folders of results that `grader grade --shard` wrote: the same bytes as without shards."};
    static struct merge_options options;

    options_parse(&argp, argc, argv, &options);
    return merge_run(&options);
}
