/*
 * A counter made of compare and exchange.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

struct shared {
    _Atomic int value;
};

static void child_role(struct shared *shared)
{
    for (int i = 0; i < 2; i++) {
        int now = shared->value;
        while (!atomic_compare_exchange_weak(&shared->value, &now, now + 1))
            ;
    }
}

static void parent_role(struct shared *shared)
{
    for (int i = 0; i < 2; i++) {
        int now = shared->value;
        while (!atomic_compare_exchange_weak(&shared->value, &now, now + 1))
            ;
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
    int status = subject_join(child_id);
    subject_check(shared->value == 4, "all counts are there");
    return status;
}
