/*
 * Memory of a box, capped by the kernel: a control group for each (cgroups(7), version 2), where this machine
 * lets us make some: root may, and whoever has been given a part of the tree (`systemd-run --user --scope -p
 * Delegate=yes`).
 *
 *     BASE                       the group that the grader was started in, or for root the top one
 *      └─ shmlab-grader.XXXXXX   locked by the grader as long as it lives
 *          ├─ judge              the grader itself, when it had to leave BASE
 *          └─ box.PID.N
 *              ├─ keeper         and the check
 *              └─ room           the programs: what they use together has a limit, and if they meet it, all
 * are killed
 */
#ifndef GRADER_CGROUP_H
#define GRADER_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* Before the first box. False, and a sentence in `why`: there are no groups for us; boxes go without. */
bool cgroup_begin(char *why, size_t size);

/* Behind the last box, in the process that began: everything goes. */
void cgroup_end(void);

/* What a room may use. */
struct cgroup_limits {
    unsigned long long memory; /* bytes, swap is not to be had */
    unsigned processes;
};

/* Of a box, to be closed. */
struct cgroup_box {
    int keeper, room; /* whoever writes "0" to the descriptor is inside; -1: no groups here */
    int events;       /* the room's memory.events */
};

/* Make the groups of a box. Those of this process's earlier boxes go when nobody is in them. */
struct cgroup_box cgroup_box_make(const struct cgroup_limits *limits);

/* Close the descriptors. */
void cgroup_box_close(struct cgroup_box *box);

/* Enter one, by its descriptor; -1 is none. False with errno. */
bool cgroup_enter(int group);

#endif
