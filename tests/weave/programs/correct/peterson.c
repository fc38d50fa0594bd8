/*
 * Peterson's algorithm with seq_cst: right even with store buffers.
 *
 * expect: pass
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
        atomic_store_explicit(&shared->wants[0], 1, memory_order_seq_cst);
        atomic_store_explicit(&shared->turn, 1, memory_order_seq_cst);
        while (atomic_load_explicit(&shared->wants[1], memory_order_seq_cst) &&
               atomic_load_explicit(&shared->turn, memory_order_seq_cst) == 1)
            ;
        shared->value++;
        atomic_store_explicit(&shared->wants[0], 0, memory_order_release);
    }
}

static void parent_role(struct shared *shared)
{
    for (int i = 0; i < 2; i++) {
        atomic_store_explicit(&shared->wants[1], 1, memory_order_seq_cst);
        atomic_store_explicit(&shared->turn, 0, memory_order_seq_cst);
        while (atomic_load_explicit(&shared->wants[0], memory_order_seq_cst) &&
               atomic_load_explicit(&shared->turn, memory_order_seq_cst) == 0)
            ;
        shared->value++;
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
