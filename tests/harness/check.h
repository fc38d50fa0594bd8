/*
 * How a graded check is written. tests/harness/README.md explains it on a page; tests/checks/lab1_layout.c is
 * the model.
 *
 * A check is one entry of a table: what it is called, what it is worth, what it teaches, and a function that
 * runs the student's programs as separate processes and looks at what they do. The function runs in a child
 * process of the judge: it falls off its end when all is well, and ends early, from whatever depth, through
 * FAIL. Programs that it started, objects whose names it drew and memory that it was given belong to the
 * check, and are taken back after it, whichever way it ends.
 *
 * Nothing here prints: the record of a check goes to the judge, what the programs said goes to the
 * transcript.
 */
#ifndef HARNESS_CHECK_H
#define HARNESS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "process.h"
#include "shmlab/clock.h"

struct check;

enum {
    CHECK_HINTS = 3, /* the concept; where to look; nearly the code */
    CHECK_NEEDS = 4,
    LAB_PROGRAMS = 10,
    LAB_CHALLENGES = 6, /* programs that belong to challenges */
    LAB_SOURCES = 8,
    LAB_FILES = 12,
};

/* How long a check may take before the judge ends it; only a runaway meets its limit. Seconds: see check_limits. */
enum check_limit {
    LIMIT_QUICK,   /* starts a few programs */
    LIMIT_BUILD,   /* compiles */
    LIMIT_LONG,    /* many rounds */
    LIMIT_EXPLORE, /* walks interleavings */
    LIMITS
};

/* The one table: seconds for the whole check and for one wait in it, both times process_time_scale(). */
extern const struct check_limits {
    double whole, wait;
} check_limits[LIMITS];

enum check_visibility {
    CHECK_PUBLIC,
    CHECK_INSTRUCTOR, /* `run` is in labN_name_instructor.c, which no student has: see CHECK_HIDDEN */
};

struct check_case {
    const char *name;    /* lower case, words joined by "_": make lab1 CHECK=name */
    int points;          /* those of all checks of a lab that are no challenge add up to 100 */
    bool challenge;      /* extra credit */
    const char *title;   /* one sentence without a full stop: what holds when the check passes */
    const char *concept; /* what there is to learn, in a few words; shown for instructor's checks too */
    const char *hints[CHECK_HINTS];
    const char *needs[CHECK_NEEDS];    /* names of earlier checks; one of them failed: this one is skipped */
    const char *programs[CHECK_NEEDS]; /* those of challenges (struct lab) that it starts */
    enum check_limit limit;
    enum check_visibility visibility;
    bool sockets; /* its programs meet at a UNIX socket of kind SOCK_SEQPACKET: elsewhere walls leave them none */
    bool last;    /* runs when all others are done: for checks of what they left behind */
    void (*run)(struct check *check);
};

/* Declare the function of an instructor's check in the public file; without its body the check counts as hidden. */
#define CHECK_HIDDEN(function) void function(struct check *check) __attribute__((weak))

/* What a C program of the lab is linked with. */
enum lab_link {
    LINK_COMMON, /* libshmlab_common */
    LINK_VISION, /* also libshmlab_vision: pictures, sources, detector */
};

struct lab_program {
    const char *name;
    /* In the lab's folder, "../lab1_layout/sample.c", or a path: TOOLCHAIN_SOURCE "/tests/checks/programs/..." */
    const char *sources[LAB_SOURCES];
    enum lab_link link;
};

struct lab {
    const char *name;                 /* folder, "lab1_layout" */
    const char *title;                /* for people */
    const char *files[LAB_FILES];     /* what the student edits and hands in */
    const char *include[CHECK_NEEDS]; /* more folders with headers, relative to the lab's folder */
    struct lab_program programs[LAB_PROGRAMS];
    /* Names of those programs that belong to a challenge: that they do not compile fails nothing but the
     * checks that start them. */
    const char *challenges[LAB_CHALLENGES];
    const struct check_case *cases;
    size_t case_count;
};

/* 1 for "lab1_layout". */
int lab_number(const struct lab *lab);

/* ---- The verdict ---- */

