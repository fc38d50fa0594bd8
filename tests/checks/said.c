/* See said.h. */
#define _GNU_SOURCE
#include "said.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "shmlab/error.h"

/* A word of letters and digits that is not a part of a longer one, or of a name such as shmlab_2_7. */
static bool word_stands(const char *text, const char *word)
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
    return word_stands(text, error_symbol(number)) || strcasestr(text, strerror(number)) != NULL ||
           word_stands(text, digits);
}

bool program_names_error(struct program *program, int number)
{
    return text_names_error(program_output(program), number);
}
