/*
 * A counter made of fetch_add, and a flag made of the last count.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

struct shared {
    _Atomic int count;
    int value[2];
};

static void child_role(struct shared *shared)
{
    shared->value[0] = 1;
    atomic_fetch_add_explicit(&shared->count, 1, memory_order_acq_rel);
}

static void parent_role(struct shared *shared)
{
    shared->value[1] = 1;
    atomic_fetch_add_explicit(&shared->count, 1, memory_order_acq_rel);
    while (atomic_load_explicit(&shared->count, memory_order_acquire) != 2)
        ;
    subject_check(shared->value[0] == 1, "both have written");
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
