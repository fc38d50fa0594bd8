/*
 * An atomic counter, counted by a load and a store: no data race, but counts are lost.
 *
 * expect: exit exit-status
 * run: all
 */
#include "../subject.h"

struct shared {
    _Atomic int value;
};

static void child_role(struct shared *shared)
{
    int now = shared->value;
    shared->value = now + 1;
}

static void parent_role(struct shared *shared)
{
    int now = shared->value;
    shared->value = now + 1;
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
    int status = subject_join(child_id);
    subject_check(shared->value == 2, "both counts are there"); /* MISTAKE */
    return status;
}