/* Everything that can be said of a failure; leave out what is unknown. Texts are copied. */
struct finding {
    const char *expected; /* one line where one will do; more lines are kept as they are (tables, drawings of bytes) */
    const char *found;
    const char *file;     /* in the lab's folder */
    int line;             /* 0: unknown; see check_line */
    const char *cause;    /* the usual cause: "this is most often ..." */
    const char *next;     /* the next step */
    const char *compiler; /* what the compiler says, as it says it */
};

/* The check has failed: FAIL(check, .expected = "...", .found = "..."). Does not come back. */
#define FAIL(check, ...) check_fail(check, &(struct finding){__VA_ARGS__})
_Noreturn void check_fail(struct check *check, const struct finding *finding);

/* FAIL unless the condition holds: REQUIRE(check, size == 1024, .expected = "1024 bytes", .found = ...). */
#define REQUIRE(check, condition, ...) \
    do {                               \
        if (!(condition))              \
            FAIL(check, __VA_ARGS__);  \
    } while (0)

/* What failures from here on say where they leave a member out: ADVISE(check, .file = "writer.c", .cause = "..."). */
#define ADVISE(check, ...) check_advise(check, &(struct finding){__VA_ARGS__})
void check_advise(struct check *check, const struct finding *finding);

/* It cannot be checked: neither passed nor failed, and without points. Does not come back. */
_Noreturn void check_skip(struct check *check, const char *reason);

/* This machine cannot judge it (a tool, a kernel's feature or a right is missing): costs no points, and keeps no other
 * check from running. The reason says what is missing; `make doctor` says what to do. Does not come back. */
_Noreturn void check_unjudged(struct check *check, const char *reason);

/* The harness itself is in trouble (no memory, no descriptor): an error record that blames nobody's program. */
_Noreturn void check_broken(struct check *check, const char *what, ...) __attribute__((format(printf, 2, 3)));

/* ---- Where things are; all texts live until the check ends ---- */

