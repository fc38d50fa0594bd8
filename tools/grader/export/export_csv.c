/* The tables of `grader export --format csv`: a row a check, a lab, a student; statistics; what a mail merge takes. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "export.h"
#include "policy.h"
#include "statistics.h"

/* ---- a row a check ---- */

static void findings_cells(struct csv_table *table, const json_t *check, bool for_student)
{
    static const char *const findings[] = {"expected", "found", "cause", "next"};
    bool hide = for_student && check_is_hidden(check);
    char *place = check_place(check);

    csv_text(table, hide ? "" : place);
    for (size_t i = 0; i < sizeof findings / sizeof findings[0]; i++)
        csv_text(table, hide ? "" : verdict_text(check, findings[i]));
    csv_lines(table, hide ? NULL : json_object_get(check, "leaks"));
    free(place);
}

static void check_row(struct csv_table *table, const struct export_order *order, const json_t *columns,
                      const json_t *submission, const json_t *lab, const json_t *check)
{
    bool for_student = order->one;

    csv_person(table, order, columns, json_object_get(submission, "student"));
    csv_text(table, verdict_text(submission, "name"));
    csv_integer(table, verdict_integer(lab, "number"));
    csv_texts(table, (const char *const[]){check_label(check, for_student), check_title(check, for_student),
                                           verdict_text(check, "visibility"), verdict_text(check, "outcome"), NULL});
    csv_integer(table, verdict_true(check, "challenge"));
    csv_integer(table, verdict_integer(check, "points"));
    csv_integer(table, verdict_integer(check, "points_max"));
    findings_cells(table, check, for_student);
    csv_row_end(table);
}

void csv_checks_write(FILE *out, const struct export_order *order)
{
    static const char *const heads[] = {"submission", "lab",    "check",      "title", "visibility", "outcome",
                                        "challenge",  "points", "points_max", "where", "expected",   "found",
                                        "cause",      "next",   "leaks",      NULL};
    struct csv_table table = {.out = out};
    json_t *columns = csv_roster_columns(order->results), *submission, *lab, *check;
    size_t i, j, k;

    csv_heads(&table, columns);
    csv_texts(&table, heads);
    csv_row_end(&table);
    json_array_foreach (order->results->submissions, i, submission) {
        json_array_foreach (json_object_get(submission, "labs"), j, lab) {
            json_array_foreach (json_object_get(lab, "checks"), k, check) {
                check_row(&table, order, columns, submission, lab, check);
            }
        }
    }
    json_decref(columns);
}

/* ---- a row a lab ---- */

static json_int_t outcomes_count(const json_t *lab, const char *outcome)
{
    json_int_t count = 0;
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(lab, "checks"), i, check) {
        count += verdict_is(check, "outcome", outcome);
    }
    return count;
}

static void adjusted_cells(struct csv_table *table, const json_t *lab)
{
    const json_t *adjusted = json_object_get(lab, "adjusted");

    csv_text(table, verdict_text(adjusted, "due"));
    csv_text(table, verdict_text(adjusted, "submitted"));
    csv_integer(table, verdict_integer(adjusted, "days_late"));
    csv_integer(table, verdict_integer(adjusted, "late_days_used"));
    csv_hundredths(table, verdict_integer(adjusted, "penalty_hundredths"));
    csv_hundredths(table, policy_hundredths(lab, "points"));
    csv_hundredths(table, policy_hundredths(lab, "challenge_points"));
    csv_text(table, verdict_text(adjusted, "note"));
}

static void lab_row(struct csv_table *table, const struct export_order *order, const json_t *columns,
                    const json_t *submission, const json_t *lab)
{
    static const char *const numbers[] = {"points", "points_max", "challenge_points", "challenge_points_max"};
    static const char *const outcomes[] = {"passed", "failed", "timeout", "error", "skipped"};

    csv_person(table, order, columns, json_object_get(submission, "student"));
    csv_text(table, verdict_text(submission, "name"));
    csv_integer(table, verdict_integer(lab, "number"));
    csv_text(table, verdict_text(lab, "lab"));
    csv_integer(table, !verdict_true(lab, "missing"));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        csv_integer(table, verdict_integer(lab, numbers[i]));
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        csv_integer(table, outcomes_count(lab, outcomes[i]));
    csv_integer(table, verdict_integer(lab, "points_unjudged"));
    csv_lines(table, json_object_get(lab, "comments"));
    if (order->policy)
        adjusted_cells(table, lab);
    csv_row_end(table);
}

