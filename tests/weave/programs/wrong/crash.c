/*
 * The parent uses a pointer from the segment before the child has set it, and unchecked.
 *
 * expect: crash crash
 * run: all
 */
#include "../subject.h"

struct shared {
    int *_Atomic table; /* both have it at the same address: it was there before the fork */
};

static int table[] = {1};

static void child_role(struct shared *shared)
{
    shared->table = table;
}

static void parent_role(struct shared *shared)
{
    printf("%d\n", *shared->table); /* MISTAKE */
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
