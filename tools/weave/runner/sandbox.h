/*
 * A world of its own for a session: mounts, System V objects, processes.
 *
 * Two weaves at once, or a weave beside a running lab, would otherwise meet under the same names. /dev/shm is
 * a fresh tmpfs, System V objects live in a new IPC namespace, and everything that a program leaves behind
 * dies with process 1 of the new process namespace. An ordinary user gets the right to all this from a user
 * namespace (user_namespaces(7)).
 */
#ifndef WEAVE_SANDBOX_H
#define WEAVE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* Enter the namespaces. Processes forked from now on live in the new process namespace. 0, or -1 and `why`
 * says what failed. */
int sandbox_enter(char *why, size_t size);

/*
 * In the first process forked after sandbox_enter: its own /dev/shm and /proc. Sealed: nothing else can be
 * written to, whatever its permissions. 0 or -1 as above.
 */
int sandbox_mount(bool sealed, char *why, size_t size);

/* In a sealed program's process, before exec: it gets no new user namespace, and with it no rights to mount.
 * 0 or -1 with errno. */
int sandbox_confine(void);

#endif
