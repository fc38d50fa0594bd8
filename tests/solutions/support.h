/*
 * What the tests of the reference solutions share: where the programs are, names of their own, and the
 * question whether anything was left behind.
 */
#ifndef SOLUTIONS_SUPPORT_H
#define SOLUTIONS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "process.h"

#define SOLUTION(lab, program) SHMLAB_SOLUTIONS_BUILT "/" lab "/" program
#define SCRIPT(lab, program)   SHMLAB_SOURCE "/solutions/" lab "/" program
#define FOREIGN                SHMLAB_SOURCE "/tests/solutions/foreign_client.py"

enum { KILLED = 256 }; /* added to the signal's number by process_finish */

/* A name that no other process and no other test uses: "shmlabtest_PID_N". Lives until exit. */
const char *unique_name(void);

/* The same with a slash in front. */
const char *unique_object(void);

/* A System V key that no segment has, as text for --key. */
const char *unique_key(void);

/* Start a program; argv as for process_start. Fails the test when it cannot be started. */
#define START(process, ...) start(process, (const char *const[]){__VA_ARGS__, NULL})
void start(struct process *process, const char *const argv[]);

/* Wait for the end, free everything, and check the exit status; shows the output when it is another one. */
#define FINISH(process, expected) finish(process, expected, __FILE__, __LINE__)
void finish(struct process *process, int expected, const char *file, int line);

/* Check that the process prints the text. */
#define EXPECT(process, text) expect(process, text, __FILE__, __LINE__)
void expect(struct process *process, const char *text, const char *file, int line);

/* Is there a POSIX object (shared memory as it is, semaphore as "sem.NAME") of a name that begins so? */
bool object_left(const char *prefix);

/* Check that there is none. */
#define assert_none_left(prefix) none_left(prefix, __FILE__, __LINE__)
void none_left(const char *prefix, const char *file, int line);

/* Is there a System V segment with this key? */
bool segment_left(const char *key);

/* Numbers from a fixed seed that is printed at the start; for moments, not for values. */
unsigned random_below(unsigned limit);

/* Let a random, short time pass without sleeping: 0 to about 2 ms of work. */
void random_delay(void);

#endif
