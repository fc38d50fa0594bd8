/*
 * A spin lock made of an exchange.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

struct shared {
    _Atomic int lock;
    int value;
};

static void child_role(struct shared *shared)
{
    for (int i = 0; i < 2; i++) {
        while (atomic_exchange_explicit(&shared->lock, 1, memory_order_acquire) != 0)
            ;
        shared->value++;
        atomic_store_explicit(&shared->lock, 0, memory_order_release); /* pairs with the exchange */
    }
}

static void parent_role(struct shared *shared)
{
    for (int i = 0; i < 2; i++) {
        while (atomic_exchange_explicit(&shared->lock, 1, memory_order_acquire) != 0)
            ;
        shared->value++;
        atomic_store_explicit(&shared->lock, 0, memory_order_release); /* pairs with the exchange */
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
