/* Texts that came from students, escaped for the formats that would interpret them: text_plain of text.h comes first.
 */
#ifndef GRADER_PLAIN_H
#define GRADER_PLAIN_H

#include <stddef.h>
#include <stdio.h>

/* text_plain, written with & < > " ' as character references: content or quoted attribute in HTML and XML. */
void plain_escape(FILE *out, const char *text);

/* Base64 without line breaks (RFC 4648, section 4). */
void plain_base64(FILE *out, const char *bytes, size_t size);

#endif
