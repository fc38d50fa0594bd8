/* See submission.h. */
#define _GNU_SOURCE
#include "submission.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "grader.h"
#include "results.h"
#include "roster.h"
#include "shmlab/error.h"
#include "toolchain.h"

enum { PATH_SIZE = 1024, OPEN_FOLDERS = 16 };

struct grading {
    const struct class_order *order;
    const char *name;
    struct intake intake;
    char room[PATH_SIZE]; /* of this submission */
    char *result_path, *run_path;
    json_t *result, *labs; /* labs: in the result */
    json_t *run;
    size_t at; /* index in labs of the one that is judged */
};

/* ---- Paths ---- */

char *submission_path(const char *results, const char *name, const char *file)
{
    char *path;

    if (asprintf(&path, "%s/submissions/%s%s%s", results, name, file[0] != '\0' ? "/" : "", file) == -1)
        abort();
    return path;
}

json_t *submission_load(const char *results, const char *name)
{
    char *path = submission_path(results, name, "result.json");
    json_t *result = json_load_file(path, 0, NULL);

    free(path);
    return result;
}

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void folder_remove(const char *path)
{
    nftw(path, entry_remove, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* A folder of this submission's results; to be freed. */
static char *folder_make(const struct grading *grading, const char *name)
{
    char *path = submission_path(grading->order->results, grading->name, name);

    if (mkdir(path, 0777) == -1 && errno != EEXIST)
        fprintf(stderr, "grader: mkdir(%s): %s\n", path, strerror(errno));
    return path;
}

/* ---- The result ---- */

static char *time_text(time_t moment, char text[static 32])
{
    struct tm utc;

    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&moment, &utc));
    return text;
}

static json_t *hash_text(uint64_t hash)
{
    char text[32];

    snprintf(text, sizeof text, "%016" PRIx64, hash);
    return json_string(text);
}

static void result_begin(struct grading *grading)
{
    const struct class_order *order = grading->order;
    json_t *student = roster_find(order->roster, grading->name);
    char date[32];

    grading->labs = json_array();
    grading->result =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:O, s:[], s:s, s:o}", "schema", "shmlab-submission/1", "name",
                  grading->name, "grader", GRADER_VERSION, "isolation", isolation_names[order->isolation], "tests",
                  hash_text(order->tests), "fingerprint", hash_text(grading->intake.fingerprint), "refusals",
                  grading->intake.refusals, "attention", "state", "partial", "labs", grading->labs);
    if (student != NULL)
        json_object_set(grading->result, "student", student);
    if (grading->intake.submitted > 0)
        json_object_set_new(grading->result, "submitted", json_string(time_text(grading->intake.submitted, date)));
    grading->run =
        json_pack("{s:s, s:s, s:{}}", "schema", "shmlab-run/1", "started", time_text(time(NULL), date), "labs");
}

