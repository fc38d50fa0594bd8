/*
 * The child computes for ever.
 *
 * expect: hang endless-loop
 * run: all
 * options: --hang 0.2
 */
#include "../subject.h"

struct shared {
    _Atomic int value;
};

static void child_role(struct shared *shared)
{
    shared->value = 1; /* MISTAKE follows */
    for (volatile unsigned i = 0;; i++)
        ;
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
    return subject_join(child_id);
}
