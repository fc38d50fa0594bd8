/*
 * The parent uses an index from the segment before the child has set it, and unchecked.
 *
 * expect: crash crash
 * run: all
 */
#include "../subject.h"

struct shared {
    _Atomic int ready;
};

static void child_role(struct shared *shared)
{
    shared->ready = 1;
}

static void parent_role(struct shared *shared)
{
    int *table = shared->ready ? &(int){1} : NULL;
    printf("%d\n", *table);
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
