/* See submission.h. */
#define _GNU_SOURCE
#include "submission.h"

#include <dirent.h>
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
#include "text.h"
#include "toolchain.h"

enum { PATH_SIZE = 1024, OPEN_FOLDERS = 16 };

struct grading {
    const struct class_order *order;
    const struct collected_entry *entry;
    const struct collected_attempt *attempt;
    const char *name;
    struct intake intake;
    time_t archived;      /* date of the newest archive; 0: there is none */
    char room[PATH_SIZE]; /* of this submission */
    char *result_path, *run_path;
    json_t *result, *labs; /* labs: in the result */
    json_t *run;
    int at; /* index in judge_labs of the one that is judged */
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

/* When it came, as far as anybody knows; `newest` of the files that were taken. */
static time_t submitted_time(const struct grading *grading, time_t newest)
{
    if (grading->attempt->submitted > 0)
        return grading->attempt->submitted;
    return grading->archived > 0 ? grading->archived : newest;
}

/* Who says so. */
static const char *submitted_from(const struct grading *grading)
{
    if (grading->attempt->submitted > 0)
        return grading->order->platform;
    return grading->archived > 0 ? "the archive's own date" : "the newest file's own date";
}

static void time_set(json_t *object, const char *key, time_t moment)
{
    char date[32];

    if (moment > 0)
        json_object_set_new(object, key, json_string(time_text(moment, date)));
}

static void result_begin(struct grading *grading)
{
    const struct class_order *order = grading->order;
    time_t submitted = submitted_time(grading, grading->intake.submitted);
    char date[32];

    grading->labs = json_array();
    grading->result = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:O, s:O, s:[], s:s, s:o}", "schema",
                                "shmlab-submission/1", "name", grading->name, "grader", GRADER_VERSION, "isolation",
                                isolation_names[order->isolation], "tests", hash_text(order->tests), "fingerprint",
                                hash_text(grading->intake.fingerprint), "refusals", grading->intake.refusals, "notes",
                                grading->intake.notes, "attention", "state", "partial", "labs", grading->labs);
    if (grading->entry->match.student != NULL) {
        json_t *student = json_copy(grading->entry->match.student);
        json_object_del(student, "row"); /* class.json has it */
        json_object_set_new(grading->result, "student", student);
    }
    time_set(grading->result, "submitted", submitted);
    if (submitted > 0)
        json_object_set_new(grading->result, "submitted_from", json_string(submitted_from(grading)));
    if (grading->attempt->late)
        json_object_set_new(grading->result, "late", json_true());
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

/* A limit that programs of a lab have met, or what they left running: the first check that says so, and how many more
 * do. */
static void lab_attend(json_t *result, const json_t *lab, const char *member, const char *format)
{
    json_t *checks = json_object_get(lab, "checks"), *first = NULL, *check;
    size_t i, more = 0;
    char text[256], rest[48] = "";

    json_array_foreach (checks, i, check) {
        if (verdict_text(check, member)[0] == '\0')
            continue;
        if (first == NULL)
            first = check;
        else if (verdict_is(check, member, verdict_text(first, member)))
            more++;
    }
    if (first == NULL)
        return;
    snprintf(text, sizeof text, format, verdict_text(first, member));
    if (more > 0)
        snprintf(rest, sizeof rest, " (%zu more checks)", more);
    attend(result, "lab %d, %s: %s%s", (int)verdict_integer(lab, "number"), verdict_text(first, "name"), text, rest);
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
    if (grading->entry->match.other != NULL) {
        char *one = roster_person(grading->entry->match.other), *other = roster_person(grading->entry->match.doubt);
        attend(grading->result, "whose is it? %s or %s: rename it to the id", one, other);
        free(one);
        free(other);
    } else if (grading->order->roster != NULL && grading->entry->match.student == NULL) {
        attend(grading->result, "nobody in the roster has that name, id or address");
    }
    json_array_foreach (grading->labs, i, lab) {
        json_array_foreach (json_object_get(lab, "checks"), c, check) {
            for (size_t o = 0; o < sizeof odd / sizeof odd[0]; o++)
                if (outcome_of(check) == odd[o].outcome)
                    attend(grading->result, "lab %d, %s: %s", (int)verdict_integer(lab, "number"),
                           verdict_text(check, "name"), odd[o].says);
        }
        lab_attend(grading->result, lab, "limit", "%.200s");
        lab_attend(grading->result, lab, "heir", "a process that `%.100s` started lived on after it");
    }
}

static bool result_store(struct grading *grading)
{
    result_attend(grading);
    results_sum(grading->result);
    return results_write(grading->result_path, grading->result);
}

