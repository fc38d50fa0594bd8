/* grader grade and grader check: a class, or one lab of one tree. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "grader.h"
#include "results.h"
#include "roster.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "submission.h"
#include "text.h"

enum { JOBS_MAX = 64, SHARDS_MAX = 100000 };

struct grade_options {
    const char *folder, *out, *roster, *labs, *regrade;
    int jobs, shard, shards; /* shard 1 to shards */
    enum isolation isolation;
};

static const char *const archive_ends[] = {".zip", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar"};

/* ---- What there is to grade ---- */

/* Length of the name without what tells an archive; 0: it is none. */
static size_t archive_stem(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof archive_ends / sizeof archive_ends[0]; i++) {
        size_t end = strlen(archive_ends[i]);
        if (length > end && strcasecmp(name + length - end, archive_ends[i]) == 0)
            return length - end;
    }
    return 0;
}

/* Names that JSON, a terminal and a file system can hold. */
static char *name_settled(const char *name, size_t length)
{
    char *copy = strndup(name, length), *clean = text_plain_line(copy);

    free(copy);
    return clean;
}

static bool entry_find(const char *folder, const char *name, struct batch_entry *entry)
{
    struct stat info;
    size_t stem = archive_stem(name);

    if (name[0] == '.' || asprintf(&entry->path, "%s/%s", folder, name) == -1)
        return false;
    bool there = lstat(entry->path, &info) == 0;
    if (there && S_ISREG(info.st_mode) && stem == 0) {
        fprintf(stderr, "grader: %s: no folder and no archive: left out\n", entry->path);
        free(entry->path);
        return false;
    }
    entry->name = name_settled(name, there && S_ISREG(info.st_mode) ? stem : strlen(name));
    return true;
}

/* A folder and an archive of one name, or two archives: the later one keeps its whole name. */
static void names_part(struct batch *batch)
{
    for (size_t i = 1; i < batch->count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(batch->entries[i].name, batch->entries[j].name) == 0) {
                const char *slash = strrchr(batch->entries[i].path, '/');
                free(batch->entries[i].name);
                batch->entries[i].name = name_settled(slash + 1, strlen(slash + 1));
            }
}

static bool batch_list(const struct grade_options *options, struct batch *batch)
{
    struct dirent **names;
    int count = scandir(options->folder, &names, NULL, alphasort);

    if (count == -1) {
        error_report_errno("name the folder that holds the submissions", "%s", options->folder);
        return false;
    }
    batch->entries = calloc((size_t)count + 1, sizeof *batch->entries);
    for (int i = 0; i < count; i++) {
        if (batch->entries != NULL && entry_find(options->folder, names[i]->d_name, &batch->entries[batch->count]))
            batch->count++;
        free(names[i]);
    }
    free(names);
    if (batch->count == 0)
        error_report("it holds a folder or an archive for each student", "%s: no submission in it", options->folder);
    names_part(batch);
    return batch->count > 0;
}

/* Each n-th, so that every shard gets of everything. */
static void batch_shard(const struct grade_options *options, struct batch *batch)
{
    size_t kept = 0;

    for (size_t i = 0; i < batch->count; i++) {
        if ((int)(i % (size_t)options->shards) == options->shard - 1) {
            batch->entries[kept++] = batch->entries[i];
        } else {
            free(batch->entries[i].name);
            free(batch->entries[i].path);
        }
    }
    batch->count = kept;
}

static void batch_free(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->entries[i].name);
        free(batch->entries[i].path);
    }
    free(batch->entries);
}

/* ---- The folder of results ---- */

static char *results_path(const struct grade_options *options)
{
    char *path;
    size_t length = strlen(options->folder);

    if (options->out != NULL)
        return strdup(options->out);
    while (length > 1 && options->folder[length - 1] == '/')
        length--;
    return asprintf(&path, "%.*s-results", (int)length, options->folder) == -1 ? NULL : path;
}

