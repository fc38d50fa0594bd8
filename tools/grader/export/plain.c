/* See plain.h. */
#define _GNU_SOURCE
#include "plain.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { BASE64_BYTES = 3 };

void plain_escape(FILE *out, const char *text)
{
    char *plain = text_plain(text);

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
