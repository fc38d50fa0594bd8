/* See plain.h. */
#define _GNU_SOURCE
#include "plain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    ESCAPE = 0x1B,
    BELL = 0x07,
    DELETE = 0x7F,
    C1_LAST = 0x9F,
    CSI = 0x9B, /* the same as ESC [ */
    OSC = 0x9D, /* the same as ESC ] */
    BASE64_BYTES = 3,
};

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

size_t plain_decode(const char *text, uint32_t *character)
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

/* Length of "parameters, intermediates, final byte" behind a control sequence introducer (ECMA-48, 5.4). */
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
    size_t length = plain_decode(at, &character);

    if (length == 0 || character == 0xFFFE || character == 0xFFFF) {
        fputs(replacement, out);
        return length > 0 ? length : 1;
    }
    if (character == ESCAPE)
        return escape_length(at);
    if (character == CSI)
        return length + sequence_length(at + length);
    if (character == OSC)
        return length + string_length(at + length);
    if (misleads(character))
        fprintf(out, "<U+%04X>", (unsigned)character);
    else if (character == '\n' || character == '\t' || (character >= 0x20 && character < DELETE) || character > C1_LAST)
        fwrite(at, 1, length, out);
    else if (character != '\r') /* of a line's end; a bell or a backspace leaves a trace */
        fputs(replacement, out);
    return length;
}

char *plain_text(const char *text)
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

void plain_escape(FILE *out, const char *text)
{
    char *plain = plain_text(text);

    for (const char *at = plain; *at != '\0'; at++)
        if (strchr("&<>\"'", *at) != NULL)
            fprintf(out, "&#%d;", *at);
        else
            fputc(*at, out);
    free(plain);
}

void plain_base64(FILE *out, const char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += BASE64_BYTES) {
        uint32_t group = 0;
        size_t given = size - i < BASE64_BYTES ? size - i : BASE64_BYTES;
        for (size_t j = 0; j < BASE64_BYTES; j++)
            group = group << 8 | (j < given ? (unsigned char)bytes[i + j] : 0U);
        for (size_t j = 0; j <= BASE64_BYTES; j++)
            fputc(j <= given ? digits[group >> (6 * (BASE64_BYTES - j)) & 0x3F] : '=', out);
    }
}
