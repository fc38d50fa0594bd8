/* A verdict for a person: lines of text, colours on a terminal only. Renders, decides nothing. */
#ifndef HARNESS_RENDER_H
#define HARNESS_RENDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct render {
    FILE *stream;
    bool colours;
    bool
        plain; /* for comparisons: no paths, a label for every text that differs from run to run, lines by their text */
    int width; /* columns */
    const char *folder; /* the student's, in front of the names of files; NULL: leave it out */
    const char *source; /* paths below this folder are shown relative to it */
};

/* Colours and width as the stream has them. */
struct render render_to(FILE *stream);

/* The line above the checks. */
void render_head(const struct render *render, const json_t *verdict);

/* A line for a check, and for a failure what is to be known of it. number is the lab's. */
void render_check(const struct render *render, int number, const json_t *check);

/* The sums, and the next step. */
void render_sum(const struct render *render, const json_t *verdict);

/* A text of the check with a label for each part that differs from run to run; to be freed. */
char *render_label(const json_t *check, const char *text);

/* Text behind a label of that width, broken at the render's width; lines of its own are kept. */
void render_text(const struct render *render, int indent, const char *label, const char *text);

#endif
