/*
 * The control segment: everything that the runner and the processes of a run share.
 *
 * It is one anonymous file (memfd_create(2)), mapped by everybody at the same address. Only the process that
 * holds the turn touches it, or the runner while nobody does, so no field but the futex words is atomic. A
 * hostile program can write to it: the runner bounds every index that it reads here (see runner/findings.c),
 * runs under a parent that survives its death, and is told of every finding by a signal, which no program can
 * take back.
 */
#ifndef WEAVE_CONTROL_H
#define WEAVE_CONTROL_H

#include "clock.h"
#include "unwatched.h"

#include <signal.h>
#include <stddef.h>

enum {
    WEAVE_OBJECTS = 1024,      /* synchronisation objects of a run */
    WEAVE_OBJECT_SLOTS = 2048, /* of their hash, a power of two */
    WEAVE_SITES = 4096,        /* places in the code, with their callers, a power of two */
    WEAVE_CALLERS = 6,         /* program counters kept for a site, the access itself included */
    WEAVE_DECISIONS = 32768,   /* decisions of one run */
    WEAVE_SEGMENTS = 32,       /* shared mappings of a run */
    WEAVE_NUMBERED = 64,       /* things of the kernel that a run gives a number of its own */
    WEAVE_PATH = 256,
    WEAVE_IMAGES = 48,   /* programs: those of the command line, and those that they go over into */
    WEAVE_PAIRS = 32,    /* of sockets */
    WEAVE_LISTENERS = 8, /* sockets to which others connect */
    WEAVE_RANGES = 32,   /* of bytes of files that are locked */
    WEAVE_NAMES = 16,    /* FIFOs, sockets and lock files of a run */
    WEAVE_CELLS = 65536, /* runs of shared bytes with one history */
    WEAVE_RACES = 32,
    WEAVE_MISUSES = 32,
    WEAVE_EVENTS = 65536,  /* length of the trace, a power of two; older events are overwritten */
    WEAVE_READS = 16,      /* reads remembered since a process last made progress */
    WEAVE_BUFFER = 8,      /* stores that may wait in a store buffer */
    WEAVE_LOCATIONS = 512, /* atomic variables with a history, in weak mode */
    WEAVE_STORES = 8,      /* stores remembered of each: older ones can no longer be read */
    WEAVE_CHOICES = 16,    /* of one decision */
    WEAVE_KNOWN = 1 << 20, /* states that were explored, a power of two */
    WEAVE_KNOWN_OLDS = 8,  /* bounds of old values that are told apart */
    WEAVE_OLDS = 32,       /* old values in a schedule that is run again with stronger orders */
    WEAVE_NAME = 48,
    WEAVE_PROCESSORS = 128, /* bytes of a cpu_set_t */
};

/* Far from heap, stack and libraries, and from the shadow memory of sanitizers; on arm64 with 39 bits of addresses,
 * too. */
#if defined(__aarch64__)
#define WEAVE_CONTROL_ADDRESS ((void *)0x2000000000u)
#else
#define WEAVE_CONTROL_ADDRESS ((void *)0x200000000000u)
#endif
#define WEAVE_NO_SITE 0
#define WEAVE_SIGNAL_WATCHDOG \
    60 /* to a process that computes for long; programs use the first real-time signals, if any */
#define WEAVE_SIGNAL_FOUND SIGUSR2 /* to process 1 of the sandbox, the runner: a race or a misuse was recorded */

/* How an access is made. */
enum access_flags {
    ACCESS_WRITE = 1,
    ACCESS_ATOMIC = 2,
    ACCESS_VOLATILE = 4,
    ACCESS_LIBC = 8,     /* inside a library function such as memcpy */
    ACCESS_TRAPPED = 16, /* seen through a page fault: size and atomicity are guesses */
    ACCESS_OLD = 32,     /* of an event: an old value is read, or a store comes before newer ones */
};

struct access {
    uint32_t time; /* the process's own clock; 0: never */
    uint16_t site;
    uint8_t flags;
    uint8_t size; /* bytes, at most 255 */
};

