/*
 * Names of classes: see class_names.h.
 */
#define _GNU_SOURCE /* strsep */
#include "class_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"

enum { TEXT_BYTES_MAX = 1024 * 1024 };

int class_names_read(struct class_names *names, const char *path, char *error, size_t size)
{
    *names = (struct class_names){0};
    if (file_bytes_read(&names->text, path, TEXT_BYTES_MAX, error, size) != 0)
        return -1;
    char *text = (char *)names->text.data;
    size_t lines = 1;
    for (size_t i = 0; i < names->text.size; i++)
        lines += text[i] == '\n';
    names->names = calloc(lines, sizeof *names->names);
    if (names->names == NULL) {
        explain_errno(error, size, path, NULL);
        class_names_free(names);
        return -1;
    }
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;) {
        line[strcspn(line, "\r")] = '\0';
        names->names[names->count++] = line;
    }
    while (names->count > 0 && names->names[names->count - 1][0] == '\0') /* empty lines at the end */
        names->count--;
    return 0;
}

void class_names_free(struct class_names *names)
{
    free(names->names);
    file_bytes_free(&names->text);
    *names = (struct class_names){0};
}

int class_names_find(const struct class_names *names, int classes, const char *text)
{
    for (int i = 0; i < names->count && i < classes; i++)
        if (strcmp(names->names[i], text) == 0)
            return i;
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    return end != text && *end == '\0' && errno == 0 && number >= 0 && number < classes ? (int)number : -1;
}
