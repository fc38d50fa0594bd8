/*
 * sem_init with 0 as second argument.
 *
 * expect: misuse private-semaphore
 * run: all
 */
#include "../subject.h"

struct shared {
    sem_t filled;
    int value;
};

static void child_role(struct shared *shared)
{
    sem_wait(&shared->filled);
    subject_check(shared->value == 1, "value");
}

static void parent_role(struct shared *shared)
{
    shared->value = 1;
    sem_post(&shared->filled);
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    sem_init(&shared->filled, 0, 0); /* MISTAKE */
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
