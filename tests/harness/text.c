/* See text.h. */
#define _GNU_SOURCE
#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

char *text_read(const char *path, size_t *length)
{
    enum { STEP = 1 << 14 };
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t size = 0, got = 0;

    if (file == NULL)
        return NULL;
    do {
        char *larger = realloc(text, size + STEP + 1);
        if (larger == NULL) {
            free(text);
            fclose(file);
            return NULL;
        }
        text = larger;
        got = fread(text + size, 1, STEP, file);
        size += got;
    } while (got > 0);
    int failed = ferror(file) ? EIO : 0;
    fclose(file);
    if (failed != 0) { /* a directory, for example */
        free(text);
        errno = failed;
        return NULL;
    }
    text[size] = '\0';
    if (length != NULL)
        *length = size;
    return text;
}

/* Bytes of the UTF-8 character that begins here; 0: none does (RFC 3629, section 4). */
static size_t utf8_length(const unsigned char *at)
{
    size_t length = at[0] < 0x80                    ? 1
                    : at[0] >= 0xC2 && at[0] < 0xE0 ? 2
                    : at[0] >= 0xE0 && at[0] < 0xF0 ? 3
                    : at[0] >= 0xF0 && at[0] < 0xF5 ? 4
                                                    : 0;

    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] >= 0xA0) || (at[0] == 0xF0 && at[1] < 0x90) ||
        (at[0] == 0xF4 && at[1] >= 0x90))
        return 0;
    return length;
}

bool text_ends(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);

    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

char *text_clean(const char *text)
{
    char *clean = malloc(strlen(text) + 1);
    char *end = clean;

    if (clean == NULL)
        return NULL;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        size_t length = utf8_length(at);
        bool control = (*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7F || (*at == 0xC2 && at[1] < 0xA0);
        if (length == 0 || control) {
            *end++ = '?';
            at += length > 0 ? length : 1;
            continue;
        }
        memcpy(end, at, length);
        end += length;
        at += length;
    }
    *end = '\0';
    return clean;
}

/* Is this place behind a "//" or "#" of its line, in a block comment, or in one of Python's docstrings? */
static bool in_comment(const char *source, const char *line, const char *at)
{
    const char *open = NULL;
    bool docstring = false;

    for (const char *quotes = source; (quotes = strstr(quotes, "\"\"\"")) != NULL && quotes < at; quotes += 3)
        docstring = !docstring;
    if (docstring)
        return true;
    for (const char *c = line; c < at; c++)
        if ((c[0] == '/' && c[1] == '/') || (c[0] == '#' && (c == line || c[-1] == ' ') && c[1] == ' '))
            return true;
    for (const char *c = source; c + 1 < at; c++) {
        if (open == NULL && c[0] == '/' && c[1] == '*')
            open = c;
        else if (open != NULL && c[0] == '*' && c[1] == '/')
            open = NULL;
    }
    return open != NULL;
}

int text_line_of(const char *source, const char *wanted)
{
    int number = 1;

    for (const char *line = source; *line != '\0'; number++) {
        const char *end = strchrnul(line, '\n');
        const char *found = strstr(line, wanted);
        if (found != NULL && found < end && !in_comment(source, line, found))
            return number;
        line = *end != '\0' ? end + 1 : end;
    }
    return 0;
}

const char *text_tail(const char *text, int lines)
{
    const char *at = text + strlen(text);

    if (at > text && at[-1] == '\n')
        at--;
    while (at > text) {
        if (at[-1] == '\n' && --lines == 0)
            break;
        at--;
    }
    return at;
}

void text_print_indented(FILE *stream, const char *prefix, const char *text)
{
    while (*text != '\0') {
        const char *end = strchrnul(text, '\n');
        fprintf(stream, "%s%.*s\n", prefix, (int)(end - text), text);
        text = *end != '\0' ? end + 1 : end;
    }
}
