/* What a running check is made of; for the harness's own files, not for checks. */
#ifndef HARNESS_CONTEXT_H
#define HARNESS_CONTEXT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "check.h"
#include "compile.h"
#include "crowd.h"
#include "machine.h"
#include "shim.h"

enum {
    LEDGER_OBJECTS = 256,
    LEDGER_TEXT = 96,
    LEDGER_PROCESSES = 1024,
    CHECK_PROGRAMS = 4096,
};

/*
 * What a check has drawn names for and whom it has started: in memory shared by check and judge, so that the
 * judge can list and remove what is left even when the check itself crashed.
 */
struct ledger {
    int objects;
    struct ledger_object {
        enum ledger_kind {
            LEDGER_NAME, /* POSIX names that begin so, "shmlab_1_2" */
            LEDGER_KEY,  /* System V */
            LEDGER_OWN,  /* entry of /dev/shm that the check itself has made */
        } kind;
        char text[LEDGER_TEXT];
    } object[LEDGER_OBJECTS];
    int processes;
    pid_t process[LEDGER_PROCESSES];
    bool interfered; /* a program was killed, so that what it left behind says nothing about it */
};

struct check {
    const struct lab *lab;
    const struct check_case *which;
    const char *folder;
    const char *scratch;
    const char *bin;
    const struct build *build;
    const struct process_place *place; /* where programs and compilers run; NULL: here */
    const json_t *leaks;               /* of the checks before */
    struct ledger *ledger;
    int record; /* write end: the judge reads one JSON object from it */
    FILE *transcript;
    struct finding advice;
    json_t *varies;
    json_t *replay;                    /* NULL: there is no schedule to repeat; see weave.c */
    json_t *page;                      /* the same steps, for a browser; NULL: there is none */
    const char *fault;                 /* NULL: no call has to fail */
    const char *trace;                 /* NULL: nobody wants one */
    const char *user_name;             /* NULL: the real one */
    const char *gate;                  /* NULL: shared memory as it is */
    int shim;                          /* descriptor of the library that sees to these three; 0: not opened yet */
    struct machine_answer posix, sysv; /* before the check started anything */
    char group[GROUP_PATH];            /* root's control group for programs; "": none */
    unsigned long processes;           /* the most that this user may have while programs run; 0: no limit */
    bool sanitized;                    /* the programs are built with sanitizers from here on, */
    bool leaks_unseen;                 /* of which the one for leaks cannot run here */
    struct program **programs;
    size_t program_count;
    bool crash_watch; /* a run before this one has seen a program crash: this one tells where */
    /* For ends.c: */
    int told;         /* the last status that was put into words; 0: none, or one that says nothing */
    bool faulted;     /* a call of the program that was started last was made to fail */
    double looked;    /* when its processes were looked at last, CLOCK_MONOTONIC */
    const char *heir; /* a program, after whose end somebody lived on whom it had started; NULL: none */
    bool crowded;     /* a program started processes without end */
    bool flooded;     /* the program that was waited for last printed too much */
    uint64_t asleep;  /* what all its processes did when they were looked at last; 0: not all of them sleep */
    int asleep_seconds;
    bool asleep_locked; /* one of them waits for a lock or a semaphore */
    bool stalled;       /* nothing can come any more */
    const char *asleep_said;
};

/* Run the check's function and write its record; called in the child process. */
_Noreturn void check_main(struct check *check);

/* check_start for a program that inherits two descriptors, by the same numbers; 0: none. */
struct program *check_start_keeping(struct check *check, const char *const argv[], const int keep[2]);

/*
 * Prepare the preloaded library for a program, when the check wants calls to fail or to be written down: write
 * SHIM_VARIABLES variables. Returns the descriptor that the program has to inherit; 0: nothing is wanted.
 */
enum { SHIM_VARIABLES = 2 };
int check_shim(struct check *check, struct program *program, const char **environment);

/* Is the library in, where it has to be? A program that was killed may not have come to that. */
bool program_shimmed(const struct program *program);

/* Path of the interpreter where programs run. */
const char *check_python(const struct check *check);

/* Remember a name or key as this check's. */
void check_track(struct check *check, enum ledger_kind kind, const char *text);

#endif