/* Neighbouring shared bytes that have the same history. They start at `control.cell_start[i]`, `control.cell_at[i]`. */
struct cell {
    struct access write;
    struct access read[WEAVE_PROCESSES];
    uint64_t history; /* hash of the last write's past, for pruning */
    uint32_t changed; /* value of control.changes at the last write that may have changed the value */
    uint8_t writer;
    uint8_t atomics; /* somebody used an atomic operation here */
};

enum object_kind {
    OBJECT_ATOMIC = 1,
    OBJECT_SEMAPHORE,
    OBJECT_MUTEX,
    OBJECT_CONDITION,
    OBJECT_SYSV_SET,
    OBJECT_SYSV_SEMAPHORE,
    OBJECT_NAME, /* a name or key that somebody opens */
    OBJECT_CHILD,
    OBJECT_FUTEX,
    OBJECT_RWLOCK,
    OBJECT_BARRIER,
    OBJECT_FILE_LOCK,
    OBJECT_QUEUE, /* of messages */
    OBJECT_CHANNEL,
};

struct object {
    uint64_t key; /* see runtime/ipc.h; 0: free */
    struct clock sync;
    struct clock hypothetical; /* `sync`, if every atomic operation were acquire and release */
    struct view view;          /* `sync` and more: what reads must not fall behind of, in weak mode */
    uint64_t history;
    uint64_t time;    /* virtual nanoseconds at the last release */
    uint32_t changes; /* grows with every change of state */
    uint32_t lost;    /* signals sent while nobody waited */
    uint32_t where;   /* shared address, or 0 */
    int32_t initial;  /* first value of a semaphore, -1 unknown */
    int32_t value;    /* last known value of a semaphore; readers inside a read-write lock; processes at a barrier */
    int8_t owner;     /* process that holds it, -1 nobody */
    int8_t maker;     /* process that initialised it, -1 nobody */
    int8_t user;      /* process that used it last (System V semaphores), -1 nobody; its moment: */
    uint32_t used;
    uint8_t kind;      /* enum object_kind */
    uint8_t lock_like; /* a semaphore that one process both takes and gives back */
    uint8_t removed;   /* destroyed, unlinked or IPC_RMID */
    uint8_t waited;    /* somebody once waited for it */
    uint8_t robust;    /* the kernel tells when its owner died */
    uint16_t location; /* 1 + index of an atomic variable's history; 0: none */
    uint16_t site;     /* of the owner's lock, the last lost signal or the removal */
    uint16_t made_at;
    uint16_t used_at; /* by `user` */
    char name[WEAVE_NAME];
};

enum process_state { PROCESS_ABSENT, PROCESS_READY, PROCESS_BLOCKED, PROCESS_SPINNING, PROCESS_PARKED, PROCESS_ENDED };

/* A negative number: the run of this number is over, back to the beginning. */
enum go { GO_WAIT, GO_RUN };

enum wait_kind {
    WAIT_NOTHING,
    WAIT_SEMAPHORE,
    WAIT_MUTEX,
    WAIT_CONDITION,
    WAIT_SYSV,
    WAIT_NAME,
    WAIT_CHILD,
    WAIT_ATOMIC, /* busy waiting */
    WAIT_PLAIN,  /* busy waiting on something that is not atomic */
    WAIT_LOOP,   /* burns its time without touching shared memory */
    WAIT_FUTEX,
    WAIT_RWLOCK,
    WAIT_BARRIER,
    WAIT_FILE_LOCK,
    WAIT_SIGNAL,
    WAIT_QUEUE,
    WAIT_CHANNEL,
};

/* What handlers mean for a call that waits: nothing, that it waits again (SA_RESTART), or that it ends with EINTR. */
enum interruption { INTERRUPTED_NOT, INTERRUPTED_RESTARTING, INTERRUPTED };

/* A read that a process made since it last changed anything. */
struct watched {
    uint32_t where; /* shared address, or WEAVE_OBJECT_BIT | index */
    uint32_t stamp;
    uint16_t site;
    uint16_t times;
    uint8_t size;
};
#define WEAVE_OBJECT_BIT 0x80000000u

