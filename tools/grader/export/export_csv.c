/*
 * CSV (RFC 4180, UTF-8): a row a check, a lab, a student; every row begins with the roster's own columns, so
 * that it can be joined with whatever the roster came from.
 *
 * Spreadsheets take a cell that begins with = + - @ for a formula, quoted or not, and a formula can read
 * other cells and send them away. A text of that kind gets an apostrophe in front:
 * <https://owasp.org/www-community/attacks/CSV_Injection>. Numbers that we write ourselves stay numbers.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "policy.h"
#include "text.h"

/* ---- cells ---- */

struct table {
    FILE *out;
    bool begun; /* the row has a cell */
};

static void cell_begin(struct table *table)
{
    if (table->begun)
        fputc(',', table->out);
    table->begun = true;
}

static void row_end(struct table *table)
{
    fputs("\r\n", table->out);
    table->begun = false;
}

/* Would a spreadsheet compute this? Some skip white space, and some take the full-width forms, too. */
static bool is_formula(const char *text)
{
    static const char *const wide[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};

    if (text[0] == '\t' || text[0] == '\n')
        return true;
    text += strspn(text, " \t\n\xC2\xA0");
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (strncmp(text, wide[i], strlen(wide[i])) == 0)
            return true;
    return text[0] != '\0' && strchr("=+-@", text[0]) != NULL;
}

/* A spreadsheet takes 32,767 characters a cell:
 * <https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3>. */
enum { CELL_MAX = 32000 };

/* At most so many bytes, whole characters, and how many are left out where some are. To be freed. */
static char *cell_clip(const char *text, size_t most)
{
    size_t length = strlen(text), kept = most;
    char *clipped;

    if (length <= most)
        clipped = strdup(text);
    else {
        while (kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80)
            kept--;
        if (asprintf(&clipped, "%.*s [... %zu bytes more]", (int)kept, text, length - kept) == -1)
            clipped = NULL;
    }
    if (clipped == NULL)
        abort();
    return clipped;
}

static void cell_text(struct table *table, const char *text)
{
    char *whole = text_plain(text), *plain = cell_clip(whole, CELL_MAX);

    free(whole);
    bool formula = is_formula(plain);

    cell_begin(table);
    if (!formula && strpbrk(plain, ",\"\n\t ;'") == NULL) {
        fputs(plain, table->out);
    } else {
        fputs(formula ? "\"'" : "\"", table->out);
        for (const char *at = plain; *at != '\0'; at++)
            fputs(*at == '"' ? "\"\"" : (char[]){*at, '\0'}, table->out);
        fputc('"', table->out);
    }
    free(plain);
}

static void cell_integer(struct table *table, json_int_t number)
{
    cell_begin(table);
    fprintf(table->out, "%" JSON_INTEGER_FORMAT, number);
}

static void cell_hundredths(struct table *table, json_int_t hundredths)
{
    char text[HUNDREDTHS_TEXT];

    cell_begin(table);
    fputs(export_hundredths(text, hundredths), table->out);
}

static void cells_text(struct table *table, const char *const *texts)
{
    for (; *texts != NULL; texts++)
        cell_text(table, *texts);
}

/* Texts of an array in one cell, a line each. */
static void cell_lines(struct table *table, const json_t *texts)
{
    char *lines = NULL;
    size_t size = 0, i;
    FILE *out = open_memstream(&lines, &size);
    json_t *text;

    if (out == NULL)
        abort();
    json_array_foreach (texts, i, text) {
        fprintf(out, "%s%s", i > 0 ? "\n" : "", json_is_string(text) ? json_string_value(text) : "");
    }
    if (fclose(out) != 0)
        abort();
    cell_text(table, lines);
    free(lines);
}

/* ---- the roster's columns ---- */

/* The names of the roster's columns, as it has them; without a roster what is known of students. To be released. */
static json_t *roster_columns(const struct class_results *results)
{
    json_t *columns = json_object_get(results->class, "roster_columns"), *names = json_object(), *person, *value;
    size_t i;
    const char *name;

    if (json_is_array(columns)) {
        json_decref(names);
        return json_incref(columns);
    }
    json_array_foreach (json_object_get(results->class, "roster"), i, person)
        json_object_update(names, person);
    json_array_foreach (results->submissions, i, person)
        json_object_update(names, json_object_get(person, "student"));
    columns = json_array();
    json_object_foreach (names, name, value)
        json_array_append_new(columns, json_string(name));
    json_decref(names);
    return columns;
}

static void cells_heads(struct table *table, const json_t *columns)
{
    size_t i;
    json_t *name;

    json_array_foreach (columns, i, name)
        cell_text(table, json_is_string(name) ? json_string_value(name) : "");
}

