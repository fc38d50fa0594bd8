/*
 * Peterson's algorithm with release and acquire: a store may still wait in the buffer while the load is done.
 *
 * expect: race no-lock
 * weak: race old-value
 * run: all
 * options: --tso
 */
#include "../subject.h"

struct shared {
    _Atomic int wants[2], turn;
    int value;
};

static void child_role(struct shared *shared)
{
    for (int i = 0; i < 2; i++) {
        atomic_store_explicit(&shared->wants[0], 1, memory_order_release);
        atomic_store_explicit(&shared->turn, 1, memory_order_release);
        while (atomic_load_explicit(&shared->wants[1], memory_order_acquire) &&
               atomic_load_explicit(&shared->turn, memory_order_acquire) == 1)
            ;
        shared->value++; /* MISTAKE */
        atomic_store_explicit(&shared->wants[0], 0, memory_order_release);
    }
}

static void parent_role(struct shared *shared)
{
    for (int i = 0; i < 2; i++) {
        atomic_store_explicit(&shared->wants[1], 1, memory_order_release);
        atomic_store_explicit(&shared->turn, 0, memory_order_release);
        while (atomic_load_explicit(&shared->wants[0], memory_order_acquire) &&
               atomic_load_explicit(&shared->turn, memory_order_acquire) == 0)
            ;
        shared->value++; /* MISTAKE */
        atomic_store_explicit(&shared->wants[1], 0, memory_order_release);
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
