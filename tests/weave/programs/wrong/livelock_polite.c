/*
 * Both step back whenever the other one is interested, at the same time, for ever.
 *
 * expect: livelock livelock
 * run: all
 */
#include "../subject.h"

#include <sched.h>

struct shared {
    _Atomic int wants[2];
};

static void child_role(struct shared *shared)
{
    for (;;) {
        shared->wants[0] = 1;
        sched_yield();
        if (!shared->wants[1])
            break;
        shared->wants[0] = 0;
        sched_yield();
    }
}

static void parent_role(struct shared *shared)
{
    for (;;) {
        shared->wants[1] = 1;
        sched_yield();
        if (!shared->wants[0])
            break;
        shared->wants[1] = 0;
        sched_yield();
    }
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