/* The person's cells as the roster had them; of somebody who is not in it, what is known. */
static void cells_person(struct table *table, const struct export_order *order, const json_t *columns,
                         const json_t *person)
{
    const json_t *row = json_object_get(class_person(order->results, verdict_text(person, "id")), "row");
    size_t i;
    json_t *name;

    json_array_foreach (columns, i, name) {
        const char *cell = json_string_value(json_array_get(row, i));
        cell_text(table,
                  cell != NULL ? cell : verdict_text(person, json_is_string(name) ? json_string_value(name) : ""));
    }
}

/* ---- a row a check ---- */

static void findings_cells(struct table *table, const json_t *check, bool for_student)
{
    static const char *const findings[] = {"expected", "found", "cause", "next"};
    bool hide = for_student && check_is_hidden(check);
    char *place = check_place(check);

    cell_text(table, hide ? "" : place);
    for (size_t i = 0; i < sizeof findings / sizeof findings[0]; i++)
        cell_text(table, hide ? "" : verdict_text(check, findings[i]));
    cell_lines(table, hide ? NULL : json_object_get(check, "leaks"));
    free(place);
}

static void check_row(struct table *table, const struct export_order *order, const json_t *columns,
                      const json_t *submission, const json_t *lab, const json_t *check)
{
    bool for_student = order->one;

    cells_person(table, order, columns, json_object_get(submission, "student"));
    cell_text(table, verdict_text(submission, "name"));
    cell_integer(table, verdict_integer(lab, "number"));
    cells_text(table, (const char *const[]){check_label(check, for_student), check_title(check, for_student),
                                            verdict_text(check, "visibility"), verdict_text(check, "outcome"), NULL});
    cell_integer(table, verdict_true(check, "challenge"));
    cell_integer(table, verdict_integer(check, "points"));
    cell_integer(table, verdict_integer(check, "points_max"));
    findings_cells(table, check, for_student);
    row_end(table);
}

