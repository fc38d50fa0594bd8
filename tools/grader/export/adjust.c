/*
 * grader adjust: points and comments by hand.
 *
 *     grader adjust RESULTS NAME --lab 1 --points +5 --comment "well explained in the interview"
 *     grader adjust RESULTS                 what there is
 *     grader adjust RESULTS --undo 3        take the third away
 */
#define _GNU_SOURCE
#include "adjust.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "export.h"
#include "grader.h"
#include "policy.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "text.h"

static const char schema[] = "shmlab-adjustments/1";

enum { HUNDRED = 100, POINTS_MOST = 1000, WRONG_USAGE = 2 };

/* ---- The file ---- */

static char *file_path(const char *folder)
{
    char *path;

    if (asprintf(&path, "%s/adjustments.json", folder) == -1)
        abort();
    return path;
}

/* "+5", "-2.5": a change; "80": the new points. In hundredths. False: it is none of these. */
static bool points_parse(const char *text, json_int_t *hundredths, bool *change)
{
    char *end;
    double value = strtod(text, &end);
    double scaled = value * HUNDRED;

    *change = text[0] == '+' || text[0] == '-';
    *hundredths = (json_int_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    double lost = scaled - (double)*hundredths;
    return end != text && *end == '\0' && strspn(text, "+-.0123456789") == strlen(text) && value <= POINTS_MOST &&
           value >= -POINTS_MOST && lost < 1e-6 && lost > -1e-6;
}

static bool entry_good(const json_t *entry)
{
    json_int_t hundredths;
    bool change;
    const char *points = verdict_text(entry, "points");

    return verdict_text(entry, "submission")[0] != '\0' && verdict_integer(entry, "lab") > 0 &&
           (points[0] == '\0' || points_parse(points, &hundredths, &change)) &&
           (points[0] != '\0' || verdict_text(entry, "comment")[0] != '\0');
}

/* The list of entries, empty when there is no file; NULL after a message. To be released. */
static json_t *file_read(const char *folder)
{
    char *path = file_path(folder);
    json_error_t error;
    json_t *document = json_load_file(path, 0, &error), *list = NULL, *entry;
    size_t i, bad = 0;

    if (document == NULL && access(path, F_OK) == -1 && errno == ENOENT)
        list = json_array();
    else if (document == NULL)
        error_report("correct it, or put the copy back", "%s: %s (line %d)", path, error.text, error.line);
    else if (!verdict_is(document, "schema", schema) || !json_is_array(json_object_get(document, "adjustments")))
        error_report("it comes from another program, or from another version of this one", "%s is no \"%s\"", path,
                     schema);
    else
        list = json_incref(json_object_get(document, "adjustments"));
    json_array_foreach (list, i, entry)
        if (bad == 0 && !entry_good(entry))
            bad = i + 1;
    if (bad > 0) {
        error_report("it has \"submission\", \"lab\", and \"points\" (\"+5\", \"-2.5\" or \"80\") or a \"comment\"",
                     "%s: entry %zu cannot be understood", path, bad);
        json_decref(list);
        list = NULL;
    }
    json_decref(document);
    free(path);
    return list;
}

static int file_write(const char *folder, json_t *list)
{
    char *path = file_path(folder), *text, *whole = NULL;
    json_t *document = json_pack("{s:s, s:O}", "schema", schema, "adjustments", list);

    text = json_dumps(document, JSON_INDENT(1));
    bool good = text != NULL && asprintf(&whole, "%s\n", text) != -1 && text_store(path, whole, strlen(whole));
    int status = good ? EXIT_SUCCESS : error_report_errno("is there room, and may you write there?", "%s", path);
    json_decref(document);
    free(whole);
    free(text);
    free(path);
    return status;
}

/* ---- Applying it ---- */

/* Whom an entry means: a submission's name, or the roster's id. */
static json_t *submission_of(const struct class_results *results, const char *name)
{
    size_t i;
    json_t *each, *by_id = NULL;

    json_array_foreach (results->submissions, i, each) {
        if (verdict_is(each, "name", name))
            return each;
        if (verdict_is(json_object_get(each, "student"), "id", name))
            by_id = each;
    }
    return by_id;
}

static void adjusted_set(json_t *owner, json_int_t points)
{
    json_object_set_new(owner, "adjusted",
                        json_pack("{s:I, s:I, s:s}", "points", points, "challenge_points",
                                  policy_hundredths(owner, "challenge_points"), "note", ""));
}

/* "+5 points by hand (Ana, 2026-11-30): well explained" */
static void comment_add(json_t *lab, const json_t *entry)
{
    const char *points = verdict_text(entry, "points"), *comment = verdict_text(entry, "comment");
    const char *at = verdict_text(entry, "at");
    json_t *comments = json_object_get(lab, "comments");

    if (comments == NULL) {
        comments = json_array();
        json_object_set_new(lab, "comments", comments);
    }
    bool change = points[0] == '+' || points[0] == '-';
    json_array_append_new(comments,
                          json_sprintf("%s%s%s (%s, %.10s)%s%s", change || points[0] == '\0' ? "" : "set to ", points,
                                       points[0] != '\0' ? " points by hand" : "a comment", verdict_text(entry, "by"),
                                       at, comment[0] != '\0' ? ": " : "", comment));
}

static void entry_apply(const struct class_results *results, const json_t *entry)
{
    json_t *submission = submission_of(results, verdict_text(entry, "submission"));
    json_t *lab = (json_t *)submission_lab(submission, verdict_integer(entry, "lab"));
    const char *points = verdict_text(entry, "points");
    json_int_t hundredths = 0;
    bool change = true;

    if (lab == NULL)
        return; /* of another submission than the one that is exported, or of one that is gone */
    if (points[0] != '\0' && points_parse(points, &hundredths, &change)) {
        json_int_t now = change ? policy_hundredths(lab, "points") + hundredths : hundredths;
        adjusted_set(lab, now > 0 ? now : 0);
    }
    if (!change && verdict_integer(entry, "points_then") != verdict_integer(lab, "points"))
        error_report("look at it again: grader adjust",
                     "%s, lab %d: the points by hand were given when it had %d points; it has %d now",
                     verdict_text(submission, "name"), (int)verdict_integer(lab, "number"),
                     (int)verdict_integer(entry, "points_then"), (int)verdict_integer(lab, "points"));
    comment_add(lab, entry);
}

bool adjust_apply(struct class_results *results, bool *any)
{
    json_t *list = file_read(results->folder), *each, *lab;
    size_t i, k;

    *any = json_array_size(list) > 0;
    if (list == NULL)
        return false;
    json_array_foreach (list, i, each)
        entry_apply(results, each);
    json_array_foreach (results->submissions, i, each) {
        json_int_t points = 0;
        json_array_foreach (json_object_get(each, "labs"), k, lab)
            points += policy_hundredths(lab, "points");
        if (*any)
            adjusted_set(each, points);
    }
    json_decref(list);
    return true;
}

/* ---- grader adjust ---- */

struct options {
    const char *results, *name, *points, *comment, *by;
    int lab, undo;
};

static void entries_show(const json_t *list)
{
    size_t i;
    json_t *entry;

    if (json_array_size(list) == 0)
        puts("Nothing has been adjusted by hand.");
    json_array_foreach (list, i, entry) {
        char *comment = text_plain(verdict_text(entry, "comment"));
        printf("%3zu  %s, lab %d: %s%s%s (%s, %s)\n", i + 1, verdict_text(entry, "submission"),
               (int)verdict_integer(entry, "lab"), verdict_text(entry, "points"),
               verdict_text(entry, "points")[0] != '\0' ? " points  " : "", comment, verdict_text(entry, "by"),
               verdict_text(entry, "at"));
        free(comment);
    }
}

static const char *user_name(void)
{
    const struct passwd *user = getpwuid(getuid());

    return user != NULL ? user->pw_name : "unknown";
}

/* A new entry, for a submission and a lab that are there; NULL after a message. */
static json_t *entry_make(const struct options *options)
{
    struct class_results results;
    char now[32];
    time_t moment = time(NULL);
    struct tm utc;
    json_t *entry = NULL;

    if (!class_read(&results, options->results, NULL))
        return NULL;
    const json_t *submission = submission_of(&results, options->name);
    const json_t *lab = submission_lab(submission, options->lab);
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&moment, &utc));
    if (submission == NULL)
        error_report("class.json in that folder lists the names; a student's id will do, too",
                     "%s has no submission '%s'", options->results, options->name);
    else if (lab == NULL)
        error_report("grade it first", "%s has no lab %d", verdict_text(submission, "name"), options->lab);
    else
        entry = json_pack("{s:s, s:i, s:I, s:s, s:s}", "submission", verdict_text(submission, "name"), "lab",
                          options->lab, "points_then", verdict_integer(lab, "points"), "by",
                          options->by != NULL ? options->by : user_name(), "at", now);
    if (entry != NULL && options->points != NULL)
        json_object_set_new(entry, "points", json_string(options->points));
    if (entry != NULL && options->comment != NULL)
        json_object_set_new(entry, "comment", json_string(options->comment));
    class_release(&results);
    return entry;
}

