/*
 * Parent and child count without a lock.
 *
 * expect: race no-lock
 * run: all
 */
#include "../subject.h"

struct shared {
    int value;
};

static void child_role(struct shared *shared)
{
    shared->value += 3; /* MISTAKE */
}

static void parent_role(struct shared *shared)
{
    shared->value++; /* MISTAKE */
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
