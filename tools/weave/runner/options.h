/* The command line. */
#ifndef WEAVE_OPTIONS_H
#define WEAVE_OPTIONS_H

#include "search.h"
#include "session.h"

enum exit_status { EXIT_PASSED = 0, EXIT_FOUND = 1, EXIT_USAGE = 2, EXIT_UNABLE = 3 };

struct options {
    struct program program[WEAVE_PROCESSES];
    struct session_options session;
    struct search_options search;
    bool cost_chosen; /* --delay or --preempt was given */
    bool kill_sweep;  /* every step of session.kill_process */
    bool no_trap;
    bool quiet, colour;
    int width;           /* columns of the terminal on standard output; 0: it is none */
    const char *replay;  /* a schedule, or NULL */
    bool stepping;       /* `weave replay`: show every step */
    const char *json;    /* as it was given, NULL: none */
    int json_descriptor; /* -1: none; closed when a program is started */
    const char *html;    /* the page; the same for it */
    int html_descriptor;
    const char *again; /* the command that repeats the failure; NULL: weave replay */
    const char *layout, *structure;
    const char *expected_lines;
    int expected_exit[WEAVE_PROCESSES]; /* EXPECT_ANY_EXIT: all are fine, as for children that nothing is said of */
    unsigned exit_chosen;               /* for these processes by an option */
    unsigned named;                     /* processes that options speak of: a bit each */
    const char *ignore[16];             /* causes that do not count */
    int ignored;
};

/* Parses a command line that starts behind the subcommand. 0, or -1 after a message on stderr. */
int options_parse(struct options *options, int argc, char **argv);
void options_usage(void);

/* schedule.c: replay strings. */
struct schedule {
    uint8_t choice[WEAVE_DECISIONS];
    uint32_t length;
    bool store_buffers, weak, every_access;
    int kill_process, kill_step; /* -1: none */
};
/* 0, or -1: not a schedule. */
int schedule_parse(struct schedule *schedule, const char *text);
/* The decisions of the last run as a text to be freed by the caller, or NULL. */
char *schedule_text(const struct session *session);

#endif
