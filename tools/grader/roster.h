/*
 * The class list: a table of text as spreadsheets and learning platforms write it, whose first line names the columns.
 * UTF-8, UTF-16 and Windows' code page 1252; commas, semicolons or tabs; LF, CR LF or CR. What is clear is read right,
 * what is not is refused with the line and the reason.
 *
 * A student is an object with "id", "name", "email", "section" and "login", where the table has them, and "row", the
 * cells as they were: exports give them back.
 */
#ifndef GRADER_ROSTER_H
#define GRADER_ROSTER_H

#include <jansson.h>
#include <stdbool.h>

struct roster {
    json_t *columns;  /* names as the file has them, in its order */
    json_t *students; /* in the file's order */
};

/* False after a message on standard error. */
bool roster_read(const char *path, struct roster *roster);

/* The lines of any such table, each an array of texts, the first of them the names of the columns. NULL after a
 * message. To be released. */
json_t *roster_rows(const char *path);

void roster_free(struct roster *roster);

/* Who somebody may be, as far as a name tells. */
struct roster_match {
    json_t *student; /* lives in the roster; NULL: nobody, or more than one */
    json_t *other;   /* with no student: one of those who are meant as well as `doubt` */
    json_t *doubt;
};

/* Whose is that? By id, login or e-mail address (or its part before @), else by name. `students`: NULL, nobody's. */
struct roster_match roster_match(const json_t *students, const char *who);

/* "77 (Anna Schmidt)", to be freed. */
char *roster_person(const json_t *student);

#endif
