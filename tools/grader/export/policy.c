/* See policy.h. */
#define _GNU_SOURCE
#include "policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "policy_time.h"
#include "shmlab/error.h"

enum { HUNDRED = 100, WHOLE = 100 * HUNDRED /* hundredths of a percent */, DAYS_MAX = 366 };

struct policy {
    json_t *document;
    long grace_seconds, late_days, closes_after; /* closes_after -1: never */
    long penalty, cap;                           /* hundredths of a percent */
    bool of_maximum;                             /* the penalty is taken of what the lab is worth */
};

/* ---- reading ---- */

static const char next_step[] = "tools/grader/exports.md describes the file, `grader policy --check FILE` explains it";

static bool refuse(const char *path, const char *member, const char *problem)
{
    error_report(next_step, "%s: %s %s", path, member, problem);
    return false;
}

/* A member that nobody knows is a misspelt one: an extension that does not count would be found too late. */
static bool members_known(const char *path, const char *where, json_t *object, const char *const *names)
{
    const char *key;
    json_t *value;
    char member[256];

    if (!json_is_object(object))
        return refuse(path, where, "must be an object in braces");
    json_object_foreach (object, key, value) {
        const char *const *name = names;
        while (*name != NULL && strcmp(*name, key) != 0)
            name++;
        snprintf(member, sizeof member, "%s: \"%s\"", where, key);
        if (*name == NULL)
            return refuse(path, member, "is no member that a policy has");
    }
    return true;
}

/* {"lab1": "2026-11-03T23:59", ...} */
static bool times_valid(const char *path, const char *where, json_t *times)
{
    const char *key;
    json_t *value;
    char member[256];
    time_t time;
    int number, used;

    if (times != NULL && !json_is_object(times))
        return refuse(path, where, "must be an object {\"lab1\": \"2026-11-03T23:59\", ...}");
    json_object_foreach (times, key, value) {
        snprintf(member, sizeof member, "%s: %s: \"%s\" is", where, key,
                 json_is_string(value) ? json_string_value(value) : "(no text)");
        used = 0;
        if (sscanf(key, "lab%d%n", &number, &used) != 1 || key[used] != '\0' || number < 1)
            return refuse(path, member, "for no lab: the names are lab1, lab2, ...");
        const char *problem = policy_time_parse(json_is_string(value) ? json_string_value(value) : "", &time);
        if (problem != NULL)
            return refuse(path, member, problem);
    }
    return true;
}

/* A number of at most two decimals, as hundredths; `otherwise`: when it is not there. */
static bool number_read(const char *path, json_t *object, const char *key, double low, double high, long otherwise,
                        long *hundredths)
{
    const json_t *value = json_object_get(object, key);
    char problem[128];

    *hundredths = otherwise;
    if (value == NULL)
        return true;
    if (json_is_number(value) && json_number_value(value) >= low && json_number_value(value) <= high) {
        *hundredths = lround(json_number_value(value) * (double)HUNDRED);
        return true;
    }
    snprintf(problem, sizeof problem, "must be a number from %g to %g", low, high);
    return refuse(path, key, problem);
}

static bool whole_read(const char *path, json_t *object, const char *key, long high, long otherwise, long *result)
{
    const json_t *value = json_object_get(object, key);
    char problem[128];

    *result = otherwise;
    if (value == NULL)
        return true;
    *result = (long)json_integer_value(value);
    if (json_is_integer(value) && *result >= 0 && *result <= high)
        return true;
    snprintf(problem, sizeof problem, "must be a whole number from 0 to %ld", high);
    return refuse(path, key, problem);
}

