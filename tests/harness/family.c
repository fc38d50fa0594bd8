/* See family.h. */
#define _GNU_SOURCE
#include "family.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static bool kept(pid_t pid, const pid_t *keep, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (keep[i] == pid)
            return true;
    return false;
}

/* Kill those that are there now; true when there was one. */
static bool family_kill_once(const pid_t *keep, size_t count)
{
    char path[64];
    int pid;
    bool any = false;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)gettid());
    FILE *children = fopen(path, "re"); /* missing without CONFIG_PROC_CHILDREN: then only direct children are known */
    if (children == NULL)
        return false;
    while (fscanf(children, "%d", &pid) == 1) {
        if (kept(pid, keep, count))
            continue;
        /* its whole group first, at once: one by one, they would fork faster than they are killed. Programs under test
         * lead groups, which nobody else is in; as long as this one is there its group's number is nobody else's. */
        pid_t group = getpgid(pid);
        if (group > 0 && group != getpgrp())
            kill(-group, SIGKILL);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        any = true;
    }
    fclose(children);
    return any;
}

void family_kill(const pid_t *keep, size_t count)
{
    while (family_kill_once(keep, count)) /* killing one may bring us its children */
        continue;
}