struct buffered_store {
    uint64_t address, value;
    struct clock sync, hypothetical;
    uint32_t where;
    uint16_t site;
    uint8_t size, order;
};

struct process {
    int32_t go; /* futex: enum go */
    int32_t pid;
    int32_t exit_status; /* wait(2) status */
    int32_t priority;    /* PCT */
    int8_t program;      /* which command line it came from */
    uint8_t image;       /* the program that it runs now */
    uint8_t wait_writes; /* waits for room, not for input */
    uint8_t entering;    /* it goes over into another one, which has not begun yet */
    int8_t parent;       /* slot of the process that forked it, -1 */
    uint8_t state;       /* enum process_state */
    uint8_t wait;        /* enum wait_kind */
    uint8_t timed;       /* the wait ends at `deadline` */
    uint8_t timed_out;
    uint8_t yielded; /* gave way of its own will */
    uint8_t skip_point;
    uint8_t reads_overflowed;
    uint8_t held;          /* locks */
    uint8_t held_unshared; /* mutexes that no other process sees */
    uint8_t stores;
    uint8_t uninstrumented;
    uint8_t killed;      /* by kill injection */
    uint8_t told_to_die; /* another process of the run sent it a signal */
    uint8_t exiting;
    uint8_t leaving;     /* it is going back to its beginning: see runtime/snapshot.c */
    uint8_t signals_due; /* signals came, or may have: to be looked at when it has the turn */
    uint8_t alarm_due;
    uint8_t interrupted; /* enum interruption: by handlers, since it was last blocked */
    int16_t wait_object; /* index or -1 */
    uint16_t wait_site;
    uint16_t reads;
    uint32_t wait_where;
    uint32_t steps;
    uint32_t burst;      /* points since it was last given the turn */
    uint32_t open_event; /* 1 + index of a traced write whose value is not known yet */
    uint64_t open_address;
    uint64_t deadline;              /* virtual nanoseconds */
    uint64_t alarm, alarm_interval; /* the same; 0: none */
    uint64_t time;                  /* virtual nanoseconds: never runs backwards along the happens-before order */
    uint64_t history;
    struct clock sync;
    struct clock hypothetical;
    struct clock release_fence;
    struct clock acquire_fence;
    struct view view, release_view, acquire_view; /* as sync and the fences, for coherence */
    uint32_t progress;                            /* how often it changed something */
    struct watched read[WEAVE_READS];
    struct buffered_store store[WEAVE_BUFFER];
};

/* A store that a load may still read, with --weak. */
struct store {
    uint64_t value;
    uint64_t history;                /* hash of its past, for pruning */
    uint64_t time;                   /* virtual nanoseconds */
    struct clock sync, hypothetical; /* what an acquire that reads it learns */
    struct view view;
    uint32_t seen[WEAVE_PROCESSES]; /* first moment of each process that has read it; 0: none */
    uint32_t at;                    /* moment of the writer */
    uint32_t fences; /* seq_cst fences before the first seq_cst operation that wrote or read it; UINT32_MAX: none */
    uint32_t event;  /* 1 + index of the writer's event; 0: none */
    int8_t writer;   /* -1: nobody, it was there before */
    uint8_t update;  /* read-modify-write: nothing comes between it and what it read */
    uint8_t trapped; /* by a process whose values are known only afterwards: look in memory */
};

/* The last read of an atomic variable by a process. */
struct last_read {
    uint64_t history;  /* of the store that was read */
    uint64_t missed;   /* of the newest store, when an old one was read; 0: the newest was read */
    uint32_t progress; /* of the process then */
    uint16_t site;
    uint16_t still; /* how often missing it again cost nothing */
};

/* An atomic variable: its newest stores in modification order. Memory holds the value of the last one. */
struct location {
    struct store store[WEAVE_STORES];
    struct last_read last[WEAVE_PROCESSES];
    uint32_t where;
    uint16_t stores;
    uint8_t size;
    uint8_t opaque; /* used with several sizes: only the newest value is read */
};

