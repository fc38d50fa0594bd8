/* Small work on texts that several files of the harness need. What is returned as char * is the caller's to free. */
#ifndef HARNESS_TEXT_H
#define HARNESS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The whole file, NUL-terminated; NULL with errno. */
char *text_read(const char *path, size_t *length);

/* Does it end so? */
bool text_ends(const char *text, const char *end);

/* Valid UTF-8 without characters that a terminal obeys (newline and tab stay); what is not becomes '?'. */
char *text_clean(const char *text);

/* Number of the first line that contains `wanted` outside of comments, 0 when there is none. C and Python. */
int text_line_of(const char *source, const char *wanted);

/* The last `lines` lines of a text, inside it. */
const char *text_tail(const char *text, int lines);

/* Every line behind a prefix. */
void text_print_indented(FILE *stream, const char *prefix, const char *text);

#endif
