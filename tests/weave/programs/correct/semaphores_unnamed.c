/*
 * Unnamed semaphores in the segment, process-shared.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

struct shared {
    sem_t filled, taken;
    int value;
};

static void child_role(struct shared *shared)
{
    for (int i = 1; i <= 3; i++) {
        sem_wait(&shared->filled);
        subject_check(shared->value == i, "value");
        sem_post(&shared->taken);
    }
}

static void parent_role(struct shared *shared)
{
    for (int i = 1; i <= 3; i++) {
        sem_wait(&shared->taken);
        shared->value = i;
        sem_post(&shared->filled);
    }
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    sem_init(&shared->filled, 1, 0);
    sem_init(&shared->taken, 1, 1);
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