/* Make it, and see that nobody else works in it. Returns a descriptor that holds the lock; -1 after a message. */
static int results_claim(const char *path)
{
    char inside[PATH_MAX];

    mkdir(path, 0777);
    snprintf(inside, sizeof inside, "%s/submissions", path);
    mkdir(inside, 0777);
    snprintf(inside, sizeof inside, "%s/.lock", path);
    int fd = open(inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd == -1) {
        error_report_errno("give another folder with --out", "%s", inside);
    } else if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
        error_report("wait for it, or give another folder with --out", "%s: another grader writes there", path);
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The folder of this run only. That of a run that was killed stands in `.room`, and goes now. */
static bool room_make(const char *results, enum isolation isolation, char room[static PATH_MAX])
{
    char note[PATH_MAX], old[PATH_MAX] = "";
    struct stat info;

    snprintf(note, sizeof note, "%s/.room", results);
    FILE *file = fopen(note, "re");
    if (file != NULL && fgets(old, sizeof old, file) != NULL && strstr(old, "/shmlab-grader.") != NULL &&
        lstat(old, &info) == 0 && S_ISDIR(info.st_mode))
        folder_remove(old);
    if (file != NULL)
        fclose(file);
    if (!box_room(isolation, room, PATH_MAX))
        return false;
    file = fopen(note, "we");
    if (file != NULL) {
        fputs(room, file);
        fclose(file);
    }
    return true;
}

static void room_remove(const char *results, const char *room)
{
    char note[PATH_MAX];

    box_room_end(room);
    snprintf(note, sizeof note, "%s/.room", results);
    unlink(note);
}

/* ---- Labs ---- */

/* "1-4", "2", "1,3,5-6"; NULL: all. False when it is none of that. */
static bool labs_parse(const char *text, bool labs[static LABS_MAX])
{
    memset(labs, 0, LABS_MAX * sizeof *labs);
    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++)
        labs[i] = text == NULL;
    for (const char *at = text; at != NULL && *at != '\0';) {
        char *end;
        long first = strtol(at, &end, 10), last = first;
        if (end == at)
            return false;
        if (*end == '-') {
            at = end + 1;
            last = strtol(at, &end, 10);
            if (end == at)
                return false;
        }
        bool some = false;
        for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++)
            if (lab_number(judge_labs[i]) >= first && lab_number(judge_labs[i]) <= last)
                some = labs[i] = true;
        if (!some || (*end != ',' && *end != '\0'))
            return false;
        at = end + (*end == ',');
    }
    return true;
}

/* ---- grader grade ---- */

static int name_compare(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* In the order of the names, which is not always that of the files. */
static void batch_names(const struct batch *batch, json_t *names)
{
    const char **list = calloc(batch->count + 1, sizeof *list);

    for (size_t i = 0; list != NULL && i < batch->count; i++)
        list[i] = batch->entries[i].name;
    if (list != NULL)
        qsort(list, batch->count, sizeof *list, name_compare);
    for (size_t i = 0; list != NULL && i < batch->count; i++)
        json_array_append_new(names, json_string(list[i]));
    free(list);
}

static json_t *class_make(const struct class_order *order, const struct batch *batch)
{
    char tests[32];
    json_t *labs = json_array(), *names = json_array();

    snprintf(tests, sizeof tests, "%016" PRIx64, order->tests);
    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++)
        if (order->labs[i])
            json_array_append_new(labs, json_integer(lab_number(judge_labs[i])));
    batch_names(batch, names);
    json_t *class =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "schema", "shmlab-class/1", "grader", GRADER_VERSION, "tests",
                  tests, "isolation", isolation_names[order->isolation], "labs", labs, "submissions", names);
    if (order->roster != NULL)
        json_object_set(class, "roster", (json_t *)order->roster);
    return class;
}

static bool class_write(const struct class_order *order, const struct batch *batch)
{
    char path[PATH_MAX];
    json_t *class = class_make(order, batch);

    snprintf(path, sizeof path, "%s/class.json", order->results);
    bool good = results_write(path, class);
    json_decref(class);
    return good;
}

static int grade_in(const struct grade_options *options, struct class_order *order, struct batch *batch)
{
    char room[PATH_MAX];
    int status = EXIT_FAILURE;

    int lock = results_claim(order->results);
    if (lock == -1)
        return EXIT_FAILURE;
    if (class_write(order, batch) && room_make(order->results, order->isolation, room)) {
        order->room = room;
        status = batch_run(batch, order, options->jobs) ? EXIT_SUCCESS : EXIT_FAILURE;
        room_remove(order->results, room);
    }
    close(lock);
    return status;
}