void csv_labs_write(FILE *out, const struct export_order *order)
{
    static const char *const heads[] = {"submission",
                                        "lab",
                                        "name",
                                        "handed_in",
                                        "points",
                                        "points_max",
                                        "challenge_points",
                                        "challenge_points_max",
                                        "passed",
                                        "failed",
                                        "timeout",
                                        "error",
                                        "skipped",
                                        "points_unjudged",
                                        "comments",
                                        NULL};
    static const char *const policy_heads[] = {"due",
                                               "submitted",
                                               "days_late",
                                               "late_days_used",
                                               "penalty_percent",
                                               "points_adjusted",
                                               "challenge_points_adjusted",
                                               "note",
                                               NULL};
    struct csv_table table = {.out = out};
    json_t *columns = csv_roster_columns(order->results), *submission, *lab;
    size_t i, j;

    csv_heads(&table, columns);
    csv_texts(&table, heads);
    if (order->policy)
        csv_texts(&table, policy_heads);
    csv_row_end(&table);
    json_array_foreach (order->results->submissions, i, submission) {
        json_array_foreach (json_object_get(submission, "labs"), j, lab) {
            lab_row(&table, order, columns, submission, lab);
        }
    }
    json_decref(columns);
}

/* ---- a row a student ---- */

static void course_heads(struct csv_table *table, const struct export_order *order)
{
    char name[64];
    size_t i;
    json_t *lab;

    csv_text(table, "submission");
    csv_text(table, "state");
    csv_text(table, "submitted");
    csv_text(table, "submitted_from");
    json_array_foreach (json_object_get(order->results->class, "labs"), i, lab) {
        for (int adjusted = 0; adjusted <= order->policy; adjusted++) {
            int number = (int)json_integer_value(lab);
            snprintf(name, sizeof name, "lab%d%s", number, adjusted ? "_adjusted" : "");
            csv_text(table, name);
            snprintf(name, sizeof name, "lab%d_challenge%s", number, adjusted ? "_adjusted" : "");
            csv_text(table, name);
        }
    }
    csv_texts(table, (const char *const[]){"points", "points_max", "challenge_points", "challenge_points_max", NULL});
    if (order->policy)
        csv_texts(table, (const char *const[]){"points_adjusted", "challenge_points_adjusted", NULL});
    csv_texts(table, (const char *const[]){"points_unjudged", "isolation", "attention", "comments", NULL});
    csv_row_end(table);
}

/* Cells of a number that does not exist stay empty: no submission is something else than no points. */
static void points_cells(struct csv_table *table, const json_t *owner, bool policy)
{
    for (int adjusted = 0; adjusted <= policy; adjusted++) {
        if (owner == NULL) {
            csv_text(table, "");
            csv_text(table, "");
        } else if (adjusted) {
            csv_hundredths(table, policy_hundredths(owner, "points"));
            csv_hundredths(table, policy_hundredths(owner, "challenge_points"));
        } else {
            csv_integer(table, verdict_integer(owner, "points"));
            csv_integer(table, verdict_integer(owner, "challenge_points"));
        }
    }
}

static json_int_t unjudged_sum(const json_t *submission)
{
    json_int_t sum = 0;
    size_t i;
    json_t *lab;

    json_array_foreach (json_object_get(submission, "labs"), i, lab)
        sum += verdict_integer(lab, "points_unjudged");
    return sum;
}

/* Of all labs, a line each. */
static void comments_cell(struct csv_table *table, const json_t *submission)
{
    char *text = NULL;
    size_t size = 0, i;
    FILE *out = open_memstream(&text, &size);
    json_t *lab;

    if (out == NULL)
        abort();
    json_array_foreach (json_object_get(submission, "labs"), i, lab)
        export_comments_write(out, lab);
    if (fclose(out) != 0)
        abort();
    if (size > 0)
        text[size - 1] = '\0'; /* the last line's end */
    csv_text(table, text);
    free(text);
}

static void course_row(struct csv_table *table, const struct export_order *order, json_t *columns, const json_t *person,
                       const json_t *submission)
{
    static const char *const numbers[] = {"points", "points_max", "challenge_points", "challenge_points_max"};
    size_t i;
    json_t *lab;

    csv_person(table, order, columns, person);
    csv_text(table, verdict_text(submission, "name"));
    csv_text(table, submission != NULL ? verdict_text(submission, "state") : "no submission");
    csv_text(table, verdict_text(submission, "submitted"));
    csv_text(table, verdict_text(submission, "submitted_from"));
    json_array_foreach (json_object_get(order->results->class, "labs"), i, lab) {
        points_cells(table, submission_lab(submission, json_integer_value(lab)), order->policy);
    }
    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (submission != NULL)
            csv_integer(table, verdict_integer(submission, numbers[i]));
        else
            csv_text(table, "");
    if (order->policy && submission != NULL) {
        csv_hundredths(table, policy_hundredths(submission, "points"));
        csv_hundredths(table, policy_hundredths(submission, "challenge_points"));
    } else if (order->policy) {
        csv_texts(table, (const char *const[]){"", "", NULL});
    }
    if (submission != NULL)
        csv_integer(table, unjudged_sum(submission));
    else
        csv_text(table, "");
    csv_text(table, verdict_text(submission, "isolation"));
    csv_lines(table, json_object_get(submission, "attention"));
    comments_cell(table, submission);
    csv_row_end(table);
}

