/*
 * C and Python as sequences of tokens in which what a copy changes first makes no difference: comments and
 * layout are gone, and every name, type, number and text is the same one. What is left is how the program is
 * built.
 */
#ifndef GRADER_TOKENS_H
#define GRADER_TOKENS_H

#include <stddef.h>
#include <stdint.h>

enum language { LANGUAGE_NONE, LANGUAGE_C, LANGUAGE_PYTHON };

struct token {
    uint32_t kind; /* equal for equal tokens */
    int line;      /* from 1 */
};

struct tokens {
    struct token *at;
    size_t count;
};

/* By the end of the file's name: .c, .h, .py. */
enum language tokens_language(const char *file);

/* The tokens of a source; what is no valid source still gives some. To be released with tokens_free. */
struct tokens tokens_read(const char *source, enum language language);

void tokens_free(struct tokens *tokens);

#endif
