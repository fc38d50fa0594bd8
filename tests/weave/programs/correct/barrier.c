/*
 * Two phases, kept apart by a barrier.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

#include <pthread.h>

struct shared {
    pthread_barrier_t barrier;
    int mine[2];
};

static void child_role(struct shared *shared)
{
    shared->mine[0] = 1;
    pthread_barrier_wait(&shared->barrier);
    subject_check(shared->mine[1] == 2, "the other phase is over");
}

static void parent_role(struct shared *shared)
{
    shared->mine[1] = 2;
    pthread_barrier_wait(&shared->barrier);
    subject_check(shared->mine[0] == 1, "the other phase is over");
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->barrier, &attributes, 2);
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
