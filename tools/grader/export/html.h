/*
 * Pages that open offline and in which nothing is interpreted: one file without scripts, pictures or links to
 * elsewhere, under a Content Security Policy that would forbid them if one slipped in.
 */
#ifndef GRADER_HTML_H
#define GRADER_HTML_H

#include <stdio.h>

void html_page_begin(FILE *out, const char *title);
void html_page_end(FILE *out);

/*
 * Markup with texts in it. Knows %s, %d and %% only. What %s puts in is escaped, always: it may be an
 * element's content or the value of an attribute in double quotes.
 */
void html_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A bar of parts side by side; what each means is said in the label, for whoever cannot see it. */
struct html_part {
    const char *class; /* of report.css: pass, fail, none, plain */
    int count;
};
void html_bar(FILE *out, const char *label, int whole, const struct html_part *parts, size_t count);

#endif
