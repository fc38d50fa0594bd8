/*
 * Looking at a running program more closely than its output allows: is it asleep, or does it burn a core?
 * And, instruction by instruction, what is in shared memory between any two of its stores?
 */
#ifndef CHECKS_WATCH_H
#define CHECKS_WATCH_H

#include "check.h"

/* Does the program wait, asleep or going round? False: it ended. */
bool watch_stays(struct program *program);

/* The program waits, asleep or going round: fails the check when it ends instead. `doing` goes into the
 * sentence
 * ("while the mailbox is full"). */
void watch_waits(struct program *program, const char *doing);

/*
 * It waits asleep: fails the check when it burns a core, too, that is, when a tenth of a second of processor
 * time has passed before it was found asleep often enough. Processor time passes only for a program that
 * runs, so the verdict does not depend on how fast or how busy the machine is.
 */
void watch_rests(struct program *program, const char *doing);

enum step_result {
    STEP_DONE,
    STEP_ENDED,   /* the program has ended; program_wait tells how */
    STEP_BLOCKED, /* it sleeps in the kernel and nothing wakes it */
};

/*
 * Stop the program and take it over: from now on it runs one instruction for each watch_step (ptrace(2),
 * PTRACE_SINGLESTEP), so that memory can be looked at, and changed, between any two. Skips the check where
 * the system does not allow it. watch_release lets it run again.
 */
void watch_seize(struct program *program);
enum step_result watch_step(struct program *program);

/*
 * The same, but it runs until it enters the kernel, or comes back from there (PTRACE_SYSCALL): call is the
 * number of the system call that it enters, -1 when it comes back.
 */
enum step_result watch_call(struct program *program, long *call);

/* The same for any way of going on: PTRACE_CONT, PTRACE_SYSCALL ..., with a signal for it, or 0. */
enum step_result watch_resume(struct program *program, int how, int signal_number);
void watch_release(struct program *program);

#endif