/* A file or a System V object: the kernel calls it something else in every run, but its number is the same. */
struct numbered {
    uint64_t space, id; /* device and inode; see runtime/ipc.c */
    uint32_t number;
};

/* Bytes of a file that processes lock, or the file as a whole with flock(2). */
struct file_range {
    uint64_t file;
    int64_t first, last;
    uint32_t readers, writers; /* processes that hold it, a bit each */
    int16_t object[2];         /* what writers have handed on, and what readers */
    bool whole;
};

/* A name in the file system that the run has made and that goes with it, if it is still the same file. */
struct made {
    uint64_t device, inode;
    char path[WEAVE_PATH];
};

struct segment {
    uint64_t device, inode;
    uint32_t base; /* shared address of its first byte */
    uint32_t size;
    uint32_t asked; /* size that the program asked for */
    char name[WEAVE_NAME];
};

/* A place in the code: program counters, innermost first; or, for an interpreter, a text. */
struct site {
    uint64_t pc[WEAVE_CALLERS];
    uint8_t image; /* see struct control */
    uint8_t depth;
    char text[64]; /* "file.py:12 function", empty for compiled code */
};

/* A program: its file, and where the loader has put it. */
struct image {
    char path[WEAVE_PATH];
    uint64_t base;
};

struct race {
    uint32_t where;
    uint32_t event;   /* length of the trace when it was found */
    uint16_t site[2]; /* 0: the earlier access, 1: the later */
    uint8_t process[2];
    uint8_t flags[2];
    uint8_t size[2];
    uint8_t hypothetical; /* it would be ordered if atomics were not relaxed */
    uint8_t unshared;     /* the later one holds a mutex of its process alone */
};

enum misuse_kind {
    MISUSE_NONE,
    MISUSE_MUTEX_PRIVATE,
    MISUSE_SEMAPHORE_PRIVATE,
    MISUSE_CONDITION_PRIVATE,
    MISUSE_FUTEX_PRIVATE,
    MISUSE_TWICE,
    MISUSE_LATE,
    MISUSE_NOT_OWNER,
    MISUSE_RELOCK,
    MISUSE_UNINITIALISED,
    MISUSE_REMOVED,
    MISUSE_TOO_HIGH,
    MISUSE_HELD_AT_EXIT,
    MISUSE_WAIT_UNLOCKED,
};

struct misuse {
    uint32_t where;
    uint32_t event;
    uint16_t site, other_site;
    int16_t object;
    uint8_t kind, process;
    int8_t other;
};

enum event_kind {
    EVENT_READ,
    EVENT_WRITE,
    EVENT_LOAD,
    EVENT_STORE,
    EVENT_UPDATE, /* atomic read-modify-write */
    EVENT_FENCE,
    EVENT_BUFFER, /* an atomic store goes into the process's buffer */
    EVENT_FLUSH,  /* a buffered store reaches memory */
    EVENT_SEM_WAIT,
    EVENT_SEM_POST,
    EVENT_LOCK,
    EVENT_UNLOCK,
    EVENT_SEMOP,
    EVENT_SIGNAL,
    EVENT_WAKE,
    EVENT_OPEN,
    EVENT_REMOVE,
    EVENT_INIT,
    EVENT_BLOCK,
    EVENT_SPIN,
    EVENT_TIMEOUT,
    EVENT_SLEEP,
    EVENT_FORK,
    EVENT_END,
    EVENT_KILLED,
    EVENT_SPURIOUS,
    EVENT_LOOP,
    EVENT_FAULT, /* a fatal signal arrives */
    EVENT_SEND,  /* into a channel or queue */
    EVENT_RECEIVE,
    EVENT_EXEC,
};

struct event {
    uint64_t value, old;
    uint32_t where;
    uint32_t step;
    uint32_t other; /* 1 + index of the event that it goes with: of an old value, the store that it misses; 0: none */
    uint32_t pick;  /* with ACCESS_OLD: number of the choice, see struct decision */
    int16_t object;
    uint16_t site;
    uint8_t process, kind, size, order;
    uint8_t flags;
};

