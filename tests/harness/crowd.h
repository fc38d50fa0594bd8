/*
 * Programs that start processes without end. Each program under test leads a process group; whoever of it grows beyond
 * all reason is ended together, by one kill(2), before it takes the machine. A limit on the user's processes
 * (RLIMIT_NPROC) holds those that leave their group; root has no such limit, getrlimit(2).
 */
#ifndef HARNESS_CROWD_H
#define HARNESS_CROWD_H

#include <stdbool.h>
#include <sys/types.h>

enum { GROUP_PATH = 96 };
enum { CROWD_MANY = 256 /* processes of one program: none of a lab needs a tenth */ };

/* Tasks on this machine. */
unsigned crowd_now(void);

/* Has this group more than CROWD_MANY processes? Looks only when the machine's tasks have become that many more than
 * *before, which is brought up to date. */
bool crowd_grown(pid_t group, unsigned *before);

/* The most processes and threads that this user may have from now on: what there are, and room for all that a check and
 * the user's other programs start. 0: no limit. */
unsigned long crowd_limit(void);

/* For root, whom that does not hold: a control group for what a check starts, where the kernel has one to give. The
 * file to which a process writes "0" to be in it. It is removed when nothing is in it any more. */
bool crowd_group_make(pid_t check, char procs[GROUP_PATH]);
void crowd_group_remove(pid_t check);

#endif
