/* See text.h. */
#define _GNU_SOURCE
#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ESCAPE = 0x1B,
    BELL = 0x07,
    DELETE = 0x7F,
    C1_LAST = 0x9F,
    CSI = 0x9B, /* the same as ESC [ */
    OSC = 0x9D, /* the same as ESC ] */
};

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

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

/* ---- Files ---- */

bool text_store(const char *path, const void *bytes, size_t size)
{
    char *temporary;
    bool good = false;

    if (asprintf(&temporary, "%s.%d", path, (int)getpid()) == -1)
        abort();
    FILE *file = fopen(temporary, "we");
    if (file != NULL) {
        good = fwrite(bytes, 1, size, file) == size && fflush(file) == 0 && fsync(fileno(file)) == 0;
        good = fclose(file) == 0 && good;
    }
    good = good && rename(temporary, path) == 0;
    int cause = errno;
    if (!good && file != NULL)
        unlink(temporary);
    free(temporary);
    errno = cause;
    return good;
}

uint64_t text_hash(uint64_t hash, const void *bytes, size_t size)
{
    for (const unsigned char *at = bytes, *end = at + size; at < end; at++)
        hash = (hash ^ *at) * UINT64_C(0x100000001b3);
    return hash;
}

/* ---- Harmless texts ---- */

size_t text_decode(const char *text, uint32_t *character)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: longer than needed is invalid */
    const unsigned char *at = (const unsigned char *)text;
    size_t length = at[0] < 0x80                    ? 1
                    : at[0] >= 0xC2 && at[0] < 0xE0 ? 2
                    : at[0] >= 0xE0 && at[0] < 0xF0 ? 3
                    : at[0] >= 0xF0 && at[0] < 0xF5 ? 4
                                                    : 0;

    if (length <= 1) {
        *character = at[0];
        return length;
    }
    *character = at[0] & (0xFFU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        *character = *character << 6 | (at[i] & 0x3FU);
    }
    bool surrogate = *character >= 0xD800 && *character <= 0xDFFF;
    return *character < smallest[length] || *character > 0x10FFFF || surrogate ? 0 : length;
}

bool text_is_utf8(const char *text)
{
    uint32_t character;

    for (size_t length; *text != '\0'; text += length) {
        length = text_decode(text, &character);
        if (length == 0)
            return false;
    }
    return true;
}

/* Length of "parameters, intermediates, final byte" after a control sequence introducer (ECMA-48, 5.4). */
static size_t sequence_length(const char *at)
{
    size_t length = 0;

    while (at[length] >= 0x20 && at[length] <= 0x3F)
        length++;
    return at[length] >= 0x40 && at[length] <= 0x7E ? length + 1 : length;
}

/* Length of a control string: up to BEL or ESC \, or, when it does not end, up to the end of the line. */
static size_t string_length(const char *at)
{
    size_t length = strcspn(at, "\a\033\n");

    if (at[length] == BELL)
        return length + 1;
    return at[length] == ESCAPE && at[length + 1] == '\\' ? length + 2 : length;
}

/* Length of what begins with ESC. */
static size_t escape_length(const char *at)
{
    if (at[1] == '[')
        return 2 + sequence_length(at + 2);
    if (at[1] != '\0' && strchr("]PX^_", at[1]) != NULL)
        return 2 + string_length(at + 2);
    size_t length = 1;
    while (at[length] >= 0x20 && at[length] <= 0x2F)
        length++;
    return at[length] >= 0x30 && at[length] <= 0x7E ? length + 1 : length;
}

/* Characters that show a text in another order or not at all: <https://trojansource.codes>. */
static bool misleads(uint32_t character)
{
    return character == 0x061C || character == 0x200B || character == 0x200E || character == 0x200F ||
           (character >= 0x202A && character <= 0x202E) || (character >= 0x2060 && character <= 0x2069) ||
           character == 0xFEFF;
}

/* One character; returns how many bytes it took. */
static size_t character_write(FILE *out, const char *at)
{
    uint32_t character;
    size_t length = text_decode(at, &character), sequence = 0;

    if (length > 0 && character == ESCAPE)
        sequence = escape_length(at);
    else if (length > 0 && character == CSI)
        sequence = length + sequence_length(at + length);
    else if (length > 0 && character == OSC)
        sequence = length + string_length(at + length);
    if (sequence > 0 || length == 0 || character == 0xFFFE || character == 0xFFFF) {
        fputs(replacement, out);
        return sequence > 0 ? sequence : length > 0 ? length : 1;
    }
    if (misleads(character))
        fprintf(out, "<U+%04X>", (unsigned)character);
    else if (character == '\n' || character == '\t' || (character >= 0x20 && character < DELETE) || character > C1_LAST)
        fwrite(at, 1, length, out);
    else if (character != '\r' || at[1] != '\n') /* not a line's end: a bell or a backspace leaves a trace */
        fputs(replacement, out);
    return length;
}

char *text_plain(const char *text)
{
    char *plain = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&plain, &size);

    if (out == NULL)
        abort();
    while (*text != '\0')
        text += character_write(out, text);
    if (fclose(out) != 0)
        abort();
    return plain;
}

char *text_plain_line(const char *text)
{
    char *plain = text_plain(text);

    for (char *at = plain; *at != '\0'; at++)
        *at = *at == '\n' || *at == '\t' ? ' ' : *at;
    return plain;
}

/* ---- Lines ---- */

bool text_ends(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);

    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* Is this place after a "//" or "#" of its line, in a block comment, or in one of Python's docstrings? */
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

/* "... (4 KiB more)". How much a flood has printed when it is ended differs from run to run, and no verdict may. */
static void rest_print(FILE *out, size_t bytes)
{
    enum { KIB = 1024, MUCH = 64 };

    if (bytes < KIB)
        fprintf(out, "... (%zu bytes more)", bytes);
    else if (bytes < MUCH * KIB)
        fprintf(out, "... (%zu KiB more)", bytes / KIB);
    else
        fprintf(out, "... (at least %d KiB more)", MUCH);
}

/* Bytes of a line that are kept: all, or those up to the limit, without half a character. */
static size_t line_kept(const char *line, size_t length)
{
    if (length <= TEXT_LINE)
        return length;
    size_t kept = TEXT_LINE;
    while (kept > 0 && ((unsigned char)line[kept] & 0xC0) == 0x80)
        kept--;
    return kept;
}

char *text_clip(const char *text)
{
    char *result = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&result, &size);
    const char *tail = text_tail(text, TEXT_LINES);

    if (out == NULL)
        abort();
    if (tail > text) {
        rest_print(out, (size_t)(tail - text));
        fputc('\n', out);
    }
    while (*tail != '\0') {
        size_t length = strcspn(tail, "\n"), kept = line_kept(tail, length);
        fwrite(tail, 1, kept, out);
        if (kept < length)
            rest_print(out, length - kept);
        tail += length;
        if (*tail == '\n')
            fputc(*tail++, out);
    }
    if (fclose(out) != 0)
        abort();
    return result;
}

void text_print_indented(FILE *stream, const char *prefix, const char *text)
{
    while (*text != '\0') {
        const char *end = strchrnul(text, '\n');
        fprintf(stream, "%s%.*s\n", prefix, (int)(end - text), text);
        text = *end != '\0' ? end + 1 : end;
    }
}