static bool students_valid(const char *path, json_t *students)
{
    static const char *const names[] = {"extensions", "submitted", "late_days", "reason", NULL};
    const char *key;
    json_t *student;
    char where[256];
    long ignored;

    if (students != NULL && !json_is_object(students))
        return refuse(path, "students", "must be an object {\"the roster's id\": {...}}");
    json_object_foreach (students, key, student) {
        snprintf(where, sizeof where, "students: %s", key);
        if (!members_known(path, where, student, names) ||
            !times_valid(path, where, json_object_get(student, "extensions")) ||
            !times_valid(path, where, json_object_get(student, "submitted")) ||
            !whole_read(path, student, "late_days", DAYS_MAX, 0, &ignored))
            return false;
    }
    return true;
}

static bool rule_read(const char *path, struct policy *policy)
{
    json_t *document = policy->document;
    long minutes, of = 0;

    if (json_object_get(document, "penalty_of") != NULL) {
        of = verdict_is(document, "penalty_of", "points") + 2 * verdict_is(document, "penalty_of", "points_max");
        if (of == 0)
            return refuse(path, "penalty_of", "must be \"points\" or \"points_max\"");
    }
    policy->of_maximum = of == 2;
    if (!whole_read(path, document, "grace_minutes", 24 * 60, 0, &minutes) ||
        !whole_read(path, document, "late_days", DAYS_MAX, 0, &policy->late_days) ||
        !whole_read(path, document, "closes_after_days", DAYS_MAX, -1, &policy->closes_after) ||
        !number_read(path, document, "penalty_percent_per_day", 0, HUNDRED, 0, &policy->penalty) ||
        !number_read(path, document, "cap_percent", 0, HUNDRED, WHOLE, &policy->cap))
        return false;
    policy->grace_seconds = minutes * 60;
    return true;
}

static bool document_valid(const char *path, struct policy *policy)
{
    static const char *const names[] = {"schema",
                                        "comment",
                                        "time_zone",
                                        "due",
                                        "grace_minutes",
                                        "late_days",
                                        "penalty_percent_per_day",
                                        "penalty_of",
                                        "cap_percent",
                                        "closes_after_days",
                                        "students",
                                        NULL};
    json_t *document = policy->document;

    if (!members_known(path, "the file", document, names))
        return false;
    if (!verdict_is(document, "schema", "shmlab-policy/1"))
        return refuse(path, "schema", "must be \"shmlab-policy/1\"");
    if (verdict_text(document, "time_zone")[0] == '\0')
        return refuse(path, "time_zone", "is missing: \"Europe/Berlin\", \"UTC\" or \"+02:00\", for example");
    if (!policy_zone_set(verdict_text(document, "time_zone")))
        return refuse(path, "time_zone",
                      "is none that this machine knows (Debian: package tzdata); \"+02:00\" is known everywhere");
    if (json_object_get(document, "due") == NULL)
        return refuse(path, "due", "is missing: {\"lab1\": \"2026-11-03T23:59\"}, for example");
    return times_valid(path, "due", json_object_get(document, "due")) && rule_read(path, policy) &&
           students_valid(path, json_object_get(document, "students"));
}

struct policy *policy_read(const char *path)
{
    json_error_t error;
    struct policy *policy = calloc(1, sizeof *policy);

    if (policy == NULL)
        abort();
    policy->document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (policy->document == NULL)
        error_report(next_step, "%s: %s (line %d)", path, error.text, error.line);
    else if (document_valid(path, policy))
        return policy;
    policy_free(policy);
    return NULL;
}

void policy_free(struct policy *policy)
{
    if (policy == NULL)
        return;
    json_decref(policy->document);
    free(policy);
}

/* ---- one student ---- */

/* What the policy says of a student, by the roster's id or by the submission's name; NULL: nothing. */
static const json_t *student_of(const struct policy *policy, const json_t *submission)
{
    const json_t *students = json_object_get(policy->document, "students");
    const json_t *by_id = json_object_get(students, verdict_text(json_object_get(submission, "student"), "id"));

    return by_id != NULL ? by_id : json_object_get(students, verdict_text(submission, "name"));
}