/* How a run ended. */
enum ending {
    ENDING_NONE,
    ENDING_NORMAL,
    ENDING_STUCK,      /* nobody can go on */
    ENDING_STEPS,      /* too many steps */
    ENDING_DIVERGED,   /* a prescribed choice was not possible */
    ENDING_LOOP,       /* a process computes for ever */
    ENDING_BLOCKED,    /* a process sleeps in a system call that is not modelled */
    ENDING_LIMIT,      /* a table is full */
    ENDING_TIME,       /* the wall clock ran out */
    ENDING_UNMODELLED, /* a process made a call that weave does not know: see control.unmodelled */
    ENDING_KNOWN,      /* the rest of the schedule was run before */
};

enum strategy { STRATEGY_DFS, STRATEGY_PCT, STRATEGY_RANDOM };

enum decision_kind { DECIDE_TURN, DECIDE_DELAY_STORE, DECIDE_WAKE_SPURIOUSLY, DECIDE_READ, DECIDE_PLACE };

struct decision {
    uint64_t state; /* hash of the state in which it was taken */
    uint16_t mask;  /* possible choices */
    uint16_t free;  /* those that cost nothing, besides `normal` */
    uint32_t pick;  /* of DECIDE_READ and DECIDE_PLACE: how many such choices came before, those without a choice too */
    uint8_t kind;
    uint8_t choice;
    uint8_t normal;  /* the choice that costs nothing */
    int8_t current;  /* process that could go on, -1 none */
    uint8_t yielded; /* and asked to be passed over */
};

/* How far a search goes. */
struct bounds {
    int32_t turns; /* costly decisions */
    int32_t olds;  /* old values */
    uint8_t unbounded;
    uint8_t delay; /* a turn costs how many processes are passed over */
};

/* See core/known.c. */
struct known {
    int32_t stops; /* a run that comes to a known state ends there */
    struct bounds bounds;
    int32_t spent, old_spent; /* of the bounds, in this run */
    uint32_t slots, used;
    uint32_t most;                               /* slots it may grow to, a power of two; 0: WEAVE_KNOWN */
    uint64_t state[WEAVE_KNOWN];                 /* 0: free */
    int16_t left[WEAVE_KNOWN][WEAVE_KNOWN_OLDS]; /* by how many old values were left: 1 + the switches left, 0 never */
};

/*
 * What if: a schedule is run again with stronger orders, to learn whether they forbid an old value. Its picks are
 * listed and not among the prescribed decisions, for there are fewer choices with stronger orders.
 */
struct stronger {
    uint64_t pc; /* of the atomic operation */
    uint8_t image, order;
    uint8_t fence_before, fence_after; /* a fence of `order` there, the operation itself stays */
};
struct what_if {
    int32_t on;
    uint32_t changes, olds;
    struct stronger change[4];
    struct {
        uint32_t pick, choice;
    } old[WEAVE_OLDS];
};

#define WEAVE_GUARD 0x7765617665u /* "weave" */

struct control {
    /* Set by the runner before a run. */
    uint64_t guard; /* WEAVE_GUARD, or a program has written here */
    int32_t strategy;
    int32_t processes;    /* command lines */
    int32_t every_access; /* scheduling points at plain accesses too */
    int32_t store_buffers;
    int32_t spurious; /* explore spurious wake-ups of condition variables */
    int32_t weak;     /* so many loads may read old stores, and stores come before newer ones; 0: none */
    int32_t runner_pid;
    int32_t kill_process, kill_step; /* -1: nobody */
    int32_t first;                   /* 1 + the process for whose first wait or end the others wait; 0: nobody */
    uint32_t daemons;                /* processes that need not end: a bit each, their children included */
    uint32_t max_steps;
    uint8_t processors[WEAVE_PROCESSORS]; /* a cpu_set_t: those that the programs shall see */
    uint32_t change_at[8];                /* PCT: steps at which priorities change */
    int32_t changes_wanted;
    uint64_t random;
    uint32_t prescribed; /* decisions that are given */
    uint8_t prescription[WEAVE_DECISIONS];
    struct what_if what_if;
    uint64_t last_guard;

