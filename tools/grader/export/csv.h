/*
 * Tables as CSV (RFC 4180, UTF-8): cells and rows, and the roster's own columns.
 *
 * Spreadsheets take a cell that begins with = + - @ for a formula, quoted or not, and a formula can read
 * other cells and send them away. A text of that kind gets an apostrophe in front:
 * <https://owasp.org/www-community/attacks/CSV_Injection>. Numbers that we write ourselves stay numbers.
 */
#ifndef GRADER_CSV_H
#define GRADER_CSV_H

#include "export.h"

struct csv_table {
    FILE *out;
    bool begun; /* the row has a cell */
};

void csv_text(struct csv_table *table, const char *text);
void csv_integer(struct csv_table *table, json_int_t number);
void csv_hundredths(struct csv_table *table, json_int_t hundredths);
void csv_row_end(struct csv_table *table);

/* A cell each; the list ends with NULL. */
void csv_texts(struct csv_table *table, const char *const *texts);

/* Texts of an array in one cell, a line each. */
void csv_lines(struct csv_table *table, const json_t *texts);

/* The names of the roster's columns, as it has them; without a roster what is known of students. To be released. */
json_t *csv_roster_columns(const struct class_results *results);

/* A cell for each name of an array. */
void csv_heads(struct csv_table *table, const json_t *columns);

/* The person's cells as the roster had them; of somebody who is not in it, what is known. */
void csv_person(struct csv_table *table, const struct export_order *order, const json_t *columns, const json_t *person);

/* One call for each person of the roster and each of their submissions (NULL: none), then for the submissions of nobody
 * in the roster. */
typedef void csv_person_function(struct csv_table *table, const struct export_order *order, json_t *columns,
                                 const json_t *person, const json_t *submission);
void csv_people(struct csv_table *table, const struct export_order *order, json_t *columns, csv_person_function *row);

#endif
