/* The class list: a CSV file (RFC 4180) whose first line names the columns id, name, email and, perhaps, section. */
#ifndef GRADER_ROSTER_H
#define GRADER_ROSTER_H

#include <jansson.h>

/* The students, in the file's order; NULL after a message on standard error. To be released. */
json_t *roster_read(const char *path);

/* Whose submission is that? By id, e-mail address, its part in front of @, or name; NULL: nobody's. */
json_t *roster_find(const json_t *roster, const char *submission);

#endif
