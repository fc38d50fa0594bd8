/* Children that somebody else left to us. */
#ifndef HARNESS_FAMILY_H
#define HARNESS_FAMILY_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Kill and reap every child of this process but the `count` in `keep`, until none is left: programs under
 * test that outlived the program that started them end up with the nearest subreaper (prctl(2)), which is
 * what check and judge declare themselves.
 */
void family_kill(const pid_t *keep, size_t count);

#endif
