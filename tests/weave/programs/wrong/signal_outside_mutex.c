/*
 * The predicate changes without the mutex: between the waiter's check and its wait the signal is lost.
 *
 * expect: stuck lost-signal | deadlock lost-signal | race outside-lock
 * run: all
 */
#include "../subject.h"

#include <pthread.h>

struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    _Atomic int value;
};

static void child_role(struct shared *shared)
{
    pthread_mutex_lock(&shared->mutex);
    while (shared->value == 0)
        pthread_cond_wait(&shared->changed, &shared->mutex); /* MISTAKE */
    subject_check(shared->value == 1, "value");
    pthread_mutex_unlock(&shared->mutex);
}

static void parent_role(struct shared *shared)
{
    shared->value = 1;
    pthread_cond_signal(&shared->changed);
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
