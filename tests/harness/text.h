/* Small work on texts that several files of the harness need. What is returned as char * is the caller's to free. */
#ifndef HARNESS_TEXT_H
#define HARNESS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The whole file, NUL-terminated; NULL with errno. */
char *text_read(const char *path, size_t *length);

/* Does it end so? */
bool text_ends(const char *text, const char *end);

/* Replace a file so that a reader finds the old one or the new one, also after a power cut. False with errno. */
bool text_store(const char *path, const void *bytes, size_t size);

/* FNV-1a, 64 bits, of these bytes after others; for the first ones begin with TEXT_HASH. Against changes, not against
 * malice: <http://www.isthe.com/chongo/tech/comp/fnv/>. */
#define TEXT_HASH UINT64_C(0xcbf29ce484222325)
uint64_t text_hash(uint64_t hash, const void *bytes, size_t size);

/*
 * The one way to make harmless what a program printed, or what a file is called: valid UTF-8 in which a terminal obeys
 * nothing. Newline and tab stay, CR LF becomes a newline; other control characters, whole terminal sequences (ECMA-48),
 * bytes that are no UTF-8 and what XML 1.0 forbids become U+FFFD. Characters that reorder or hide others are shown by
 * their number, "<U+202E>". Never NULL.
 */
char *text_plain(const char *text);

/* The same in one line: a newline or a tab becomes a blank. */
char *text_plain_line(const char *text);

/* Bytes of the UTF-8 character that begins here, and its number; 0: none does (RFC 3629, section 4). */
size_t text_decode(const char *text, uint32_t *character);

bool text_is_utf8(const char *text);

/* Number of the first line that contains `wanted` outside of comments, 0 when there is none. C and Python. */
int text_line_of(const char *source, const char *wanted);

/* The last `lines` lines of a text, inside it. */
const char *text_tail(const char *text, int lines);

/* Lines longer than so many bytes are cut, with a word on how much is left out; of more than so many lines the last
 * ones are kept. */
enum { TEXT_LINE = 240, TEXT_LINES = 60 };
char *text_clip(const char *text);

/* Every line after a prefix. */
void text_print_indented(FILE *stream, const char *prefix, const char *text);

#endif
