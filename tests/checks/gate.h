/*
 * A program at the gate: every single access of its to shared memory is seen before it happens, and what it finds there
 * is decided at that moment. So a check can let the other side come between any two accesses, the two at which it hurts
 * for certain, where a run as it comes would meet them once in a million times.
 *
 * The library that the harness preloads (shim.c) gives the program a file in the place of the segment, a file that is
 * empty: each access is a SIGBUS (mmap(2), "ERRORS"), which ptrace(2) shows. The check makes the file long enough, lets
 * one instruction pass, and empties it again. For programs in C and Python alike; a copy by memcpy is some twenty
 * accesses, as large as the machine's registers.
 */
#ifndef CHECKS_GATE_H
#define CHECKS_GATE_H

#include "check.h"

enum { GATE_SIZE = 4096, GATE_WIDEST = 64 /* bytes that one instruction may read: AVX-512's */ };

enum gate_event {
    GATE_BEFORE, /* it is about to access memory at `offset`, or up to GATE_WIDEST - 1 bytes from there */
    GATE_AFTER,  /* it has: a store is in `bytes` */
    GATE_PRINT,  /* it is about to write to its standard output */
};

struct gate {
    struct program *program;
    unsigned char bytes[GATE_SIZE]; /* what the program finds, at its next access */
    bool writable;                  /* it was given the memory for writing */
    int accesses;

    /* Called at each event; may change bytes. false: watched enough, let it run. */
    bool (*event)(struct gate *gate, enum gate_event event, size_t offset);
    void *state; /* the event's own */

    /* gate.c's own */
    int fd;
    const char *path;
};

/* Start a program of the lab, watch it until it has ended, or `event` has seen enough, and wait for its end. */
#define GATE_RUN(check, gate, ...) gate_run(check, gate, (const char *const[]){__VA_ARGS__, NULL})
void gate_run(struct check *check, struct gate *gate, const char *const argv[]);

#endif