void csv_course_write(FILE *out, const struct export_order *order)
{
    struct csv_table table = {.out = out};
    json_t *columns = csv_roster_columns(order->results);

    csv_heads(&table, columns);
    course_heads(&table, order);
    csv_people(&table, order, columns, course_row);
    json_decref(columns);
}

/* ---- a row a mail ---- */

/* "Lab 1: 88 of 100 points; lab 2: not handed in" */
static void mail_marks(struct csv_table *table, const json_t *submission)
{
    char *text = NULL, points[HUNDREDTHS_TEXT];
    size_t size = 0, i;
    FILE *out = open_memstream(&text, &size);
    json_t *lab;

    if (out == NULL)
        abort();
    json_array_foreach (json_object_get(submission, "labs"), i, lab) {
        fprintf(out, "%sab %d: ", i > 0 ? "; l" : "L", (int)verdict_integer(lab, "number"));
        if (verdict_true(lab, "missing"))
            fputs("not handed in", out);
        else
            fprintf(out, "%s of %d points", export_hundredths(points, policy_hundredths(lab, "points")),
                    (int)verdict_integer(lab, "points_max"));
    }
    if (fclose(out) != 0)
        abort();
    csv_text(table, submission != NULL ? text : "nothing handed in");
    free(text);
}

static void mail_row(struct csv_table *table, const struct export_order *order, json_t *columns, const json_t *person,
                     const json_t *submission)
{
    char *page = NULL;

    csv_person(table, order, columns, person);
    csv_text(table, verdict_text(person, "email"));
    csv_text(table, verdict_text(person, "name"));
    if (submission != NULL) {
        csv_hundredths(table, policy_hundredths(submission, "points"));
        csv_integer(table, verdict_integer(submission, "points_max"));
        if (asprintf(&page, "%s.html", verdict_text(submission, "name")) == -1)
            abort();
    } else {
        csv_texts(table, (const char *const[]){"", "", NULL});
    }
    mail_marks(table, submission);
    comments_cell(table, submission);
    csv_text(table, page != NULL ? page : "");
    csv_row_end(table);
    free(page);
}

void csv_mail_write(FILE *out, const struct export_order *order)
{
    struct csv_table table = {.out = out};
    json_t *columns = csv_roster_columns(order->results);

    csv_heads(&table, columns);
    csv_texts(&table, (const char *const[]){"mail_to", "mail_name", "mail_points", "mail_points_max", "mail_marks",
                                            "mail_comments", "mail_page", NULL});
    csv_row_end(&table);
    csv_people(&table, order, columns, mail_row);
    json_decref(columns);
}

/* ---- a row a check, of the class ---- */

static void percent_cell(struct csv_table *table, json_int_t part, json_int_t whole)
{
    if (whole > 0)
        csv_hundredths(table, part * 10000 / whole);
    else
        csv_text(table, "");
}

void csv_statistics_write(FILE *out, const struct export_order *order)
{
    struct csv_table table = {.out = out};
    json_t *statistics = statistics_make(order->results), *lab, *check;
    static const char *const counts[] = {"passed", "failed", "not_run"};
    static const char *const thirds[] = {"upper_passed", "upper", "lower_passed", "lower"};
    size_t i, j, k;

    csv_texts(&table, (const char *const[]){"lab", "check", "title", "points_max", "passed", "failed", "not_run",
                                            "upper_passed", "upper", "lower_passed", "lower", "passed_percent",
                                            "discrimination_percent", NULL});
    csv_row_end(&table);
    json_array_foreach (json_object_get(statistics, "labs"), i, lab) {
        json_array_foreach (json_object_get(lab, "checks"), j, check) {
            csv_integer(&table, verdict_integer(lab, "number"));
            csv_texts(&table, (const char *const[]){verdict_text(check, "name"), verdict_text(check, "title"), NULL});
            csv_integer(&table, verdict_integer(check, "points_max"));
            for (k = 0; k < sizeof counts / sizeof counts[0]; k++)
                csv_integer(&table, verdict_integer(check, counts[k]));
            for (k = 0; k < sizeof thirds / sizeof thirds[0]; k++)
                csv_integer(&table, verdict_integer(check, thirds[k]));
            percent_cell(&table, verdict_integer(check, "passed"),
                         verdict_integer(check, "passed") + verdict_integer(check, "failed") +
                             verdict_integer(check, "not_run"));
            json_int_t upper = verdict_integer(check, "upper"), lower = verdict_integer(check, "lower");
            percent_cell(
                &table, verdict_integer(check, "upper_passed") * lower - verdict_integer(check, "lower_passed") * upper,
                upper * lower);
            csv_row_end(&table);
        }
    }
    json_decref(statistics);
}