static void attend(json_t *result, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void attend(json_t *result, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    json_array_append_new(json_object_get(result, "attention"), json_vsprintf(format, list));
    va_end(list);
}

/* Who needs a look, and why: nothing that an ordinary wrong answer brings about. */
static void result_attend(struct grading *grading)
{
    static const struct {
        enum outcome outcome;
        const char *says;
    } odd[] = {
        {OUTCOME_ERROR, "the check itself ended without a verdict: read its transcript"},
        {OUTCOME_TIMEOUT, "a program never came to an end"},
        {OUTCOME_UNJUDGED, "this machine could not judge it, so that it costs no points: see `grader doctor`"},
    };
    size_t i, c;
    json_t *lab, *check;

    size_t refusals = json_array_size(grading->intake.refusals);
    const char *first = json_string_value(json_array_get(grading->intake.refusals, 0));

    json_array_clear(json_object_get(grading->result, "attention"));
    if (grading->intake.refused)
        attend(grading->result, "refused: %s", first);
    else if (refusals == 1)
        attend(grading->result, "not taken: %s", first);
    else if (refusals > 1)
        attend(grading->result, "not taken: %s, and %zu more", first, refusals - 1);
    if (grading->order->roster != NULL && json_object_get(grading->result, "student") == NULL)
        attend(grading->result, "nobody in the roster has that name, id or address");
    json_array_foreach (grading->labs, i, lab) {
        json_array_foreach (json_object_get(lab, "checks"), c, check) {
            for (size_t o = 0; o < sizeof odd / sizeof odd[0]; o++)
                if (outcome_of(check) == odd[o].outcome)
                    attend(grading->result, "lab %d, %s: %s", (int)verdict_integer(lab, "number"),
                           verdict_text(check, "name"), odd[o].says);
        }
    }
}

static bool result_store(struct grading *grading)
{
    result_attend(grading);
    results_sum(grading->result);
    return results_write(grading->result_path, grading->result);
}

/* The judge's verdict has changed. */
static void verdict_store(const json_t *verdict, void *data)
{
    struct grading *grading = data;

    json_array_set_new(grading->labs, grading->at, results_lab(verdict, grading->room));
    result_store(grading);
}

/* ---- What is known already ---- */

static bool member_equal(const json_t *one, const json_t *other, const char *key)
{
    return json_equal(json_object_get(one, key), json_object_get(other, key)) == 1;
}

/* The earlier result when it was given on the same files by the same checks; NULL otherwise. To be released. */
static json_t *result_before(const struct grading *grading)
{
    static const char *const keys[] = {"fingerprint", "tests", "grader", "isolation"};
    json_t *before = submission_load(grading->order->results, grading->name);

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (before != NULL && !member_equal(before, grading->result, keys[i])) {
            json_decref(before);
            before = NULL;
        }
    }
    return before;
}

static json_t *lab_before(const json_t *before, const struct lab *lab)
{
    size_t i;
    json_t *each;

    json_array_foreach (json_object_get(before, "labs"), i, each)
        if (verdict_is(each, "lab", lab->name))
            return each;
    return NULL;
}

/* Is what is known of the lab to be forgotten? */
static bool lab_again(const struct grading *grading, const struct lab *lab, const json_t *known)
{
    const char *regrade = grading->order->regrade;
    char number[16];

    snprintf(number, sizeof number, "lab%d", lab_number(lab));
    if (regrade == NULL)
        return false;
    if (strcmp(regrade, "failed") == 0)
        return results_lab_has(known, OUTCOME_TIMEOUT) || results_lab_has(known, OUTCOME_ERROR);
    return strcmp(regrade, number) == 0 || strcmp(regrade, lab->name) == 0 || strcmp(regrade, grading->name) == 0;
}

/* ---- Grading ---- */

/* What differs from run to run goes into run.json. */
static void run_note(struct grading *grading, const struct lab *lab, const json_t *verdict)
{
    json_t *checks = json_object(), *check;
    char number[16];
    size_t i;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        json_t *duration = json_object_get(check, "duration_ms");
        if (duration != NULL)
            json_object_set(checks, verdict_text(check, "name"), duration);
    }
    snprintf(number, sizeof number, "lab%d", lab_number(lab));
    json_object_set_new(json_object_get(grading->run, "labs"), number,
                        json_pack("{s:O, s:O, s:o}", "date", json_object_get(verdict, "date"), "compiler",
                                  json_object_get(verdict, "compiler"), "duration_ms", checks));
}

static bool lab_judge(struct grading *grading, const struct lab *lab, const json_t *known)
{
    const struct class_order *order = grading->order;
    char folder[PATH_SIZE + 64], number[64];

    snprintf(folder, sizeof folder, "%s/labs/%s", grading->room, lab->name);
    snprintf(number, sizeof number, "transcripts/lab%d", lab_number(lab));
    free(folder_make(grading, "transcripts"));
    char *transcripts = folder_make(grading, number);
    json_t *verdict = judge_run(&(struct judge_order){.lab = lab,
                                                      .folder = folder,
                                                      .only = order->check,
                                                      .results = transcripts,
                                                      .room = grading->room,
                                                      .walls = order->walls,
                                                      .before = known,
                                                      .jobs = order->jobs,
                                                      .store = verdict_store,
                                                      .data = grading});
    free(transcripts);
    if (verdict == NULL)
        return false;
    run_note(grading, lab, verdict);
    json_decref(verdict);
    return judge_interrupted() == 0;
}

