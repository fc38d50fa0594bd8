/* grader grade and grader check: a class, or one lab of one tree. */
#define _GNU_SOURCE
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
#include "preview.h"
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
    enum keep keep;
    bool preview;
};

/* ---- What there is to grade ---- */

/* Each n-th, so that every shard gets of everything; the others stay behind the end of the list. */
static void batch_shard(const struct grade_options *options, struct collection *batch)
{
    struct collection rest = {.count = 0};
    size_t kept = 0;

    rest.entries = calloc(batch->count, sizeof *rest.entries);
    if (rest.entries == NULL)
        abort();
    for (size_t i = 0; i < batch->count; i++) {
        if ((int)(i % (size_t)options->shards) == options->shard - 1)
            batch->entries[kept++] = batch->entries[i];
        else
            rest.entries[rest.count++] = batch->entries[i];
    }
    batch->count = kept;
    collection_free(&rest);
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

    snprintf(inside, sizeof inside, "%s/submissions", path);
    if ((mkdir(path, 0777) == -1 && errno != EEXIST) || (mkdir(inside, 0777) == -1 && errno != EEXIST)) {
        error_report_errno("may you write there? Give another folder with --out", "cannot make the folder %s", inside);
        return -1;
    }
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
    return box_room(isolation, room, PATH_MAX, note);
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
static void batch_names(const struct collection *batch, json_t *names)
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

/* Labs that were graded into these results before stay there. */
static bool lab_was_graded(const char *results, int number)
{
    char path[PATH_MAX];
    json_t *lab;
    size_t i;
    bool was = false;

    snprintf(path, sizeof path, "%s/class.json", results);
    json_t *class = json_load_file(path, 0, NULL);
    json_array_foreach (json_object_get(class, "labs"), i, lab)
        was = was || json_integer_value(lab) == number;
    json_decref(class);
    return was;
}

static json_t *class_make(const struct class_order *order, const struct collection *batch)
{
    char tests[32];
    json_t *labs = json_array(), *names = json_array();

    snprintf(tests, sizeof tests, "%016" PRIx64, order->tests);
    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++)
        if (order->labs[i] || lab_was_graded(order->results, lab_number(judge_labs[i])))
            json_array_append_new(labs, json_integer(lab_number(judge_labs[i])));
    batch_names(batch, names);
    json_t *class =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "schema", "shmlab-class/1", "grader", GRADER_VERSION, "tests",
                  tests, "isolation", isolation_names[order->isolation], "labs", labs, "submissions", names);
    if (order->roster != NULL) {
        json_object_set(class, "roster", order->roster->students);
        json_object_set(class, "roster_columns", order->roster->columns);
    }
    return class;
}

static bool class_write(const struct class_order *order, const struct collection *batch)
{
    char path[PATH_MAX];
    json_t *class = class_make(order, batch);

    snprintf(path, sizeof path, "%s/class.json", order->results);
    bool good = results_write(path, class);
    json_decref(class);
    return good;
}

static int grade_in(const struct grade_options *options, struct class_order *order, struct collection *batch)
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

/* Is there what is to be regraded? A student of the roster is meant by the name of the submission. */
static bool regrade_find(struct class_order *order, const struct collection *batch)
{
    char lab[16];

    if (order->regrade == NULL || strcmp(order->regrade, "failed") == 0)
        return true;
    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++) {
        snprintf(lab, sizeof lab, "lab%d", lab_number(judge_labs[i]));
        if (order->labs[i] && (strcmp(order->regrade, lab) == 0 || strcmp(order->regrade, judge_labs[i]->name) == 0))
            return true;
    }
    struct roster_match match = roster_match(order->roster != NULL ? order->roster->students : NULL, order->regrade);
    for (size_t i = 0; i < batch->count; i++)
        if (strcmp(batch->entries[i].name, order->regrade) == 0 ||
            (match.student != NULL && batch->entries[i].match.student == match.student)) {
            order->regrade = batch->entries[i].name;
            return true;
        }
    error_report("it is failed, a lab that is graded, such as lab3, or a submission's name",
                 "--regrade %s: there is none", order->regrade);
    return false;
}