const struct lab *check_lab(const struct check *check);
/* The student's folder of this lab, a path. */
const char *check_folder(const struct check *check);
/* A folder for the check's own files, gone after it. */
const char *check_scratch(struct check *check);
/* printf into a text that lives until the check ends. */
const char *check_text(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Memory that lives until the check ends, all zero. */
void *check_memory(struct check *check, size_t size);
/* The content of a file, NUL-terminated; NULL when there is none. */
char *check_read(struct check *check, const char *path, size_t *length);
/* Number of the first line of a file in the lab's folder that contains the text outside of comments; 0: none. */
int check_line(struct check *check, const char *file, const char *text);
/* A line in the transcript: what the check does, in words. */
void check_note(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Tell that this text differs from run to run, so that comparisons of verdicts ignore it: check_varies(c,
 * "id", "17"). */
void check_varies(struct check *check, const char *label, const char *text);

/* ---- Programs ---- */

struct program {
    struct process process;
    struct check *check;
    pid_t pid;           /* also when it is gone; for kill, ptrace, /proc and what the kernel tells us */
    pid_t own_pid;       /* what it takes for its id and writes into memory: another one behind walls */
    time_t since;        /* when it was started, seconds since 1970 */
    const char *command; /* as the transcript shows it */
    const char *short_name;
    const char *executable;     /* the file that runs: Python for a script */
    bool ended;                 /* reaped */
    int status;                 /* once reaped: 0..255, 256 + signal, -1 did not end in time */
    size_t logged;              /* bytes of its output that are in the transcript */
    struct shim_orders *orders; /* for the library that lets its calls fail; NULL: it has none */
};

/*
 * Start a program of the lab: START(check, "writer", "--key", key). "NAME.py" is run by the Python
 * interpreter, from the student's folder; another name is one of the lab's programs, which the judge has
 * built. A name with a slash is a path. Fails the check when there is no such program.
 */
#define START(check, ...) check_start(check, (const char *const[]){__VA_ARGS__, NULL})
struct program *check_start(struct check *check, const char *const argv[]);
/* Processor time in seconds that an interpreter needs here, where the check's programs run, to start and do nothing. */
double check_python_seconds(const struct check *check);

/* Wait until it has printed the text (after what was waited for before), or fail the check. */
void program_expect(struct program *program, const char *text);
/* The same as a question. */
bool program_prints(struct program *program, const char *text);
/* Wait for its end: exit status 0..255, 256 + N when signal N ended it, -1 when it ran on and was killed. */
int program_wait(struct program *program);
/* Wait for its end, and fail the check when the status is another. */
void program_ends(struct program *program, int status);
/* Start, wait for the end, check the status: RUN(check, 0, "reader", "--key", key). */
#define RUN(check, status, ...) check_run(check, status, (const char *const[]){__VA_ARGS__, NULL})
struct program *check_run(struct check *check, int status, const char *const argv[]);
/* Send it a signal, text on standard input, or the end of standard input. */
void program_signal(struct program *program, int number);
void program_send(struct program *program, const char *text);
void program_end_input(struct program *program);
/* All that it has printed (standard output and error). */
const char *program_output(struct program *program);
/* Has it printed this, anywhere? */
bool program_said(struct program *program, const char *text);
/* fork(2) into the place where programs run, for a stand-in of one that the check writes itself. */
pid_t check_fork(struct check *check);
/* Is it still there? */
bool program_runs(struct program *program);
/* Processor time that it has used, milliseconds; -1 when it is gone. */
long program_cpu_ms(const struct program *program);
/* How it ended, and its last words, for a finding. Waits for its end. */
const char *program_ending(struct program *program);
/* A status in words: "exit status 1", "signal 11 (Segmentation fault)". */
const char *status_text(struct check *check, int status);

/*
 * Wait until a condition on memory holds: AWAIT(check, box->ready, "the writer sets ready"). Looks again and
 * again (memory has no event to wait for), lets the programs' output flow meanwhile, fails the check after
 * one wait's limit.
 */
#define AWAIT(check, condition, what) \
    for (struct await await_ = await_begin(check, what); !(condition); await_turn(&await_))
struct await {
    struct check *check;
    const char *what;
    struct deadline end;
};
struct await await_begin(struct check *check, const char *what);
void await_turn(struct await *await);

/* ---- Names and keys of this check alone; what is left of them is reported as a leak, and removed ---- */

/* "/shmlab_PID_N": a POSIX name that nobody has. */
const char *check_name(struct check *check);
/* The same without the slash, for --prefix: objects whose names begin so are this check's. */
const char *check_prefix(struct check *check);
/* A System V key that nobody has, as text for --key. */
const char *check_key(struct check *check);
/* A path for ftok(3), for --key-path: a fresh file in the scratch folder, whose keys no object has yet. */
const char *check_key_path(struct check *check, int id);

/*
 * Let one IPC call of the programs started from here on fail: check_inject(check, "shmget:1:EACCES"), the 1st call;
 * 0: every call. NULL: no more. shmctl and semctl by command: "shmctl/IPC_RMID:1:EINVAL". README.md has the calls. A
 * program into which this cannot get makes the check an error of the harness, whatever it finds.
 */
void check_inject(struct check *check, const char *fault);
/* How many of its calls have failed by that order so far. None: it makes fewer calls than the order's N. */
unsigned program_injected(const struct program *program);
/* Seconds that it has waited in waits that ended by order at once, because their time was over:
 * "sem_clockwait:2+:ETIMEDOUT". */
double program_waited(const struct program *program);

/*
 * The System V shared memory calls of the programs started from here on, a line each, in order, in the file
 * whose path this returns: "shmget(KEY, SIZE, FLAGS)", "shmat(ID, SHM_RDONLY)" or "shmat(ID, 0)", "shmdt()",
 * "shmctl(ID, IPC_RMID)".
 */
const char *check_trace(struct check *check);

/* Shared memory of the programs started from here on is this file instead, and each of them waits for program_go before
 * it begins; NULL: no more. For tests/checks/gate.c. */
void check_gate(struct check *check, const char *path);
bool program_waits_to_go(const struct program *program);
void program_go(struct program *program);

/* getpwuid gives this user name to the programs started from here on; NULL: the real one. */
void check_user_name(struct check *check, const char *name);

/* What the programs leave behind from here on is not their fault, for example because a removal was made to fail. */
void check_pardon_leaks(struct check *check);

#endif
