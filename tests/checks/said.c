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

/* Is the number that begins here called an error's: "errno 2", "[Errno 2]", "error: 2", or alone in parentheses? */
static bool number_called(const char *text, const char *at, size_t length)
{
    static const char *const words[] = {"errno", "error", "code"};
    const char *end = at;

    if (at > text && at[-1] == '(' && at[length] == ')')
        return true;
    while (end > text && strchr(" :=", end[-1]) != NULL)
        end--;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = strlen(words[i]);
        if ((size_t)(end - text) >= size && strncasecmp(end - size, words[i], size) == 0)
            return true;
    }
    return false;
}

bool text_names_error(const char *text, int number)
{
    char digits[16];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%d", number);

    if (text_has_word(text, error_symbol(number)) || strcasestr(text, strerror(number)) != NULL)
        return true;
    for (const char *at = text; (at = strstr(at, digits)) != NULL; at++)
        if (!isdigit((unsigned char)at[length]) && number_called(text, at, length))
            return true;
    return false;
}

bool program_names_error(struct program *program, int number)
{
    return text_names_error(program_output(program), number);
}
