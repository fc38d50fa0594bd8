/* See places.h. */
#define _GNU_SOURCE
#include "places.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool name_character(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '/' || c == '-';
}

/* Length of the file's name that the text begins with, 0: of none. "./" and "../" may lead it. */
static size_t name_length(const char *text)
{
    static const char *const endings[] = {".c", ".h", ".py"};
    size_t length = 0;

    while (name_character(text[length]))
        length++;
    if (text[length] != ':' || !isdigit((unsigned char)text[length + 1]) || text[0] == '/')
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strncmp(text + length - ending, endings[i], ending) == 0)
            return length;
    }
    return 0;
}

/* A line of a file, without the white space around it; to be freed. NULL: there is none. */
static char *line_read(const char *folder, const char *name, size_t length, long number)
{
    char *path, *line = NULL;
    size_t size = 0;

    if (asprintf(&path, "%s/%.*s", folder, (int)length, name) == -1)
        return NULL;
    FILE *file = fopen(path, "r");
    free(path);
    if (file == NULL)
        return NULL;
    bool found = false;
    for (long at = 1; at <= number; at++)
        found = getline(&line, &size, file) != -1;
    fclose(file);
    if (!found) {
        free(line);
        return NULL;
    }
    char *begin = line + strspn(line, " \t"), *end = begin + strlen(begin);
    while (end > begin && isspace((unsigned char)end[-1]))
        end--;
    char *text = strndup(begin, (size_t)(end - begin));
    free(line);
    return text;
}

/* What follows a place: nothing where it is the line's text once more, as weave shows it; else all of it. */
static const char *rest_of(const char *rest, const char *line)
{
    const char *words = rest + strspn(rest, " ");

    return line[0] != '\0' && strncmp(words, line, strlen(line)) == 0 ? words + strlen(line) : rest;
}

char *places_show(const char *text, const char *folder)
{
    char *result = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&result, &size);

    if (out == NULL)
        return NULL;
    for (const char *at = text; *at != '\0';) {
        size_t length = at == text || !name_character(at[-1]) ? name_length(at) : 0;
        char *after = NULL, *line = NULL;
        if (length > 0)
            line = line_read(folder, at, length, strtol(at + length + 1, &after, 10));
        if (line == NULL) {
            fputc(*at++, out);
            continue;
        }
        fprintf(out, "%.*s | %s", (int)length, at, line);
        at = rest_of(after, line);
        free(line);
    }
    fclose(out);
    return result;
}