/* A time that was checked when the file was read; false: there is none. */
static bool time_of(const json_t *times, json_int_t lab, time_t *time)
{
    char key[32];

    snprintf(key, sizeof key, "lab%d", (int)lab);
    const char *text = json_string_value(json_object_get(times, key));
    return text != NULL && policy_time_parse(text, time) == NULL;
}

/* A lab of one submission, on its way to adjusted marks. */
struct work {
    json_t *lab;
    time_t due, submitted;
    bool has_due, has_submitted, extended;
    long days_late, used; /* late days */
    long penalty;         /* hundredths of a percent */
};

static struct work work_begin(const struct policy *policy, const json_t *submission, json_t *lab)
{
    const json_t *student = student_of(policy, submission);
    json_int_t number = verdict_integer(lab, "number");
    struct work work = {.lab = lab};

    work.extended = time_of(json_object_get(student, "extensions"), number, &work.due);
    work.has_due = work.extended || time_of(json_object_get(policy->document, "due"), number, &work.due);
    work.has_submitted = time_of(json_object_get(student, "submitted"), number, &work.submitted) ||
                         policy_time_parse(verdict_text(lab, "submitted"), &work.submitted) == NULL ||
                         policy_time_parse(verdict_text(submission, "submitted"), &work.submitted) == NULL;
    if (work.has_due && work.has_submitted && !verdict_true(lab, "missing"))
        work.days_late = policy_days_between(work.due, work.submitted - policy->grace_seconds);
    return work;
}

static bool is_closed(const struct policy *policy, const struct work *work)
{
    return policy->closes_after >= 0 && work->days_late > policy->closes_after;
}

/* Late days are spent in the order of the due dates; none is spent where nothing can be won with it. */
static void work_decide(const struct policy *policy, struct work *work, long *free_days)
{
    if (is_closed(policy, work)) {
        work->penalty = WHOLE;
        return;
    }
    bool worthless = policy_hundredths(work->lab, "points") == 0 && verdict_integer(work->lab, "challenge_points") == 0;
    work->used = worthless ? 0 : work->days_late < *free_days ? work->days_late : *free_days;
    *free_days -= work->used;
    work->penalty = (work->days_late - work->used) * policy->penalty;
    work->penalty = work->penalty > policy->cap ? policy->cap : work->penalty;
}

/* Hundredths of points that are left, rounded half up. */
static json_int_t points_left(const struct policy *policy, const struct work *work, const char *key, const char *most)
{
    json_int_t points = policy_hundredths(work->lab, key); /* with those by hand */
    bool of_maximum = policy->of_maximum && work->penalty < WHOLE;
    json_int_t base = of_maximum ? verdict_integer(work->lab, most) * HUNDRED : points;
    json_int_t left = (points * WHOLE - base * work->penalty + WHOLE / 2) / WHOLE;

    return left > 0 ? left : 0;
}

static void note_write(FILE *out, const struct policy *policy, const struct work *work)
{
    char due[POLICY_TIME_TEXT];
    int number = (int)verdict_integer(work->lab, "number");

    if (!work->has_due || verdict_true(work->lab, "missing"))
        return;
    if (!work->has_submitted) {
        fprintf(out, "Lab %d: it is not known when it was handed in; lateness is not counted.", number);
        return;
    }
    if (work->days_late == 0)
        return;
    char submitted[POLICY_TIME_TEXT];
    fprintf(out, "Lab %d: handed in at %s, after %s%s, %ld day%s late", number,
            policy_time_text(submitted, work->submitted), policy_time_text(due, work->due),
            work->extended ? " (extended)" : "", work->days_late, work->days_late > 1 ? "s" : "");
    if (is_closed(policy, work)) {
        fprintf(out, "; it closed after %ld, so it counts nothing.", policy->closes_after);
        return;
    }
    if (work->used > 0)
        fprintf(out, "; %ld late day%s used", work->used, work->used > 1 ? "s" : "");
    if (work->penalty == 0)
        fputs("; nothing is taken off.", out);
    else
        fprintf(out, "; %g %% of the %s taken off.", (double)work->penalty / (double)HUNDRED,
                policy->of_maximum ? "lab's points" : "points");
}

