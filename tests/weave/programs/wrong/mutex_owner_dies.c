/*
 * The child ends with the lock on an error path, and the mutex is not robust.
 *
 * expect: stuck dead-owner | deadlock dead-owner | misuse held-at-exit
 * run: all
 */
#include "../subject.h"

#include <pthread.h>

struct shared {
    pthread_mutex_t mutex;
    int value;
};

static void child_role(struct shared *shared)
{
    pthread_mutex_lock(&shared->mutex); /* MISTAKE */
    if (shared->value == 0)
        _exit(0);
    pthread_mutex_unlock(&shared->mutex);
}

static void parent_role(struct shared *shared)
{
    pthread_mutex_lock(&shared->mutex); /* MISTAKE */
    shared->value = 0;
    pthread_mutex_unlock(&shared->mutex);
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
