/* See roster.h. */
#define _GNU_SOURCE
#include "roster.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

/* One line as a list of fields; *at goes behind it. */
static json_t *fields_read(const char **at)
{
    json_t *fields = json_array();
    bool quoted = false, over = false;

    while (!over) {
        char *field = NULL;
        size_t size;
        FILE *out = open_memstream(&field, &size);
        for (; out != NULL && **at != '\0' && (quoted || (**at != ',' && **at != '\n')); ++*at) {
            if (**at == '"' && quoted && (*at)[1] == '"')
                fputc(*(*at)++, out);
            else if (**at == '"')
                quoted = !quoted;
            else if (**at != '\r' || quoted)
                fputc(**at, out);
        }
        if (out != NULL)
            fclose(out);
        char *clean = text_plain_line(field != NULL ? field : "");
        json_array_append_new(fields, json_string(clean));
        free(clean);
        free(field);
        over = **at != ',';
        *at += **at != '\0';
    }
    return fields;
}

static json_t *student_of(const json_t *names, const json_t *fields)
{
    static const char *const columns[] = {"id", "name", "email", "section"};
    json_t *student = json_object(), *name;
    size_t i;

    json_array_foreach (names, i, name) {
        const char *field = json_string_value(json_array_get(fields, i));
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
            if (strcasecmp(json_string_value(name), columns[c]) == 0 && field != NULL && field[0] != '\0')
                json_object_set_new(student, columns[c], json_string(field));
    }
    return student;
}

json_t *roster_read(const char *path)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* spreadsheets begin UTF-8 with it */
    char *text = text_read(path, NULL);
    json_t *roster = json_array();

    if (text == NULL) {
        fprintf(stderr, "grader: %s: %s\n", path, strerror(errno));
        json_decref(roster);
        return NULL;
    }
    const char *at = strncmp(text, mark, 3) == 0 ? text + 3 : text;
    json_t *names = fields_read(&at);
    while (*at != '\0') {
        json_t *fields = fields_read(&at), *student = student_of(names, fields);
        if (json_object_get(student, "id") != NULL)
            json_array_append(roster, student);
        json_decref(student);
        json_decref(fields);
    }
    json_decref(names);
    free(text);
    if (json_array_size(roster) > 0)
        return roster;
    fprintf(stderr, "grader: %s: no student in it: its first line names the columns, id,name,email,section\n", path);
    json_decref(roster);
    return NULL;
}

json_t *roster_find(const json_t *roster, const char *submission)
{
    size_t i, length = strlen(submission);
    json_t *student;

    json_array_foreach (roster, i, student) {
        const char *id = json_string_value(json_object_get(student, "id"));
        const char *name = json_string_value(json_object_get(student, "name"));
        const char *email = json_string_value(json_object_get(student, "email"));
        if (strcasecmp(id, submission) == 0 || (name != NULL && strcasecmp(name, submission) == 0) ||
            (email != NULL && strncasecmp(email, submission, length) == 0 &&
             (email[length] == '@' || email[length] == '\0')))
            return student;
    }
    return NULL;
}
