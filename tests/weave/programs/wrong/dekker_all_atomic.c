/*
 * Dekker's entry with release stores and acquire loads, around an atomic counter: no data to race on, so only a store
 * that waits in a buffer (or an old value) shows it.
 *
 * expect: exit exit-status
 * weak: exit old-value
 * run: all
 * options: --tso
 */
#include "../subject.h"

struct shared {
    _Atomic int wants[2], inside;
};

static void enter(struct shared *shared, int me)
{
    atomic_store_explicit(&shared->wants[me], 1, memory_order_release); /* MISTAKE */
    if (!atomic_load_explicit(&shared->wants[!me], memory_order_acquire)) {
        subject_check(atomic_fetch_add(&shared->inside, 1) == 0, "alone inside");
        atomic_fetch_sub(&shared->inside, 1);
    }
    atomic_store(&shared->wants[me], 0);
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    pid_t child_id = fork();
    if (child_id == 0) {
        enter(shared, 0);
        exit(0);
    }
    enter(shared, 1);
    return subject_join(child_id);
}
