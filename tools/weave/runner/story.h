/* Telling a failure: the findings, and the steps that led there, side by side. */
#ifndef WEAVE_STORY_H
#define WEAVE_STORY_H

#include "findings.h"

#include <stdio.h>

/* What a verdict does not cover, in words. */
enum { NOTES = 8 };
struct notes {
    char text[NOTES][512];
    int count;
};

struct story {
    const struct options *options;
    const struct session *session;
    struct symbols *symbols;
    const struct findings *findings;
    const char *schedule; /* replay string */
    const struct notes *notes;
};

/* What one event did: "`ready` 0 -> 1 (release)". */
void story_event(const struct story *story, const struct event *event, char *text, size_t size);
/* What it concerns, a member or a semaphore; what a plain access read or wrote there. */
void story_name(const struct story *story, const struct event *event, char *text, size_t size);
void story_shown(const struct event *event, char *text, size_t size);
/* A short name of an event's kind, for JSON. */
const char *story_kind(const struct event *event);
/* The C11 name of its memory order, or an empty text. */
const char *story_order(const struct event *event);
/* The numbers of the events worth telling for a finding, in order. Returns how many. */
int story_select(const struct story *story, const struct finding *finding, uint32_t *chosen, int most);

/* "  replay: weave replay ...", the command that repeats the run. */
void story_replay_command(const struct story *story, FILE *out);
void story_print(const struct story *story, FILE *out);
/* Every event, one by one; waits for Enter in between on a terminal. */
void story_step_through(const struct story *story, FILE *out);

/* json.c: the result and, after a failure, the trace, in place of what the file held. 0 or -1 with errno. */
struct search_result;
int story_write_json(const struct story *story, const struct search_result *result, double seconds, const char *verdict,
                     int descriptor);

#endif