static int grade_run(const struct grade_options *options)
{
    struct class_order order = {.isolation = options->isolation,
                                .walls = box_walls(options->isolation),
                                .tests = intake_tests(),
                                .jobs = CHECKS_AT_ONCE,
                                .part = options->shards > 1,
                                .regrade = options->regrade};
    struct batch batch = {.count = 0};
    json_t *roster = options->roster != NULL ? roster_read(options->roster) : NULL;
    char *results = results_path(options);
    int status = EXIT_FAILURE;

    labs_parse(options->labs, order.labs);
    order.roster = roster;
    order.results = results;
    if (results != NULL && (options->roster == NULL || roster != NULL) && batch_list(options, &batch)) {
        batch_shard(options, &batch);
        status = grade_in(options, &order, &batch);
    }
    batch_free(&batch);
    json_decref(roster);
    free(results);
    return status;
}

static void shard_parse(struct argp_state *state, const char *text, struct grade_options *options)
{
    char end;

    if (sscanf(text, "%d/%d%c", &options->shard, &options->shards, &end) != 2 || options->shard < 1 ||
        options->shards > SHARDS_MAX || options->shard > options->shards)
        argp_error(state, "--shard %s: it is i/n, from 1/n to n/n", text);
}

enum { OPTION_LABS = 256, OPTION_ROSTER, OPTION_REGRADE, OPTION_ISOLATION, OPTION_SHARD };

static error_t grade_parse(int key, char *text, struct argp_state *state)
{
    struct grade_options *options = state->input;
    bool labs[LABS_MAX];

    switch (key) {
    case 'o':
        options->out = text;
        return 0;
    case 'j':
        options->jobs = (int)options_integer(state, "--jobs", text, 1, JOBS_MAX);
        return 0;
    case OPTION_LABS:
        options->labs = text;
        if (!labs_parse(text, labs))
            argp_error(state, "--labs %s: it is like 3 or 1-4 or 1,3", text);
        return 0;
    case OPTION_ROSTER:
        options->roster = text;
        return 0;
    case OPTION_REGRADE:
        options->regrade = text;
        return 0;
    case OPTION_ISOLATION:
        options->isolation = box_isolation(text);
        if (options->isolation == ISOLATIONS)
            argp_error(state, "--isolation %s: it is full or none", text);
        return 0;
    case OPTION_SHARD:
        shard_parse(state, text, options);
        return 0;
    case ARGP_KEY_ARG:
        if (options->folder != NULL)
            argp_error(state, "'%s' is one argument too many", text);
        options->folder = text;
        return 0;
    case ARGP_KEY_END:
        if (options->folder == NULL)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int grader_grade(int argc, char **argv)
{
    static const struct argp_option list[] = {
        {"labs", OPTION_LABS, "LIST", 0, "Labs to grade, 1-4 or 1,3 (default: all that have checks)", 0},
        {"roster", OPTION_ROSTER, "FILE", 0, "CSV with the columns id,name,email and, perhaps, section", 0},
        {"out", 'o', "DIR", 0, "Folder for the results (default: DIR-results)", 0},
        {"jobs", 'j', "N", 0, "Submissions at once (default: the number of processors)", 0},
        {"regrade", OPTION_REGRADE, "WHAT", 0,
         "Forget what is known of: failed (checks that ran into their limit or broke), labN, or a submission's name",
         0},
        {"shard", OPTION_SHARD, "I/N", 0, "Only the I-th of N parts; `grader merge` joins them", 0},
        {"isolation", OPTION_ISOLATION, "NAME", 0, "full (default) or none: no walls at all, for code that you trust",
         0},
        {0},
    };
    static const struct argp argp = {
        .options = list,
        .parser = grade_parse,
        .args_doc = "DIR",
        .doc = "Grade a directory that holds a folder or an archive for each student.\v"
               "What is known is kept: run it again after Ctrl-C, a crash or new submissions, and it goes on.",
    };
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct grade_options options = {.jobs = processors < 1          ? 1
                                            : processors > JOBS_MAX ? JOBS_MAX
                                                                    : (int)processors,
                                    .shard = 1,
                                    .shards = 1};

    options_parse(&argp, argc, argv, &options);
    return grade_run(&options);
}
