/* See csv.h. */
#define _GNU_SOURCE
#include "csv.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* ---- cells ---- */

static void csv_begin(struct csv_table *table)
{
    if (table->begun)
        fputc(',', table->out);
    table->begun = true;
}

void csv_row_end(struct csv_table *table)
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

void csv_text(struct csv_table *table, const char *text)
{
    char *whole = text_plain(text), *plain = cell_clip(whole, CELL_MAX);

    free(whole);
    bool formula = is_formula(plain);

    csv_begin(table);
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

void csv_integer(struct csv_table *table, json_int_t number)
{
    csv_begin(table);
    fprintf(table->out, "%" JSON_INTEGER_FORMAT, number);
}

void csv_hundredths(struct csv_table *table, json_int_t hundredths)
{
    char text[HUNDREDTHS_TEXT];

    csv_begin(table);
    fputs(export_hundredths(text, hundredths), table->out);
}

void csv_texts(struct csv_table *table, const char *const *texts)
{
    for (; *texts != NULL; texts++)
        csv_text(table, *texts);
}

/* Texts of an array in one cell, a line each. */
void csv_lines(struct csv_table *table, const json_t *texts)
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
    csv_text(table, lines);
    free(lines);
}

/* ---- the roster's columns ---- */

/* The names of the roster's columns, as it has them; without a roster what is known of students. To be released. */
json_t *csv_roster_columns(const struct class_results *results)
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

void csv_heads(struct csv_table *table, const json_t *columns)
{
    size_t i;
    json_t *name;

    json_array_foreach (columns, i, name)
        csv_text(table, json_is_string(name) ? json_string_value(name) : "");
}

/* The person's cells as the roster had them; of somebody who is not in it, what is known. */
void csv_person(struct csv_table *table, const struct export_order *order, const json_t *columns, const json_t *person)
{
    const json_t *row = json_object_get(class_person(order->results, verdict_text(person, "id")), "row");
    size_t i;
    json_t *name;

    json_array_foreach (columns, i, name) {
        const char *cell = json_string_value(json_array_get(row, i));
        csv_text(table,
                 cell != NULL ? cell : verdict_text(person, json_is_string(name) ? json_string_value(name) : ""));
    }
}

/* Whose submission is it? The roster's id decides. */
static bool belongs(const json_t *submission, const json_t *person)
{
    const json_t *student = json_object_get(submission, "student");

    return verdict_text(student, "id")[0] != '\0' && verdict_is(student, "id", verdict_text(person, "id"));
}

/* The submissions of a person of the roster, or one row that says that there is none. */
static void person_rows(struct csv_table *table, const struct export_order *order, json_t *columns,
                        const json_t *person, csv_person_function *row)
{
    size_t i, found = 0;
    json_t *submission;

    json_array_foreach (order->results->submissions, i, submission) {
        if (belongs(submission, person)) {
            row(table, order, columns, person, submission);
            found++;
        }
    }
    if (found == 0 && !order->one)
        row(table, order, columns, person, NULL);
}

void csv_people(struct csv_table *table, const struct export_order *order, json_t *columns, csv_person_function *row)
{
    json_t *roster = json_object_get(order->results->class, "roster"), *person, *submission;
    size_t i, j;

    json_array_foreach (roster, i, person)
        person_rows(table, order, columns, person, row);
    json_array_foreach (order->results->submissions, i, submission) {
        bool listed = false;
        json_array_foreach (roster, j, person)
            listed = listed || belongs(submission, person);
        if (!listed)
            row(table, order, columns, json_object_get(submission, "student"), submission);
    }
}
