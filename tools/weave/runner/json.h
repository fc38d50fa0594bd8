/* Pieces of JSON, for the report and the page. */
#ifndef WEAVE_JSON_H
#define WEAVE_JSON_H

#include <stdio.h>

/* A text in quotes. */
void json_text(FILE *out, const char *text);
/* `, "name": "text"` */
void json_member(FILE *out, const char *name, const char *text);

#endif
