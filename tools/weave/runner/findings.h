/*
 * What a run did wrong, in words: the kind, the usual cause, and the places on both sides.
 *
 * `kind` and `cause` are stable identifiers: tests and graders compare them (json.md lists them all).
 */
#ifndef WEAVE_FINDINGS_H
#define WEAVE_FINDINGS_H

#include "options.h"
#include "symbols.h"

enum { FINDING_SIDES = WEAVE_PROCESSES + 1, FINDINGS = 24 };

enum side_role {
    SIDE_PLACE,
    SIDE_ACCESS,   /* one of two that race */
    SIDE_HANDOVER, /* where what is accessed was handed over, too early */
};

struct side {
    int process; /* -1: none in particular */
    uint16_t site;
    enum side_role role;
    unsigned flags; /* of an access: enum access_flags */
    char what[256];
    char held[200]; /* the locks of an access, "" where that says nothing */
};

struct finding {
    const char *kind;  /* race, deadlock, stuck, misuse, ... */
    const char *cause; /* plain-flag, lost-signal, ... */
    const char *why;   /* the usual cause in words, and what to do */
    char headline[256];
    struct side side[FINDING_SIDES];
    int sides;
    uint32_t where;  /* shared address or 0 */
    uint32_t events; /* length of the trace when it showed */
};

struct findings {
    struct finding finding[FINDINGS];
    int count;
};

/* The run that just ended, most telling finding first. */
void findings_collect(struct findings *findings, const struct options *options, const struct session *session,
                      struct symbols *symbols);

/* The usual reason for a cause, in words. */
const char *findings_why(const char *cause);
/* Whether others can be ordered after an event, and whether it can be ordered after others. */
bool event_releases(const struct event *event);
bool event_acquires(const struct event *event);

/* Whether `cause` is one of ours. */
bool findings_know(const char *cause);

/* A cheap look: would findings_collect find anything? Needs no debugging information. */
bool findings_suspected(const struct options *options, const struct session *session);

#endif
