/*
 * The same without the fence: both get in, because both stores wait in their buffers.
 *
 * expect: race no-lock
 * weak: race old-value
 * run: all
 * options: --tso
 */
#include "../subject.h"

struct shared {
    _Atomic int wants[2];
    int value;
};

static void child_role(struct shared *shared)
{
    atomic_store_explicit(&shared->wants[0], 1, memory_order_release);
    if (!atomic_load_explicit(&shared->wants[1], memory_order_acquire)) {
        shared->value++; /* MISTAKE */
    }
}

static void parent_role(struct shared *shared)
{
    atomic_store_explicit(&shared->wants[1], 1, memory_order_release);
    if (!atomic_load_explicit(&shared->wants[0], memory_order_acquire)) {
        shared->value++; /* MISTAKE */
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