/* Where the lab stands in the result; -1: it does not. */
static int lab_place(const struct grading *grading, const struct lab *lab)
{
    size_t i;
    json_t *each;

    json_array_foreach (grading->labs, i, each)
        if (verdict_is(each, "lab", lab->name))
            return (int)i;
    return -1;
}

static void lab_set(struct grading *grading, int index, json_t *lab)
{
    json_array_set_new(grading->labs, (size_t)lab_place(grading, judge_labs[index]), lab);
}

/* On what, by what and how the marks of a lab were given: by that they are known again. */
static json_t *lab_sign(const struct grading *grading, int index, json_t *lab)
{
    json_object_set_new(lab, "fingerprint", hash_text(grading->intake.lab[index].fingerprint));
    json_object_set_new(lab, "tests", hash_text(grading->order->tests));
    json_object_set_new(lab, "isolation", json_string(isolation_names[grading->order->isolation]));
    time_set(lab, "submitted", submitted_time(grading, grading->intake.lab[index].submitted));
    return lab;
}

/* The judge's verdict has changed. */
static void verdict_store(const json_t *verdict, void *data)
{
    struct grading *grading = data;

    lab_set(grading, grading->at, lab_sign(grading, grading->at, results_lab(verdict, grading->room)));
    result_store(grading);
}

/* ---- Attempts ----
 *
 * The one that counts stands in result.json and files/labN; the others in attempts/labN-FINGERPRINT.json and the folder
 * of that name.
 */

/* To be freed. */
static char *attempt_path(const struct grading *grading, int number, const char *fingerprint, const char *end)
{
    char name[128];

    snprintf(name, sizeof name, "attempts/lab%d-%.32s%s", number, fingerprint, end);
    return submission_path(grading->order->results, grading->name, name);
}

/* Put aside the attempt of that lab that stands in the result, with its files. */
static void attempt_put(struct grading *grading, const json_t *lab)
{
    int number = (int)verdict_integer(lab, "number");
    const char *fingerprint = verdict_text(lab, "fingerprint");
    char name[32];

    if (!results_lab_complete(lab) || verdict_true(lab, "missing") || fingerprint[0] == '\0')
        return;
    json_t *bare = json_copy((json_t *)lab);
    json_object_del(bare, "attempts");
    free(folder_make(grading, "attempts"));
    snprintf(name, sizeof name, "files/lab%d", number);
    char *path = attempt_path(grading, number, fingerprint, ".json");
    char *folder = attempt_path(grading, number, fingerprint, "");
    char *files = submission_path(grading->order->results, grading->name, name);
    if (results_write(path, bare)) {
        folder_remove(folder);
        rename(files, folder);
    }
    json_decref(bare);
    free(path);
    free(folder);
    free(files);
}

/* The attempt on these files; NULL: there is none. To be released. */
static json_t *attempt_get(const struct grading *grading, int number, const char *fingerprint)
{
    char *path = attempt_path(grading, number, fingerprint, ".json");
    json_t *lab = json_load_file(path, 0, NULL);

    free(path);
    return lab;
}

/* It stands in the result now: take it away, and its files, unless newer ones are there. */
static void attempt_take(const struct grading *grading, const json_t *lab)
{
    int number = (int)verdict_integer(lab, "number");
    char name[32];

    snprintf(name, sizeof name, "files/lab%d", number);
    char *path = attempt_path(grading, number, verdict_text(lab, "fingerprint"), ".json");
    char *folder = attempt_path(grading, number, verdict_text(lab, "fingerprint"), "");
    char *files = submission_path(grading->order->results, grading->name, name);
    unlink(path);
    if (rename(folder, files) == -1)
        folder_remove(folder);
    free(path);
    free(folder);
    free(files);
}

static int by_submitted(const void *one, const void *other)
{
    const json_t *first = *(json_t *const *)one, *second = *(json_t *const *)other;
    int order = strcmp(verdict_text(first, "submitted"), verdict_text(second, "submitted"));

    return order != 0 ? order : strcmp(verdict_text(first, "fingerprint"), verdict_text(second, "fingerprint"));
}

/* All that were put aside, the earliest first. To be released. */
static json_t *attempts_load(const struct grading *grading, int number)
{
    char *folder = submission_path(grading->order->results, grading->name, "attempts"), begin[16];
    struct dirent **entries;
    json_t *list = json_array(), *sorted = json_array();
    int count = scandir(folder, &entries, NULL, alphasort);

    snprintf(begin, sizeof begin, "lab%d-", number);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        if (strncmp(entries[i]->d_name, begin, strlen(begin)) == 0 && text_ends(entries[i]->d_name, ".json") &&
            snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name) < (int)sizeof path) {
            json_t *lab = json_load_file(path, 0, NULL);
            if (lab != NULL)
                json_array_append_new(list, lab);
        }
        free(entries[i]);
    }
    if (count != -1)
        free(entries);
    free(folder);
    size_t size = json_array_size(list);
    json_t **array = calloc(size + 1, sizeof *array);
    for (size_t i = 0; array != NULL && i < size; i++)
        array[i] = json_array_get(list, i);
    if (array != NULL)
        qsort(array, size, sizeof *array, by_submitted);
    for (size_t i = 0; array != NULL && i < size; i++)
        json_array_append(sorted, array[i]);
    free(array);
    json_decref(list);
    return sorted;
}