/* All labs have a place in the result before the first is judged. */
static void labs_begin(struct grading *grading, const json_t *before)
{
    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++) {
        if (!grading->order->labs[i])
            continue;
        json_t *known = lab_before(before, judge_labs[i]);
        if (!grading->intake.lab[i]) {
            json_t *blank = results_lab_blank(judge_labs[i], OUTCOME_SKIPPED, "not handed in");
            json_object_set_new(blank, "missing", json_true());
            json_array_append_new(grading->labs, blank);
        } else if (known != NULL && !lab_again(grading, judge_labs[i], known)) {
            json_array_append(grading->labs, known);
        } else {
            json_array_append_new(grading->labs, results_lab_blank(judge_labs[i], OUTCOME_PENDING, NULL));
        }
    }
}

static bool labs_judge(struct grading *grading)
{
    bool good = true;

    for (int i = 0; good && i < LABS_MAX && judge_labs[i] != NULL; i++) {
        if (!grading->order->labs[i])
            continue;
        json_t *known = json_array_get(grading->labs, grading->at);
        json_incref(known);
        if (!results_lab_complete(known))
            good = lab_judge(grading, judge_labs[i], known);
        json_decref(known);
        grading->at += good;
    }
    return good;
}

static bool grading_run(struct grading *grading)
{
    char date[32], host[64] = "";

    result_begin(grading);
    json_t *before = result_before(grading);
    labs_begin(grading, before);
    json_decref(before);
    bool good = result_store(grading) && labs_judge(grading);
    if (good)
        json_object_set_new(grading->result, "state", json_string(grading->intake.refused ? "refused" : "graded"));
    good = result_store(grading) && good;
    gethostname(host, sizeof host - 1);
    json_object_set_new(grading->run, "host", json_string(host));
    json_object_set_new(grading->run, "ended", json_string(time_text(time(NULL), date)));
    results_write(grading->run_path, grading->run);
    return good;
}

bool room_furnish(const char *room, char tree[static PATH_MAX])
{
    char common[PATH_MAX];

    if (snprintf(tree, PATH_MAX, "%s/labs", room) < PATH_MAX &&
        snprintf(common, PATH_MAX, "%s/common", room) < PATH_MAX && (mkdir(room, 0755) == 0 || errno == EEXIST) &&
        mkdir(tree, 0755) == 0 && symlink(TOOLCHAIN_SOURCE "/common", common) == 0)
        return true;
    error_report_errno("is there room in the folder for temporary files? TMPDIR names another", "%s", room);
    return false;
}

static bool grading_room(struct grading *grading, const char *path)
{
    const struct class_order *order = grading->order;
    char tree[PATH_MAX];
    int only = -1, count = 0;

    if (!room_furnish(grading->room, tree))
        return false;
    for (int i = 0; i < LABS_MAX; i++) {
        count += order->labs[i];
        only = order->labs[i] ? i : only;
    }
    char *files = submission_path(order->results, grading->name, "files");
    folder_remove(files);
    free(files);
    files = folder_make(grading, "files");
    bool good = intake_take(path, tree, files, count == 1 ? only : -1, order->isolation, &grading->intake);
    free(files);
    return good;
}

bool submission_grade(const struct class_order *order, const char *name, const char *path)
{
    struct grading grading = {.order = order, .name = name};

    snprintf(grading.room, sizeof grading.room, "%s/%d", order->room, (int)getpid());
    grading.result_path = submission_path(order->results, name, "result.json");
    grading.run_path = submission_path(order->results, name, "run.json");
    free(folder_make(&grading, ""));
    bool good = grading_room(&grading, path) && grading_run(&grading);
    folder_remove(grading.room);
    json_decref(grading.result);
    json_decref(grading.run);
    if (grading.intake.refusals != NULL)
        intake_free(&grading.intake);
    free(grading.result_path);
    free(grading.run_path);
    return good;
}
