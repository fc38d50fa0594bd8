/*
 * Walls around student's programs: Linux namespaces, and bubblewrap for the room inside.
 *
 * Who starts whom:
 *  - the judge, on this machine, as root or as an ordinary user, starts the keeper;
 *  - the keeper has namespaces of its own (user, pid, mount, ipc), and a small tmpfs for /dev/shm; it starts the check
 *    and the room;
 *  - the check is trusted, as the keeper is: it looks at programs and memory from outside;
 *  - the room (bwrap) has namespaces of its own again (user, pid, mount, network, host name), no capabilities, few
 *    files, and limits;
 *  - the student's programs run in the room, and share the keeper's ipc and /dev/shm.
 *
 * A program in the room is a child of the check: waitpid, ptrace and signals reach it. It sees only what is
 * in the room. The keeper is process 1 of its namespace: when it ends, or is killed, the kernel kills all
 * that is left, and whoever reaps the keeper knows that nothing lives.
 */
#ifndef GRADER_BOX_H
#define GRADER_BOX_H

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

#include "judge.h"

/* How much there is between student's programs and this machine. */
enum isolation {
    ISOLATION_FULL, /* all that stands above */
    ISOLATION_NONE, /* nothing: programs run as the grader does. For one's own code */
    ISOLATIONS
};

/* The names for --isolation and the reports: "full", "none". */
extern const char *const isolation_names[ISOLATIONS];

/* The option --isolation, of that key, and what it was given; wrong usage where there is none of that name. */
#define BOX_OPTION(key)                                                                                    \
    {                                                                                                      \
        "isolation", key, "NAME", 0, "full (default) or none: no walls at all, for code that you trust", 0 \
    }
enum isolation box_isolation(struct argp_state *state, const char *name);

/* Walls for judge_order.walls; NULL for ISOLATION_NONE. They live as long as the program. */
const struct walls *box_walls(enum isolation isolation);

/*
 * Try it: make a box whose room is in that folder, run a program in it, see where it is. True when all is as
 * it should be; else a sentence, in `why`, on what this machine lacks.
 */
bool box_try(const char *folder, char *why, size_t size);

/*
 * Make a folder for what exists during a run, below TMPDIR or /tmp, and try a box in it when there are to be
 * walls. Its path goes to the file `note` before anything else, for whoever comes after a kill; NULL: nowhere. False
 * after a message; then there is no folder.
 */
bool box_room(enum isolation isolation, char *folder, size_t size, const char *note);

/* Behind the last box: remove the folder, and what else there was for boxes. */
void box_room_end(const char *folder);

#endif