static int list_change(const struct options *options, json_t *list)
{
    if (options->undo > 0) {
        if (json_array_remove(list, (size_t)options->undo - 1) == -1)
            return error_report("grader adjust RESULTS lists them", "there is no adjustment %d", options->undo);
    } else {
        json_t *entry = entry_make(options);
        if (entry == NULL)
            return EXIT_FAILURE;
        json_array_append_new(list, entry);
    }
    return file_write(options->results, list);
}

static int adjust_run(const struct options *options)
{
    int status = EXIT_SUCCESS;
    bool changes = options->name != NULL || options->undo > 0;
    int folder = open(options->results, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder == -1)
        return error_report_errno("is this a folder that `grader grade --out` wrote?", "%s", options->results);
    flock(folder, LOCK_EX); /* two who adjust at once: one after the other */
    json_t *list = file_read(options->results);
    if (list == NULL)
        status = EXIT_FAILURE;
    else if (changes)
        status = list_change(options, list);
    if (status == EXIT_SUCCESS)
        entries_show(list);
    json_decref(list);
    close(folder);
    return status;
}

static void options_check(const struct options *options, struct argp_state *state)
{
    json_int_t hundredths;
    bool change;

    if (options->results == NULL)
        argp_error(state, "which results?");
    if (options->name != NULL && options->undo > 0)
        argp_error(state, "--undo takes a number of the list, and no name");
    if (options->name != NULL && (options->lab == 0 || (options->points == NULL && options->comment == NULL)))
        argp_error(state, "--lab N, and --points or --comment, or both");
    if (options->name == NULL && (options->lab > 0 || options->points != NULL || options->comment != NULL))
        argp_error(state, "whose points?");
    if (options->points != NULL && !points_parse(options->points, &hundredths, &change))
        argp_error(state, "--points %s: it is like +5, -2.5 or 80, with two decimals at most", options->points);
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    enum { LAB_MOST = 99, UNDO_MOST = 1000000 };
    struct options *options = state->input;

    switch (key) {
    case 'l':
        options->lab = (int)options_integer(state, "--lab", text, 1, LAB_MOST);
        return 0;
    case 'p':
        options->points = text;
        return 0;
    case 'c':
        options->comment = text;
        return 0;
    case 'b':
        options->by = text;
        return 0;
    case 'u':
        options->undo = (int)options_integer(state, "--undo", text, 1, UNDO_MOST);
        return 0;
    case ARGP_KEY_ARG:
        options_argument(state, options->results == NULL ? &options->results : &options->name, text);
        return 0;
    case ARGP_KEY_END:
        options_check(options, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"lab", 'l', "N", 0, "The lab", 0},
    {"points", 'p', "POINTS", 0, "+5 or -2.5: added to what it earned; 80: instead of it", 0},
    {"comment", 'c', "TEXT", 0, "A sentence for the student", 0},
    {"by", 'b', "NAME", 0, "Who says so (default: your user name)", 0},
    {"undo", 'u', "N", 0, "Take the N-th adjustment of the list away", 0},
    {0},
};

int grader_adjust(int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_list,
        .parser = option_parse,
        .args_doc = "RESULTS [NAME]",
        .doc =
            "Give points and comments by hand; without NAME list what was given.\v"
            "NAME is a submission's, or a student's id. The adjustments are kept in RESULTS/adjustments.json, with who "
            "and when; grading again does not touch them, and every export shows them. They come before lateness.",
    };
    struct options options = {0};

    options_parse(&argp, argc, argv, &options);
    return adjust_run(&options);
}
