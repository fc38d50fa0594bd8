/*
 * A condition variable that nobody signals, with a time limit.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

#include <pthread.h>
#include <time.h>

struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int value;
};

static void child_role(struct shared *shared)
{
    (void)shared;
}

static void parent_role(struct shared *shared)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 1;
    pthread_mutex_lock(&shared->mutex);
    int result = 0;
    while (shared->value == 0 && result == 0)
        result = pthread_cond_timedwait(&shared->changed, &shared->mutex, &limit);
    subject_check(result == ETIMEDOUT, "the wait times out");
    pthread_mutex_unlock(&shared->mutex);
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->mutex, &attributes);
    pthread_condattr_t condition_attributes;
    pthread_condattr_init(&condition_attributes);
    pthread_condattr_setpshared(&condition_attributes, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&shared->changed, &condition_attributes);
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
