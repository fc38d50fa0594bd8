/*
 * A sequence lock around plain data: the reader's copy races with the writer, even if it is thrown away.
 *
 * expect: race unordered | race early-release | race early-publication
 * run: all
 */
#include "../subject.h"

struct shared {
    _Atomic unsigned version;
    int first, second;
};

static void child_role(struct shared *shared)
{
    for (int i = 1; i <= 2; i++) {
        unsigned version = atomic_load_explicit(&shared->version, memory_order_relaxed);
        atomic_store_explicit(&shared->version, version + 1, memory_order_relaxed);
        atomic_thread_fence(memory_order_release);
        shared->first = i;  /* MISTAKE */
        shared->second = i; /* MISTAKE */
        atomic_store_explicit(&shared->version, version + 2, memory_order_release);
    }
}

static void parent_role(struct shared *shared)
{
    unsigned before, after;
    int first, second;
    do {
        before = atomic_load_explicit(&shared->version, memory_order_acquire);
        first = shared->first;   /* MISTAKE */
        second = shared->second; /* MISTAKE */
        atomic_thread_fence(memory_order_acquire);
        after = atomic_load_explicit(&shared->version, memory_order_relaxed);
    } while (before != after || before % 2 != 0);
    subject_check(first == second, "both halves agree");
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
