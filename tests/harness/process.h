/*
 * Programs under test, each a process of its own: start, wait for what they print, signal, reap.
 *
 * Everything waits for events; the limits only stop a runaway. They grow with the machine's load, and with
 * the environment variable SHMLAB_TIME_SCALE (default 1) for slow machines. A process dies with the test that
 * started it.
 */
#ifndef HARNESS_PROCESS_H
#define HARNESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    PROCESS_LIMIT = 60,        /* seconds: far beyond what any step of a test needs */
    PROCESS_TEXT = 1 << 20,    /* bytes kept of what a program prints */
    PROCESS_OUTPUT = 16 << 20, /* bytes: a program that prints more is killed */
    PROCESS_KEEP = 3,
};

struct process {
    pid_t pid;     /* 0: not running, or reaped */
    pid_t own_pid; /* what getpid gives it: another number where it has process ids of its own */
    int input;     /* write end of its standard input, -1 once closed */
    int output;    /* read end of its standard output and error, -1 once at its end */
    char *text;    /* all that it printed so far, NUL-terminated; first and last part when it is very much */
    size_t length;
    size_t seen;                /* bytes of text that process_expect has gone past */
    int status;                 /* as waitpid gives it, once reaped */
    double limit;               /* seconds that one wait may take, times process_time_scale() */
    size_t text_limit, printed; /* bytes kept at most, bytes printed */
    unsigned tasks;             /* of the machine, when it was started */
    bool crowd;                 /* it started processes without end, and was killed with all of them: crowd.h */
    bool heir;                  /* it has ended, and somebody whom it started still held its output then */
    /* Called again and again while one waits for the process; true: the wait is over, as if its limit had come.
     * NULL: nobody looks. */
    bool (*watch)(void *data);
    void *watch_data;
};

/* A place where programs run that is not simply beside us, for example behind walls. */
struct process_place {
    /*
     * As fork(2), but the new process is in the place. It is a child of the caller all the same: waitpid,
     * signals and ptrace reach it. In the new process environ is the place's.
     */
    pid_t (*fork)(const struct process_place *place);
    const char *python; /* path of the interpreter there */
    int files;          /* its /tmp, to be listed, when programs of the check alone write there; 0: it is everybody's */
};

/* What process_start_with changes of the program's surroundings; zero members leave everything as it is. */
struct process_setup {
    const struct process_place *place; /* NULL: here */
    const char *folder;                /* where it starts */
    const char *const *environment;    /* "NAME=VALUE" to add; ends with NULL */
    double limit;                      /* seconds for one wait; 0: PROCESS_LIMIT */
    size_t text_limit;                 /* bytes of what it prints that are kept; 0: PROCESS_TEXT */
    int keep[PROCESS_KEEP];            /* descriptors that it inherits, by the same numbers; 0: none */
    const char *group;                 /* cgroup.procs of a control group that it enters; NULL: none */
    unsigned long processes;           /* the most that its user may have then, threads included; 0: as now */
    bool steady; /* its addresses are not random, where the kernel allows that: what sanitizers need to start */
};

/*
 * Start argv[0] (a path; argv ends with NULL) with pipes for its standard streams. Returns false after a
 * message on standard error. The object must be given to process_close.
 */
bool process_start(struct process *process, const char *const argv[]);

/* The same in other surroundings. */
bool process_start_with(struct process *process, const char *const argv[], const struct process_setup *setup);

/* The factor for a limit that begins now, 1 or more: SHMLAB_TIME_SCALE, and more where a program gets a small
 * share of a processor only because others want theirs. Do not print it: it varies. */
double process_time_scale(void);

/*
 * Wait until the process has printed this text, after what an earlier call waited for. False when it ended
 * without, or after its limit.
 */
bool process_expect(struct process *process, const char *text);

/* Take in what it has printed by now, without waiting. */
void process_drain(struct process *process);

/* Write to its standard input. */
bool process_send(struct process *process, const char *text);

/* Close its standard input. */
void process_end_input(struct process *process);

/* Send a signal; nothing happens when it has been reaped. */
void process_signal(struct process *process, int number);

/*
 * Read what it prints until it ends, and reap it. Its end is its own: what a child that it left alone prints later is
 * not read. Returns its exit status 0..255, 256 + N when signal N ended it, -1 when it did not end within its limit
 * and was killed.
 */
int process_finish(struct process *process);

/* Kill it if it runs, free everything. Fit for a process that was never started when the struct is zero. */
void process_close(struct process *process);

#endif
