/*
 * Texts that came from students, made harmless: nothing that a program printed is obeyed by a terminal, read
 * as markup, or able to show another order of characters than the one that it has.
 */
#ifndef GRADER_PLAIN_H
#define GRADER_PLAIN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The text as valid UTF-8 without terminal sequences (ECMA-48) and without control characters but newline and
 * tab. Characters that reorder or hide others are shown by their number, "<U+202E>"; bytes that are no UTF-8,
 * and characters that XML 1.0 forbids, become U+FFFD. To be freed; never NULL.
 */
char *plain_text(const char *text);

/* plain_text, written with & < > " ' as character references: content or quoted attribute in HTML and XML. */
void plain_escape(FILE *out, const char *text);

/* Bytes of the UTF-8 character that begins here and its number; 0: none does (RFC 3629, section 4). */
size_t plain_decode(const char *text, uint32_t *character);

/* Base64 without line breaks (RFC 4648, section 4). */
void plain_base64(FILE *out, const char *bytes, size_t size);

#endif
