/* See said.h. */
#define _GNU_SOURCE
#include "said.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "shmlab/error.h"

bool text_has_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        char before = at > text ? at[-1] : ' ', after = at[length];
        if (!isalnum((unsigned char)before) && before != '_' && !isalnum((unsigned char)after) && after != '_')
            return true;
    }
    return false;
}

bool text_names_error(const char *text, int number)
{
    char digits[16];

    snprintf(digits, sizeof digits, "%d", number);
    return text_has_word(text, error_symbol(number)) || strcasestr(text, strerror(number)) != NULL ||
           text_has_word(text, digits);
}

bool program_names_error(struct program *program, int number)
{
    return text_names_error(program_output(program), number);
}
