/*
 * What the harness orders of the library that it preloads (shim.c), and what that answers: a file that both map. Its
 * path is in an environment variable that the library takes out before the program's own code runs, as it does
 * with LD_PRELOAD; nothing is opened for it then, and no name is left by which a program could tell.
 */
#ifndef HARNESS_SHIM_H
#define HARNESS_SHIM_H

#include <stdint.h>

#define SHIM_VARIABLE "SHMLAB_ORDERS"

enum { SHIM_NAME = 32, SHIM_USER = 256, SHIM_PATH = 1024, SHIM_FRAMES = 24 };

/* Where a program has crashed, as its signal handler sees it. */
struct shim_crash {
    int32_t number, code; /* of siginfo_t; number 0: it has not */
    uint64_t address;     /* that it reached for */
    uint64_t stack;       /* its stack pointer */
    uint64_t base;        /* where the program itself is loaded */
    int32_t writes;       /* 1: it stored there, 0: it loaded, -1: unknown */
    int32_t frames;       /* so many of the following: the instruction, then the return addresses */
    uint64_t frame[SHIM_FRAMES];
    char mapping[SHIM_PATH]; /* the line of /proc/PID/maps that has the address; "": nothing is mapped there */
    int64_t size;            /* of the file that is mapped there; -1: none, or unknown */
};

struct shim_orders {
    uint32_t size; /* of this structure: a library of another build does nothing */
    /* The call that has to fail: its name, its command (shmctl, semctl) or "", which one (1: the first; 0: all), with
     * which error. Without a name none fails. A negative number is a signal that comes just before the call, which
     * then is made as usual. */
    char call[SHIM_NAME], command[SHIM_NAME];
    uint32_t nth, onwards; /* onwards: not only the nth, but each from there on */
    int32_t number;
    char trace[SHIM_PATH];     /* file for a line of each System V shared memory call; "": none */
    char user_name[SHIM_USER]; /* what getpwuid finds; "": the truth */
    char gate[SHIM_PATH];      /* file that takes the place of shared memory, see tests/checks/gate.h; "": none */
    uint32_t watch;            /* 1: be told of a crash */
    struct shim_crash crash;   /* the library's; read when the program has ended */
    /* The answer. All with atomic operations: the library's, of the program and its children, and the harness's. */
    uint32_t loaded; /* the library is in */
    uint32_t go;     /* the harness's: a program with a gate begins when this is 1, a futex(2) */
    uint32_t calls;  /* how often that call was made, */
    uint32_t failed; /* and how often it failed by order */
    int64_t ahead;   /* nanoseconds by which the program's clocks are put forward: waits that ended by order */
};

/* Names of calls that can be made to fail. */
#define SHIM_CALLS                                                                                                    \
    "shmget", "shmat", "shmdt", "shmctl", "semget", "semop", "semtimedop", "semctl", "shm_open", "shm_unlink",        \
        "ftruncate", "posix_fallocate", "fstat", "mmap", "munmap", "sem_open", "sem_close", "sem_unlink", "sem_wait", \
        "sem_trywait", "sem_timedwait", "sem_clockwait", "sem_post", "kill", "fork"

#endif
