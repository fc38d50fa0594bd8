/*
 * The child writes, the parent reads after it has waited for the child.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

struct shared {
    int value;
};

static void child_role(struct shared *shared)
{
    shared->value = 42;
}

static void parent_role(struct shared *shared)
{
    (void)shared;
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
    subject_check(shared->value == 42, "the child's result");
    return status;
}