static int grade_preview(struct class_order *order, const struct collection *batch)
{
    char room[PATH_MAX];

    if (!box_room(order->isolation, room, sizeof room, NULL))
        return EXIT_FAILURE;
    order->room = room;
    preview(order, batch);
    if (!order->part)
        batch_absent(batch, order);
    box_room_end(room);
    return EXIT_SUCCESS;
}

static int grade_batch(const struct grade_options *options, struct class_order *order)
{
    enum { WRONG_USAGE = 2 };
    struct collection batch = {.count = 0};
    int status = EXIT_FAILURE;

    if (collect(options->folder, order->roster != NULL ? order->roster->students : NULL, &batch)) {
        order->platform = batch.platform;
        if (!regrade_find(order, &batch)) {
            status = WRONG_USAGE;
        } else {
            collection_tell(&batch);
            batch_shard(options, &batch);
            status = options->preview ? grade_preview(order, &batch) : grade_in(options, order, &batch);
        }
    }
    collection_free(&batch);
    return status;
}

static int grade_run(const struct grade_options *options)
{
    struct class_order order = {.isolation = options->isolation,
                                .walls = box_walls(options->isolation),
                                .tests = intake_tests(),
                                .jobs = CHECKS_AT_ONCE,
                                .part = options->shards > 1,
                                .keep = options->keep,
                                .regrade = options->regrade};
    struct roster roster = {.students = NULL};
    char *results = results_path(options);
    int status = EXIT_FAILURE;

    labs_parse(options->labs, order.labs);
    order.results = results;
    if (options->roster != NULL)
        order.roster = &roster;
    if (results != NULL && (options->roster == NULL || roster_read(options->roster, &roster)))
        status = grade_batch(options, &order);
    roster_free(&roster);
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

enum { OPTION_LABS = 256, OPTION_ROSTER, OPTION_REGRADE, OPTION_ISOLATION, OPTION_SHARD, OPTION_KEEP, OPTION_PREVIEW };

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
        options->isolation = box_isolation(state, text);
        return 0;
    case OPTION_PREVIEW:
        options->preview = true;
        return 0;
    case OPTION_KEEP:
        if (strcmp(text, "best") != 0 && strcmp(text, "last") != 0)
            argp_error(state, "--keep %s: it is best or last", text);
        options->keep = strcmp(text, "best") == 0 ? KEEP_BEST : KEEP_LAST;
        return 0;
    case OPTION_SHARD:
        shard_parse(state, text, options);
        return 0;
    case ARGP_KEY_ARG:
        options_argument(state, &options->folder, text);
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
        {"roster", OPTION_ROSTER, "FILE", 0,
         "Class list: CSV whose first line names the columns, id,name,email,section or as your platform calls them", 0},
        {"out", 'o', "DIR", 0, "Folder for the results (default: DIR-results)", 0},
        {"jobs", 'j', "N", 0, "Submissions at once (default: the number of processors)", 0},
        {"regrade", OPTION_REGRADE, "WHAT", 0,
         "Forget what is known of: failed (checks that ran into their limit or broke), labN, or a submission's name",
         0},
        {"keep", OPTION_KEEP, "WHICH", 0, "Of several attempts at a lab, count the last (default) or the best", 0},
        {"dry-run", OPTION_PREVIEW, NULL, 0, "Say whose is what, and what of it would be graded; grade nothing", 0},
        {"shard", OPTION_SHARD, "I/N", 0, "Only the I-th of N parts; `grader merge` joins them", 0},
        BOX_OPTION(OPTION_ISOLATION),
        {0},
    };
    static const struct argp argp = {
        .options = list,
        .parser = grade_parse,
        .args_doc = "DIR",
        .doc =
            "Grade a directory that holds a folder or an archive for each student, or what Canvas, Moodle, Blackboard, "
            "Gradescope, GitHub Classroom or ILIAS let you download, unpacked.\v"
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
