/*
 * Tables that the grade books of Canvas and Moodle take.
 *
 * Canvas finds a student by its own "ID", else by "SIS User ID" or "SIS Login ID"; "Section" must be there; a column
 * that is called as an assignment, with its number in parentheses as its own export writes it, goes to that assignment,
 * any other name makes a new one; the line "Points Possible" may follow the heads. What is empty stays as it is. When
 * the class list is Canvas' own export, its cells come back.
 *
 * Moodle asks on import which column identifies the user (ID number, username or e-mail address) and which one goes to
 * which grade item, or to its feedback: names are free, so they say what they are.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "policy.h"

/* What the grade book calls a lab: --column lab1=NAME, or "Lab 1". */
static const char *column_name(const struct export_order *order, int number, char text[32])
{
    char begin[32];

    snprintf(begin, sizeof begin, "lab%d=", number);
    for (size_t i = 0; i < order->column_count; i++)
        if (strncmp(order->columns[i], begin, strlen(begin)) == 0)
            return order->columns[i] + strlen(begin);
    snprintf(text, 32, "Lab %d", number);
    return text;
}

/* The points of a lab, and of its challenges; empty where nothing was handed in: what is there already stays. */
static void mark_cell(struct csv_table *table, const json_t *lab)
{
    if (lab == NULL || verdict_true(lab, "missing"))
        csv_text(table, "");
    else
        csv_hundredths(table, policy_hundredths(lab, "points") + policy_hundredths(lab, "challenge_points"));
}

static const json_t *labs_of(const struct export_order *order)
{
    return json_object_get(order->results->class, "labs");
}

/* ---- Canvas ---- */

static const char *const canvas_heads[] = {"Student", "ID", "SIS User ID", "SIS Login ID", "Section"};
enum { CANVAS_HEADS = sizeof canvas_heads / sizeof canvas_heads[0] };

/* The cell of that column in the class list; NULL: it has no such column. */
static const char *roster_cell(const struct export_order *order, const json_t *person, const char *column)
{
    const json_t *row = json_object_get(class_person(order->results, verdict_text(person, "id")), "row");
    size_t i;
    json_t *name;

    json_array_foreach (json_object_get(order->results->class, "roster_columns"), i, name)
        if (strcmp(json_string_value(name), column) == 0)
            return json_string_value(json_array_get(row, i));
    return NULL;
}

static void canvas_row(struct csv_table *table, const struct export_order *order, json_t *columns, const json_t *person,
                       const json_t *submission)
{
    static const char *const known[] = {"name", "", "id", "login", "section"};
    size_t i;
    json_t *number;

    (void)columns;
    if (person == NULL)
        return; /* nobody whom a grade book could know */
    bool own = roster_cell(order, person, "SIS Login ID") != NULL || roster_cell(order, person, "SIS User ID") != NULL;
    for (i = 0; i < CANVAS_HEADS; i++) {
        const char *cell = own ? roster_cell(order, person, canvas_heads[i]) : verdict_text(person, known[i]);
        csv_text(table, cell != NULL ? cell : "");
    }
    json_array_foreach (labs_of(order), i, number)
        mark_cell(table, submission_lab(submission, json_integer_value(number)));
    csv_row_end(table);
}

static json_int_t lab_most(const struct export_order *order, json_int_t number)
{
    size_t i;
    json_t *submission;

    json_array_foreach (order->results->submissions, i, submission)
        if (submission_lab(submission, number) != NULL)
            return verdict_integer(submission_lab(submission, number), "points_max");
    return 0;
}

void canvas_write(FILE *out, const struct export_order *order)
{
    struct csv_table table = {.out = out};
    char text[32];
    size_t i;
    json_t *number;

    for (i = 0; i < CANVAS_HEADS; i++)
        csv_text(&table, canvas_heads[i]);
    json_array_foreach (labs_of(order), i, number)
        csv_text(&table, column_name(order, (int)json_integer_value(number), text));
    csv_row_end(&table);
    csv_texts(&table, (const char *const[]){"    Points Possible", "", "", "", "", NULL});
    json_array_foreach (labs_of(order), i, number)
        csv_integer(&table, lab_most(order, json_integer_value(number)));
    csv_row_end(&table);
    csv_people(&table, order, NULL, canvas_row);
}

/* ---- Moodle ---- */

static void moodle_row(struct csv_table *table, const struct export_order *order, json_t *columns, const json_t *person,
                       const json_t *submission)
{
    static const char *const known[] = {"id", "login", "email", "name"};
    char *text;
    size_t i, size;
    json_t *number;

    (void)columns;
    if (person == NULL)
        return;
    for (i = 0; i < sizeof known / sizeof known[0]; i++)
        csv_text(table, verdict_text(person, known[i]));
    json_array_foreach (labs_of(order), i, number) {
        const json_t *lab = submission_lab(submission, json_integer_value(number));
        FILE *out = open_memstream(&text, &size);
        if (out == NULL)
            abort();
        export_comments_write(out, lab);
        if (fputs(verdict_text(json_object_get(lab, "adjusted"), "note"), out) == EOF || fclose(out) != 0)
            abort();
        mark_cell(table, lab);
        csv_text(table, text);
        free(text);
    }
    csv_row_end(table);
}

void moodle_write(FILE *out, const struct export_order *order)
{
    struct csv_table table = {.out = out};
    char text[32], feedback[256];
    size_t i;
    json_t *number;

    csv_texts(&table, (const char *const[]){"ID number", "Username", "Email address", "Name", NULL});
    json_array_foreach (labs_of(order), i, number) {
        const char *name = column_name(order, (int)json_integer_value(number), text);
        snprintf(feedback, sizeof feedback, "%.200s (feedback)", name);
        csv_texts(&table, (const char *const[]){name, feedback, NULL});
    }
    csv_row_end(&table);
    csv_people(&table, order, NULL, moodle_row);
}
