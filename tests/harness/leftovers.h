/*
 * IPC objects that a check's programs left behind: found by the names and keys that the check drew and by the
 * processes that it started, never by comparing before and after, since other people's objects come and go
 * meanwhile. Behind walls nobody else has objects: there all that is left is the programs', whatever it is called, and
 * files are, too.
 */
#ifndef HARNESS_LEFTOVERS_H
#define HARNESS_LEFTOVERS_H

#include <jansson.h>
#include <time.h>

#include "context.h"

/*
 * Append to `leaks` one sentence for each object, with key or name, size, attach count and creator (nothing
 * when ledger->interfered), and to `varies` what differs from run to run; remove all of them. `checker` is
 * the process of the check, whose own objects are no leaks; what was created before `since` is not ours.
 * LEFTOVERS_ALL: this process is alone in its IPC namespace and its /dev/shm, so that everything is.
 */
enum { LEFTOVERS_ALL = 0 };
void leftovers_take(const struct ledger *ledger, pid_t checker, time_t since, json_t *leaks, json_t *varies);

/* The names in a folder of such a place, as an object's keys. To be released. */
json_t *leftovers_names(int folder);

/* The same for what is in that folder and was not `before`; nothing is removed: the folder goes with the place. */
void leftovers_files(const struct ledger *ledger, int folder, const json_t *before, json_t *leaks);

#endif