static void work_keep(const struct policy *policy, const struct work *work)
{
    char due[POLICY_TIME_TEXT] = "", submitted[POLICY_TIME_TEXT] = "";
    char *note = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&note, &size);

    if (out == NULL)
        abort();
    note_write(out, policy, work);
    if (fclose(out) != 0)
        abort();
    if (work->has_due)
        policy_time_text(due, work->due);
    if (work->has_submitted)
        policy_time_text(submitted, work->submitted);
    json_object_set_new(work->lab, "adjusted",
                        json_pack("{s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:s}", "points",
                                  points_left(policy, work, "points", "points_max"), "challenge_points",
                                  points_left(policy, work, "challenge_points", "challenge_points_max"), "due", due,
                                  "submitted", submitted, "days_late", (json_int_t)work->days_late, "late_days_used",
                                  (json_int_t)work->used, "penalty_hundredths", (json_int_t)work->penalty, "note",
                                  note));
    free(note);
}

static int by_due(const void *left, const void *right)
{
    const struct work *a = left, *b = right;

    if (a->has_due != b->has_due)
        return a->has_due ? -1 : 1;
    if (a->has_due && a->due != b->due)
        return a->due < b->due ? -1 : 1;
    return (int)(verdict_integer(a->lab, "number") - verdict_integer(b->lab, "number"));
}

static void submission_adjust(const struct policy *policy, json_t *submission)
{
    struct work works[LABS_MAX];
    const json_t *student = student_of(policy, submission), *own = json_object_get(student, "late_days");
    long free_days = own != NULL ? (long)json_integer_value(own) : policy->late_days;
    json_int_t points = 0, challenge = 0;
    size_t count = 0, i;
    json_t *lab;

    json_array_foreach (json_object_get(submission, "labs"), i, lab) {
        if (count < LABS_MAX)
            works[count++] = work_begin(policy, submission, lab);
    }
    qsort(works, count, sizeof works[0], by_due);
    for (i = 0; i < count; i++) {
        work_decide(policy, &works[i], &free_days);
        work_keep(policy, &works[i]);
        points += policy_hundredths(works[i].lab, "points");
        challenge += policy_hundredths(works[i].lab, "challenge_points");
    }
    json_object_set_new(submission, "adjusted",
                        json_pack("{s:I, s:I}", "points", points, "challenge_points", challenge));
}

void policy_apply(const struct policy *policy, struct class_results *results)
{
    size_t i;
    json_t *submission;

    json_array_foreach (results->submissions, i, submission) {
        if (verdict_text(submission, "submitted")[0] == '\0')
            error_report("name it in the policy (students, submitted), or nothing is taken off for lateness",
                         "%s: it is not known when this was handed in", verdict_text(submission, "name"));
        submission_adjust(policy, submission);
    }
}

json_int_t policy_hundredths(const json_t *owner, const char *key)
{
    const json_t *adjusted = json_object_get(json_object_get(owner, "adjusted"), key);

    return adjusted != NULL ? json_integer_value(adjusted) : verdict_integer(owner, key) * HUNDRED;
}

/* ---- in words ---- */

static void percent_print(FILE *out, long hundredths)
{
    fprintf(out, "%g %%", (double)hundredths / (double)HUNDRED);
}

static void due_print(FILE *out, const struct policy *policy, const char *key, const char *text)
{
    char local[POLICY_TIME_TEXT], utc[POLICY_TIME_TEXT], last[POLICY_TIME_TEXT];
    struct tm parts;
    time_t due;

    if (policy_time_parse(text, &due) != NULL || gmtime_r(&due, &parts) == NULL ||
        strftime(utc, sizeof utc, "%Y-%m-%d %H:%M UTC", &parts) == 0)
        return;
    fprintf(out, "  %-6s %s = %s", key, policy_time_text(local, due), utc);
    if (policy->closes_after >= 0)
        fprintf(out, "; closes %s", policy_time_text(last, policy_days_later(due, policy->closes_after)));
    fputc('\n', out);
}

