/*
 * The ring's index is advanced before the slot is filled.
 *
 * expect: race early-publication
 * run: all
 */
#include "../subject.h"

enum { SLOTS = 2, ITEMS = 4 };

struct shared {
    _Atomic unsigned head, tail;
    int slot[SLOTS];
};

static void child_role(struct shared *shared)
{
    for (int i = 1; i <= ITEMS; i++) {
        unsigned tail = atomic_load_explicit(&shared->tail, memory_order_relaxed);
        while (tail - atomic_load_explicit(&shared->head, memory_order_acquire) == SLOTS)
            ;
        atomic_store_explicit(&shared->tail, tail + 1, memory_order_release); /* pairs with the consumer's load */
        shared->slot[tail % SLOTS] = i;                                       /* MISTAKE */
    }
}

static void parent_role(struct shared *shared)
{
    for (int i = 1; i <= ITEMS; i++) {
        unsigned head = atomic_load_explicit(&shared->head, memory_order_relaxed);
        while (head == atomic_load_explicit(&shared->tail, memory_order_acquire))
            ;
        subject_check(shared->slot[head % SLOTS] <= ITEMS, "order");          /* MISTAKE */
        atomic_store_explicit(&shared->head, head + 1, memory_order_release); /* pairs with the producer's load */
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
