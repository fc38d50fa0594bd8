/*
 * The ready flag with futex calls instead of a busy loop.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

#include <linux/futex.h>
#include <sys/syscall.h>

struct shared {
    _Atomic int state;
    int value;
};

static long futex(_Atomic int *word, int operation, int value)
{
    return syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

static void child_role(struct shared *shared)
{
    for (int i = 1; i <= 3; i++) {
        while (atomic_load_explicit(&shared->state, memory_order_acquire) != 0)
            futex(&shared->state, FUTEX_WAIT, 1);
        shared->value = i;
        atomic_store_explicit(&shared->state, 1, memory_order_release);
        futex(&shared->state, FUTEX_WAKE, 1);
    }
}

static void parent_role(struct shared *shared)
{
    for (int i = 1; i <= 3; i++) {
        while (atomic_load_explicit(&shared->state, memory_order_acquire) != 1)
            futex(&shared->state, FUTEX_WAIT, 0);
        subject_check(shared->value == i, "value");
        atomic_store_explicit(&shared->state, 0, memory_order_release);
        futex(&shared->state, FUTEX_WAKE, 1);
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