    /* Handshake with the fork servers. */
    uint32_t residents;                 /* programs whose next process may stay for more than one run: a bit each */
    int32_t resting[WEAVE_PROCESSES];   /* the run after which such a process was last where it began, and waited */
    int32_t epoch;                      /* number of the run */
    int32_t arrived;                    /* futex */
    int32_t reaped[WEAVE_PROCESSES];    /* futexes: 1 when the server has buried its child */
    int32_t server_go[WEAVE_PROCESSES]; /* futex: run this server's child may be forked for */

    /* State of the run, cleared before each. */
    int32_t ending;
    int32_t turn;  /* process that runs, -1 nobody */
    int32_t slots; /* processes so far */
    int32_t spinning;
    uint32_t steps;
    uint32_t idle_rounds; /* how often busy-waiting processes ran again because nobody else could */
    uint32_t idle_events; /* length of the trace before the first of these rounds */
    uint32_t changes;
    uint32_t decisions;
    uint32_t picks;     /* choices of what to read and where to place a store */
    uint32_t olds;      /* those that took an old one at random */
    uint32_t forbidden; /* what if: 1 + number of the first pick that is not possible any more */
    uint32_t events;
    uint32_t cells;
    uint32_t objects;
    uint32_t segments;
    uint32_t locations;
    struct view sequential; /* what the seq_cst fences so far hand on */
    uint64_t sequential_history;
    uint32_t shared_top;
    uint32_t races, misuses;
    uint32_t parkings;       /* how often a process was set aside because it computed for long */
    uint32_t parkings_asked; /* by the runner: a signal that comes late asks for nothing more */
    char unmodelled[48];     /* "uses CALL", and where */
    uint16_t unmodelled_site;
    uint32_t channels; /* somebody has made one */
    uint32_t pairs;
    uint64_t pair[WEAVE_PAIRS][2];      /* of sockets, by their inodes; the second is 0 until it is accepted */
    int16_t pair_listener[WEAVE_PAIRS]; /* to whom it was connected, an object; -1: made as a pair */
    uint32_t listeners;
    struct {
        uint64_t inode;
        int16_t object;
    } listener[WEAVE_LISTENERS];
    uint32_t ranges;
    struct file_range range[WEAVE_RANGES];
    uint32_t names_made;
    struct made made[WEAVE_NAMES];
    uint32_t numbered_count;
    struct numbered numbered[WEAVE_NUMBERED];
    struct process process[WEAVE_PROCESSES];
    struct segment segment[WEAVE_SEGMENTS];
    struct race race[WEAVE_RACES];
    struct misuse misuse[WEAVE_MISUSES];
    struct object object[WEAVE_OBJECTS];
    uint16_t object_slot[WEAVE_OBJECT_SLOTS]; /* 1 + index of an object; 0: free */

    /* Large arrays, valid up to their counts. */
    struct decision decision[WEAVE_DECISIONS];
    struct event event[WEAVE_EVENTS];
    uint32_t cell_start[WEAVE_CELLS];
    uint32_t cell_at[WEAVE_CELLS];
    uint32_t cell_hint;
    uint32_t cell_top;  /* cells ever used */
    uint32_t cell_free; /* 1 + index of the first free cell, chained through cell_next */
    uint32_t cell_next[WEAVE_CELLS];
    struct cell cell[WEAVE_CELLS];
    struct location location[WEAVE_LOCATIONS];

    /* Kept from run to run: first the programs of the command line, then `images` others. */
    uint32_t images;
    struct image image[WEAVE_IMAGES];
    uint16_t unwatched[UNWATCHED_COUNT]; /* where they first got a pointer to shared memory; 0: never */
    uint32_t sites;
    uint16_t site_index[WEAVE_SITES * 2];
    struct site site[WEAVE_SITES];
    struct known known; /* for the whole search */
};

#endif
