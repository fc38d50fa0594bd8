/* See tokens.h. */
#include "tokens.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of one byte that are no operator; operators are their bytes, keywords a hash with the highest bit set. */
enum { NAME = 1, NUMBER, TEXT };

#define KEYWORD UINT32_C(0x80000000)

static const char *const c_keywords[] = {"break",  "case",   "continue", "default", "do",     "else",
                                         "enum",   "for",    "goto",     "if",      "return", "sizeof",
                                         "struct", "switch", "typedef",  "union",   "while",  "define",
                                         "ifdef",  "ifndef", "endif",    "undef",   NULL};

/* Whoever copies adds or drops these without a thought. */
static const char *const c_ignored[] = {"auto",     "const",  "extern",   "inline", "register",
                                        "restrict", "static", "volatile", NULL};

static const char *const python_keywords[] = {
    "and",      "as",     "assert",  "async", "await", "break",  "class", "continue", "def",  "del",   "elif",
    "else",     "except", "finally", "for",   "from",  "global", "if",    "import",   "in",   "is",    "lambda",
    "nonlocal", "not",    "or",      "pass",  "raise", "return", "try",   "while",    "with", "yield", NULL};

static const char *const no_words[] = {NULL};

static const char *const operators[] = {
    "<<=", ">>=", "...", "**=", "//=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&",
    "||",  "+=",  "-=",  "*=",  "/=",  "%=", "&=", "|=", "^=", "##", "**", "//", ":=", "@=", NULL};

struct reading {
    const char *at;
    int line;
    enum language language;
    struct tokens tokens;
    size_t room;
};

enum language tokens_language(const char *file)
{
    const char *dot = strrchr(file, '.');

    if (dot == NULL)
        return LANGUAGE_NONE;
    if (strcmp(dot, ".c") == 0 || strcmp(dot, ".h") == 0)
        return LANGUAGE_C;
    return strcmp(dot, ".py") == 0 ? LANGUAGE_PYTHON : LANGUAGE_NONE;
}

static void token_add(struct reading *reading, uint32_t kind, int line)
{
    struct tokens *tokens = &reading->tokens;

    /* "a" "b" is one text, and "unsigned long x" one name */
    if (tokens->count > 0 && tokens->at[tokens->count - 1].kind == kind && (kind == TEXT || kind == NAME))
        return;
    if (tokens->count == reading->room) {
        reading->room = reading->room == 0 ? 256 : 2 * reading->room;
        tokens->at = realloc(tokens->at, reading->room * sizeof *tokens->at);
        if (tokens->at == NULL)
            abort();
    }
    tokens->at[tokens->count++] = (struct token){.kind = kind, .line = line};
}

/* Step over bytes and count the lines that end there. */
static void skip(struct reading *reading, size_t length)
{
    for (; length > 0 && *reading->at != '\0'; length--)
        reading->line += *reading->at++ == '\n';
}

static void skip_line(struct reading *reading)
{
    skip(reading, strcspn(reading->at, "\n"));
}

/* ---- texts and comments ---- */

/* Behind the closing quotes; a text that does not end ends with its line, or with the file when it has three quotes. */
static void skip_text(struct reading *reading)
{
    char quote[4] = {reading->at[0], reading->at[0], reading->at[0], '\0'};
    bool triple = reading->language == LANGUAGE_PYTHON && strncmp(reading->at, quote, 3) == 0;

    quote[triple ? 3 : 1] = '\0';
    skip(reading, strlen(quote));
    while (*reading->at != '\0' && strncmp(reading->at, quote, strlen(quote)) != 0) {
        if (*reading->at == '\n' && !triple)
            return;
        skip(reading, reading->at[0] == '\\' ? 2 : 1);
    }
    skip(reading, strlen(quote));
}

/* Is this a comment, or a line that everybody has? Then it is behind us. */
static bool skip_comment(struct reading *reading)
{
    const char *at = reading->at;

    if (reading->language == LANGUAGE_PYTHON) {
        if (at[0] != '#')
            return false;
        skip_line(reading);
        return true;
    }
    if (strncmp(at, "/*", 2) == 0) {
        const char *end = strstr(at + 2, "*/");
        skip(reading, end != NULL ? (size_t)(end + 2 - at) : strlen(at));
        return true;
    }
    size_t blank = at[0] == '#' ? 1 + strspn(at + 1, " \t") : 0;
    if (strncmp(at, "//", 2) != 0 && (blank == 0 || strncmp(at + blank, "include", strlen("include")) != 0))
        return false;
    skip_line(reading);
    return true;
}

/* ---- words ---- */

static bool is_one_of(const char *const *words, const char *at, size_t length)
{
    for (; *words != NULL; words++)
        if (strlen(*words) == length && memcmp(*words, at, length) == 0)
            return true;
    return false;
}

/* FNV-1a, 32 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>. */
static uint32_t word_hash(const char *at, size_t length)
{
    uint32_t hash = UINT32_C(2166136261);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)at[i]) * UINT32_C(16777619);
    return hash | KEYWORD;
}

static bool word_goes_on(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static void read_word(struct reading *reading)
{
    bool python = reading->language == LANGUAGE_PYTHON;
    const char *word = reading->at;
    size_t length = 0;

    while (word_goes_on(word[length]))
        length++;
    skip(reading, length);
    bool prefix = length <= 3 && (word[length] == '"' || word[length] == '\''); /* L"", u8"", rb"" */
    if (prefix || is_one_of(python ? no_words : c_ignored, word, length))
        return;
    bool keyword = is_one_of(python ? python_keywords : c_keywords, word, length);
    token_add(reading, keyword ? word_hash(word, length) : NAME, reading->line);
}

/* A preprocessing number (C17, 6.4.8); Python's look the same. */
static void read_number(struct reading *reading)
{
    int line = reading->line;

    while (word_goes_on(*reading->at) || *reading->at == '.' ||
           ((*reading->at == '+' || *reading->at == '-') && strchr("eEpP", reading->at[-1]) != NULL))
        skip(reading, 1);
    token_add(reading, NUMBER, line);
}

static void read_operator(struct reading *reading)
{
    const char *const *each = operators;
    uint32_t kind = 0;

    while (*each != NULL && strncmp(reading->at, *each, strlen(*each)) != 0)
        each++;
    size_t length = *each != NULL ? strlen(*each) : 1;
    for (size_t i = 0; i < length; i++)
        kind = kind << 8 | (unsigned char)reading->at[i];
    /* braces around one statement come and go */
    if (reading->language != LANGUAGE_C || (kind != '{' && kind != '}'))
        token_add(reading, kind, reading->line);
    skip(reading, length);
}

static void read_token(struct reading *reading)
{
    char c = *reading->at;

    if (isspace((unsigned char)c) || c == '\\') {
        skip(reading, 1);
    } else if (skip_comment(reading)) {
        return;
    } else if (c == '"' || c == '\'') {
        token_add(reading, TEXT, reading->line);
        skip_text(reading);
    } else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)reading->at[1]))) {
        read_number(reading);
    } else if (word_goes_on(c)) {
        read_word(reading);
    } else {
        read_operator(reading);
    }
}

struct tokens tokens_read(const char *source, enum language language)
{
    struct reading reading = {.at = source, .line = 1, .language = language};

    while (*reading.at != '\0')
        read_token(&reading);
    return reading.tokens;
}

void tokens_free(struct tokens *tokens)
{
    free(tokens->at);
    *tokens = (struct tokens){0};
}