/* More points, or as many and not later. */
static bool lab_better(const json_t *lab, const json_t *than)
{
    json_int_t one = verdict_integer(lab, "points"), other = verdict_integer(than, "points");

    if (one != other)
        return one > other;
    return verdict_integer(lab, "challenge_points") > verdict_integer(than, "challenge_points");
}

/* The best one takes the place of the one in the result. */
static void attempt_choose(struct grading *grading, int index)
{
    int number = lab_number(judge_labs[index]);
    json_t *current = json_array_get(grading->labs, (size_t)lab_place(grading, judge_labs[index]));
    json_t *others = attempts_load(grading, number), *best = current, *each;
    size_t i;

    json_array_foreach (others, i, each)
        if (lab_better(each, best))
            best = each;
    if (best != current) {
        attempt_put(grading, current);
        attempt_take(grading, best);
        lab_set(grading, index, json_incref(best));
    }
    json_decref(others);
}

static json_t *attempt_note(const json_t *lab, bool counts)
{
    return json_pack("{s:s, s:s, s:I, s:b}", "fingerprint", verdict_text(lab, "fingerprint"), "submitted",
                     verdict_text(lab, "submitted"), "points", verdict_integer(lab, "points"), "counts", (int)counts);
}

/* Tell of all of them, when there is more than one. */
static void attempts_tell(struct grading *grading, int index)
{
    json_t *current = json_array_get(grading->labs, (size_t)lab_place(grading, judge_labs[index]));
    json_t *others = attempts_load(grading, lab_number(judge_labs[index])), *told = json_array(), *each;
    bool placed = false;
    size_t i;

    json_array_foreach (others, i, each) {
        if (!placed && by_submitted(&current, &each) < 0) {
            json_array_append_new(told, attempt_note(current, true));
            placed = true;
        }
        json_array_append_new(told, attempt_note(each, false));
    }
    if (!placed)
        json_array_append_new(told, attempt_note(current, true));
    json_object_del(current, "attempts");
    if (json_array_size(others) > 0)
        json_object_set(current, "attempts", told);
    json_decref(told);
    json_decref(others);
}

/* ---- What is known already ---- */

static json_t *lab_before(const json_t *before, const struct lab *lab)
{
    size_t i;
    json_t *each;

    json_array_foreach (json_object_get(before, "labs"), i, each)
        if (verdict_is(each, "lab", lab->name))
            return each;
    return NULL;
}

/* Were these marks given on the files that are there, by these checks, behind these walls? */
static bool lab_is_signed(const struct grading *grading, int index, const json_t *known)
{
    json_t *now = lab_sign(grading, index, json_object());
    bool same = verdict_is(known, "fingerprint", verdict_text(now, "fingerprint")) &&
                verdict_is(known, "tests", verdict_text(now, "tests")) &&
                verdict_is(known, "isolation", verdict_text(now, "isolation"));

    json_decref(now);
    return same;
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
                                                      .scratch = grading->room,
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

/* Nothing of the lab was handed in this time. */
static json_t *lab_absent(const struct grading *grading, int index, json_t *known)
{
    if (known != NULL && !verdict_true(known, "missing"))
        return json_incref(known); /* it was, earlier */
    json_t *blank = results_lab_blank(judge_labs[index], OUTCOME_SKIPPED, "not handed in");
    json_object_set_new(blank, "missing", json_true());
    json_object_set_new(blank, "tests", hash_text(grading->order->tests));
    json_object_set_new(blank, "isolation", json_string(isolation_names[grading->order->isolation]));
    return blank;
}

/* What was handed in is what is graded: with what is known of it. */
static json_t *lab_there(struct grading *grading, int index, json_t *known)
{
    const struct lab *lab = judge_labs[index];
    json_t *now = lab_sign(grading, index, json_object()), *kept = NULL;
    const char *fingerprint = verdict_text(now, "fingerprint");

    if (known != NULL && verdict_is(known, "fingerprint", fingerprint)) {
        kept = json_incref(known);
    } else {
        if (known != NULL)
            attempt_put(grading, known);
        kept = attempt_get(grading, lab_number(lab), fingerprint);
        if (kept != NULL)
            attempt_take(grading, kept);
    }
    bool good = kept != NULL && lab_is_signed(grading, index, kept) && !lab_again(grading, lab, kept);
    if (!good) {
        json_decref(kept);
        kept = lab_sign(grading, index, results_lab_blank(lab, OUTCOME_PENDING, NULL));
    } else {
        lab_sign(grading, index, kept); /* the time may be known better now */
    }
    json_decref(now);
    return kept;
}

/* All labs have a place in the result before the first is judged. */
static void labs_begin(struct grading *grading, const json_t *before)
{
    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++) {
        json_t *known = lab_before(before, judge_labs[i]);
        if (!grading->order->labs[i] && known == NULL)
            continue;
        json_array_append_new(grading->labs, !grading->order->labs[i]       ? json_incref(known)
                                             : grading->intake.lab[i].there ? lab_there(grading, i, known)
                                                                            : lab_absent(grading, i, known));
    }
}

