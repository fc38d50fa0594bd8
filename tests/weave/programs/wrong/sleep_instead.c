/*
 * Sleeping a second is no synchronisation.
 *
 * expect: race unordered
 * run: all
 */
#include "../subject.h"

struct shared {
    int value;
};

static void child_role(struct shared *shared)
{
    shared->value = 42; /* MISTAKE */
}

static void parent_role(struct shared *shared)
{
    sleep(1);
    printf("%d\n", shared->value); /* MISTAKE */
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