void csv_checks_write(FILE *out, const struct export_order *order)
{
    static const char *const heads[] = {"submission", "lab",    "check",      "title", "visibility", "outcome",
                                        "challenge",  "points", "points_max", "where", "expected",   "found",
                                        "cause",      "next",   "leaks",      NULL};
    struct table table = {.out = out};
    json_t *columns = roster_columns(order->results), *submission, *lab, *check;
    size_t i, j, k;

    cells_heads(&table, columns);
    cells_text(&table, heads);
    row_end(&table);
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

static void adjusted_cells(struct table *table, const json_t *lab)
{
    const json_t *adjusted = json_object_get(lab, "adjusted");

    cell_text(table, verdict_text(adjusted, "due"));
    cell_text(table, verdict_text(adjusted, "submitted"));
    cell_integer(table, verdict_integer(adjusted, "days_late"));
    cell_integer(table, verdict_integer(adjusted, "late_days_used"));
    cell_hundredths(table, verdict_integer(adjusted, "penalty_hundredths"));
    cell_hundredths(table, policy_hundredths(lab, "points"));
    cell_hundredths(table, policy_hundredths(lab, "challenge_points"));
    cell_text(table, verdict_text(adjusted, "note"));
}

static void lab_row(struct table *table, const struct export_order *order, const json_t *columns,
                    const json_t *submission, const json_t *lab)
{
    static const char *const numbers[] = {"points", "points_max", "challenge_points", "challenge_points_max"};
    static const char *const outcomes[] = {"passed", "failed", "timeout", "error", "skipped"};

    cells_person(table, order, columns, json_object_get(submission, "student"));
    cell_text(table, verdict_text(submission, "name"));
    cell_integer(table, verdict_integer(lab, "number"));
    cell_text(table, verdict_text(lab, "lab"));
    cell_integer(table, !verdict_true(lab, "missing"));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        cell_integer(table, verdict_integer(lab, numbers[i]));
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        cell_integer(table, outcomes_count(lab, outcomes[i]));
    if (order->policy)
        adjusted_cells(table, lab);
    row_end(table);
}

void csv_labs_write(FILE *out, const struct export_order *order)
{
    static const char *const heads[] = {
        "submission",           "lab",    "name",   "handed_in", "points", "points_max", "challenge_points",
        "challenge_points_max", "passed", "failed", "timeout",   "error",  "skipped",    NULL};
    static const char *const policy_heads[] = {"due",
                                               "submitted",
                                               "days_late",
                                               "late_days_used",
                                               "penalty_percent",
                                               "points_adjusted",
                                               "challenge_points_adjusted",
                                               "note",
                                               NULL};
    struct table table = {.out = out};
    json_t *columns = roster_columns(order->results), *submission, *lab;
    size_t i, j;

    cells_heads(&table, columns);
    cells_text(&table, heads);
    if (order->policy)
        cells_text(&table, policy_heads);
    row_end(&table);
    json_array_foreach (order->results->submissions, i, submission) {
        json_array_foreach (json_object_get(submission, "labs"), j, lab) {
            lab_row(&table, order, columns, submission, lab);
        }
    }
    json_decref(columns);
}

/* ---- a row a student ---- */

static void course_heads(struct table *table, const struct export_order *order)
{
    char name[64];
    size_t i;
    json_t *lab;

    cell_text(table, "submission");
    cell_text(table, "state");
    cell_text(table, "submitted");
    cell_text(table, "submitted_from");
    json_array_foreach (json_object_get(order->results->class, "labs"), i, lab) {
        for (int adjusted = 0; adjusted <= order->policy; adjusted++) {
            int number = (int)json_integer_value(lab);
            snprintf(name, sizeof name, "lab%d%s", number, adjusted ? "_adjusted" : "");
            cell_text(table, name);
            snprintf(name, sizeof name, "lab%d_challenge%s", number, adjusted ? "_adjusted" : "");
            cell_text(table, name);
        }
    }
    cells_text(table, (const char *const[]){"points", "points_max", "challenge_points", "challenge_points_max", NULL});
    if (order->policy)
        cells_text(table, (const char *const[]){"points_adjusted", "challenge_points_adjusted", NULL});
    cell_text(table, "isolation");
    cell_text(table, "attention");
    row_end(table);
}

/* Cells of a number that does not exist stay empty: no submission is something else than no points. */
static void points_cells(struct table *table, const json_t *owner, bool policy)
{
    for (int adjusted = 0; adjusted <= policy; adjusted++) {
        if (owner == NULL) {
            cell_text(table, "");
            cell_text(table, "");
        } else if (adjusted) {
            cell_hundredths(table, policy_hundredths(owner, "points"));
            cell_hundredths(table, policy_hundredths(owner, "challenge_points"));
        } else {
            cell_integer(table, verdict_integer(owner, "points"));
            cell_integer(table, verdict_integer(owner, "challenge_points"));
        }
    }
}

static void course_row(struct table *table, const struct export_order *order, json_t *columns, const json_t *person,
                       const json_t *submission)
{
    static const char *const numbers[] = {"points", "points_max", "challenge_points", "challenge_points_max"};
    size_t i;
    json_t *lab;

    cells_person(table, order, columns, person);
    cell_text(table, verdict_text(submission, "name"));
    cell_text(table, submission != NULL ? verdict_text(submission, "state") : "no submission");
    cell_text(table, verdict_text(submission, "submitted"));
    cell_text(table, verdict_text(submission, "submitted_from"));
    json_array_foreach (json_object_get(order->results->class, "labs"), i, lab) {
        points_cells(table, submission_lab(submission, json_integer_value(lab)), order->policy);
    }
    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (submission != NULL)
            cell_integer(table, verdict_integer(submission, numbers[i]));
        else
            cell_text(table, "");
    if (order->policy && submission != NULL) {
        cell_hundredths(table, policy_hundredths(submission, "points"));
        cell_hundredths(table, policy_hundredths(submission, "challenge_points"));
    } else if (order->policy) {
        cells_text(table, (const char *const[]){"", "", NULL});
    }
    cell_text(table, verdict_text(submission, "isolation"));
    cell_lines(table, json_object_get(submission, "attention"));
    row_end(table);
}

/* Whose submission is it? The roster's id decides. */
static bool belongs(const json_t *submission, const json_t *person)
{
    const json_t *student = json_object_get(submission, "student");

    return verdict_text(student, "id")[0] != '\0' && verdict_is(student, "id", verdict_text(person, "id"));
}

/* The submissions of a person of the roster, or one row that says that there is none. */
static void person_rows(struct table *table, const struct export_order *order, json_t *columns, const json_t *person)
{
    size_t i, found = 0;
    json_t *submission;

    json_array_foreach (order->results->submissions, i, submission) {
        if (belongs(submission, person)) {
            course_row(table, order, columns, person, submission);
            found++;
        }
    }
    if (found == 0 && !order->one)
        course_row(table, order, columns, person, NULL);
}

void csv_course_write(FILE *out, const struct export_order *order)
{
    struct table table = {.out = out};
    json_t *columns = roster_columns(order->results), *person, *submission;
    json_t *roster = json_object_get(order->results->class, "roster");
    size_t i, j;

    cells_heads(&table, columns);
    course_heads(&table, order);
    json_array_foreach (roster, i, person) {
        person_rows(&table, order, columns, person);
    }
    json_array_foreach (order->results->submissions, i, submission) {
        bool listed = false;
        json_array_foreach (roster, j, person) {
            listed = listed || belongs(submission, person);
        }
        if (!listed)
            course_row(&table, order, columns, json_object_get(submission, "student"), submission);
    }
    json_decref(columns);
}
