/*
 * A session: the control segment, one fork server per command line, and runs of them, one after another.
 */
#ifndef WEAVE_SESSION_H
#define WEAVE_SESSION_H

#include "../core/core.h"

#include <sched.h>
#include <stddef.h>
#include <sys/types.h>

struct program {
    char **argv;
    char path[512];              /* the executable, found in PATH */
    bool instrumented;           /* compiled for weave */
    bool trap;                   /* uninstrumented: see every access */
    char unwatched[200];         /* names of its parts that were not compiled so */
    const char *expected_output; /* file, or NULL */
    const char *input;           /* file for standard input; NULL: nothing */
};

enum { EXPECT_ANY_EXIT = -1, PROCESS_NAME = 80 };

struct session_options {
    struct program *program;
    int programs;
    const char *library; /* path of libweave.so */
    double hang_seconds; /* processor time without a step */
    double time_limit;   /* of the whole session, wall clock */
    uint32_t max_steps;
    int kill_process, kill_step;
    int first;        /* the others start when this one first waits or ends; -1: all at once */
    unsigned daemons; /* programs that need not end: a bit each */
    int weak;         /* how many loads of a run may read an old value */
    bool store_buffers, every_access, spurious, show_output;
    bool no_reuse; /* a new process for every run of a program */
    bool no_maps;  /* read the programs' files only, not what they have mapped */
    bool sealed;   /* the programs can write to no file outside /dev/shm, and make no user namespaces */
};

struct session {
    const struct session_options *options;
    struct control *control;
    int control_descriptor;
    pid_t server[WEAVE_PROCESSES];
    int output[WEAVE_PROCESSES];     /* memory files that collect standard output */
    int errors[WEAVE_PROCESSES];     /* the same of standard error */
    int32_t epoch;                   /* number of the run */
    pid_t resident[WEAVE_PROCESSES]; /* a program's process that waits where it began; 0: there is none */
    int deaths[WEAVE_PROCESSES];     /* runs in a row after which there was none */
    bool reused;                     /* the last run had a process that had run before */
    cpu_set_t processors;            /* that we may use when no session goes on */
    double started;
    char blocked_call[64]; /* of the process that sleeps in the kernel, after ENDING_BLOCKED */
    char error[512];       /* why the session cannot go on */
    bool tampered;         /* a program has written to the control segment: nothing there is true any more */
};

/* Starts the servers. 0, or -1 with session->error set. */
int session_start(struct session *session, const struct session_options *options);
/* Ends all processes and releases everything. */
void session_end(struct session *session);

/* What a person calls a process: its program or Python script, "writer", and with its number, "board (2)",
 * where several are of that name. */
void session_process_name(const struct session *session, int process, char *text, size_t size);

struct session_plan {
    enum strategy strategy;
    const uint8_t *prescription;
    uint32_t prescribed;
    uint64_t seed;
    uint32_t longest;   /* steps of the longest run so far */
    bool stop_at_known; /* end where the rest was run before */
};

/* From now on, the next run has new processes only. */
void session_renew(struct session *session);

/* One run; its state is in session->control afterwards. 0, or -1 with session->error set. */
int session_run(struct session *session, const struct session_plan *plan);

/* What a process printed in the last run. Returns the length; the text is cut to `size` - 1 bytes and terminated. */
size_t session_output(const struct session *session, int process, char *text, size_t size);
/* The last line that it printed in the last run, if possible on standard error; "" when it printed nothing. */
void session_said(const struct session *session, int process, char *text, size_t size);
/* Whether a process printed more than any result can be. */
bool session_output_is_huge(const struct session *session, int process);
double session_now(void);

#endif
