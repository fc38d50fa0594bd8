/*
 * A lock attempt with a time limit that runs out, because the child keeps the lock until it is told.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

#include <pthread.h>
#include <time.h>

struct shared {
    pthread_mutex_t mutex;
    _Atomic int held;
    _Atomic int release;
};

static void child_role(struct shared *shared)
{
    pthread_mutex_lock(&shared->mutex);
    shared->held = 1;
    while (!shared->release)
        ;
    pthread_mutex_unlock(&shared->mutex);
}

static void parent_role(struct shared *shared)
{
    while (!shared->held)
        ;
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 2;
    int result = pthread_mutex_timedlock(&shared->mutex, &limit);
    subject_check(result == ETIMEDOUT, "the attempt times out");
    shared->release = 1;
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->mutex, &attributes);
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
