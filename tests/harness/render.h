/* A verdict for a person: lines of text, colours on a terminal only. Renders, decides nothing. */
#ifndef HARNESS_RENDER_H
#define HARNESS_RENDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct render {
    FILE *stream;
    bool terminal; /* one that moves its cursor */
    bool colours;
    bool
        plain; /* for comparisons: no paths, a label for every text that differs from run to run, lines by their text */
    bool verbose;       /* every check, and all of what was found */
    int width;          /* columns */
    int rows;           /* of the terminal; 0: there is none */
    const char *folder; /* the student's, before the names of files; NULL: leave it out */
    const char *source; /* paths below this folder are shown relative to it */
};

/* Colours and width as the stream has them. */
struct render render_to(FILE *stream);

/* The line above the checks. */
void render_head(const struct render *render, int number, const char *title);

/* A line for a check, and for a failure what is to be known of it. number is the lab's. */
void render_check(const struct render *render, int number, const json_t *check);

/* The checks, the sum, and what to do first. Unless all is to be shown: the first failure in full, the others in a line
 * each, what passed and what did not run in a line each for all. */
void render_verdict(const struct render *render, const json_t *verdict);

/* The failure to begin with; NULL: there is none. */
const json_t *render_first(const json_t *verdict);

/* "[########............]" */
void render_bar(const struct render *render, int points, int most);

/* The sums. */
void render_sum(const struct render *render, const json_t *verdict);

/* A text of the check with a label for each part that differs from run to run; to be freed. */
char *render_label(const json_t *check, const char *text);

/* A text after so many blanks, broken at the render's width; what goes on is below. */
void render_line(const struct render *render, int margin, const char *text);

/* A text after a head, "  ok    "; what goes on is below the text. */
void render_behind(const struct render *render, const char *head, const char *text);

/* Text after a label of that width, broken at the render's width; lines of its own are kept. */
void render_text(const struct render *render, int indent, const char *label, const char *text);

#endif