static void times_print(FILE *out, const struct policy *policy, json_t *times)
{
    const char *key;
    json_t *text;

    json_object_foreach (times, key, text)
        due_print(out, policy, key, json_string_value(text));
}

static void examples_print(FILE *out, const struct policy *policy)
{
    enum { EXAMPLE_POINTS = 80, EXAMPLE_MOST = 100, DAYS = 7 };
    json_t *lab = json_pack("{s:i, s:i, s:i}", "number", 1, "points", EXAMPLE_POINTS, "points_max", EXAMPLE_MOST);

    fprintf(out, "A lab with %d of %d points:\n", EXAMPLE_POINTS, EXAMPLE_MOST);
    for (long free_days = 0; free_days <= policy->late_days;
         free_days += policy->late_days > 0 ? policy->late_days : 1) {
        fprintf(out, "  %ld late days left ", free_days);
        for (long days = 0; days <= DAYS; days++) {
            struct work work = {.lab = lab, .days_late = days};
            long left = free_days;
            work_decide(policy, &work, &left);
            fprintf(out, "  %ld: %g", days,
                    (double)points_left(policy, &work, "points", "points_max") / (double)HUNDRED);
        }
        fputs("   (days late: points)\n", out);
    }
    json_decref(lab);
}

static void students_print(FILE *out, const struct policy *policy)
{
    const char *key;
    json_t *student;

    json_object_foreach (json_object_get(policy->document, "students"), key, student) {
        fprintf(out, "%s", key);
        if (json_object_get(student, "late_days") != NULL)
            fprintf(out, ", %d late days", (int)verdict_integer(student, "late_days"));
        if (verdict_text(student, "reason")[0] != '\0')
            fprintf(out, " (%s)", verdict_text(student, "reason"));
        fputs(":\n", out);
        times_print(out, policy, json_object_get(student, "extensions"));
        if (json_object_get(student, "submitted") != NULL)
            fputs("  counted as handed in at\n", out);
        times_print(out, policy, json_object_get(student, "submitted"));
    }
}

void policy_explain(const struct policy *policy, FILE *out)
{
    fprintf(out, "Times are those of %s.\nDue:\n", verdict_text(policy->document, "time_zone"));
    times_print(out, policy, json_object_get(policy->document, "due"));
    if (policy->grace_seconds > 0)
        fprintf(out, "The first %ld minutes do not count.\n", policy->grace_seconds / 60);
    fprintf(out, "Each day that has begun costs ");
    percent_print(out, policy->penalty);
    fprintf(out, " of %s, ", policy->of_maximum ? "what the lab is worth" : "the points that were earned");
    percent_print(out, policy->cap);
    fprintf(out,
            " at most; challenges likewise.\nLate days that cost nothing: %ld a student for all labs together, "
            "spent in the order of the due dates.\n",
            policy->late_days);
    if (policy->closes_after >= 0)
        fprintf(out, "After %ld days a lab counts nothing, and no late days are spent on it.\n", policy->closes_after);
    examples_print(out, policy);
    students_print(out, policy);
}

int policy_strangers(const struct policy *policy, const struct class_results *results)
{
    const char *key;
    json_t *value, *each;
    size_t i;
    int strangers = 0;

    json_object_foreach (json_object_get(policy->document, "students"), key, value) {
        bool known = false;
        json_array_foreach (json_object_get(results->class, "roster"), i, each) {
            known = known || verdict_is(each, "id", key);
        }
        json_array_foreach (results->submissions, i, each) {
            known = known || verdict_is(each, "name", key) || verdict_is(json_object_get(each, "student"), "id", key);
        }
        if (!known)
            error_report("use the roster's id, or the submission's name", "students: nobody is called '%s' in %s", key,
                         results->folder);
        strangers += !known;
    }
    return strangers;
}