/* RESULTS/submissions/NAME/files/labN holds what was graded, or will be. */
static void files_settle(const struct grading *grading)
{
    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++) {
        char from[64], to[32];
        if (!grading->intake.lab[i].there || !grading->order->labs[i])
            continue;
        snprintf(from, sizeof from, "incoming/lab%d", lab_number(judge_labs[i]));
        snprintf(to, sizeof to, "files/lab%d", lab_number(judge_labs[i]));
        char *source = submission_path(grading->order->results, grading->name, from);
        char *target = submission_path(grading->order->results, grading->name, to);
        folder_remove(target);
        rename(source, target);
        free(source);
        free(target);
    }
    char *incoming = submission_path(grading->order->results, grading->name, "incoming");
    folder_remove(incoming);
    free(incoming);
}

static bool labs_judge(struct grading *grading)
{
    bool good = true;

    for (int i = 0; good && i < LABS_MAX && judge_labs[i] != NULL; i++) {
        if (!grading->order->labs[i])
            continue;
        grading->at = i;
        json_t *known = json_array_get(grading->labs, (size_t)lab_place(grading, judge_labs[i]));
        json_incref(known);
        if (!results_lab_complete(known))
            good = lab_judge(grading, judge_labs[i], known);
        json_decref(known);
        if (good && grading->order->keep == KEEP_BEST && grading->intake.lab[i].there)
            attempt_choose(grading, i);
        if (good)
            attempts_tell(grading, i);
    }
    return good;
}

static bool grading_run(struct grading *grading)
{
    char date[32], host[64] = "";

    result_begin(grading);
    json_t *before = submission_load(grading->order->results, grading->name);
    labs_begin(grading, before);
    files_settle(grading);
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

/* The newest date of an archive or a file that was handed in by itself; 0: there are only folders. */
static time_t archive_time(const struct collected_attempt *attempt)
{
    struct stat info;
    time_t newest = 0;

    for (size_t i = 0; i < attempt->part_count; i++)
        if (lstat(attempt->parts[i].path, &info) == 0 && S_ISREG(info.st_mode) && info.st_mtime > newest)
            newest = info.st_mtime;
    return newest;
}

static bool grading_room(struct grading *grading)
{
    const struct class_order *order = grading->order;
    char tree[PATH_MAX];

    if (!room_furnish(grading->room, tree))
        return false;
    char *incoming = submission_path(order->results, grading->name, "incoming");
    folder_remove(incoming);
    free(incoming);
    incoming = folder_make(grading, "incoming");
    free(folder_make(grading, "files"));
    bool good = intake_take(&(struct intake_order){.parts = grading->attempt->parts,
                                                   .part_count = grading->attempt->part_count,
                                                   .labs = order->labs,
                                                   .tree = tree,
                                                   .files = incoming,
                                                   .isolation = order->isolation},
                            &grading->intake);
    grading->archived = archive_time(grading->attempt);
    free(incoming);
    return good;
}

static bool attempt_grade(const struct class_order *order, const struct collected_entry *entry, size_t attempt)
{
    struct grading grading = {
        .order = order, .entry = entry, .attempt = &entry->attempts[attempt], .name = entry->name};

    snprintf(grading.room, sizeof grading.room, "%s/%d", order->room, (int)getpid());
    grading.result_path = submission_path(order->results, entry->name, "result.json");
    grading.run_path = submission_path(order->results, entry->name, "run.json");
    free(folder_make(&grading, ""));
    bool good = grading_room(&grading) && grading_run(&grading);
    folder_remove(grading.room);
    json_decref(grading.result);
    json_decref(grading.run);
    if (grading.intake.refusals != NULL)
        intake_free(&grading.intake);
    free(grading.result_path);
    free(grading.run_path);
    return good;
}

bool submission_grade(const struct class_order *order, const struct collected_entry *entry)
{
    bool good = true;

    for (size_t i = 0; good && i < entry->count; i++)
        good = attempt_grade(order, entry, i);
    return good;
}
