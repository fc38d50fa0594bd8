/*
 * The child dies with a robust mutex; the parent is told and goes on.
 *
 * expect: pass
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
    pthread_mutex_lock(&shared->mutex);
    shared->value = 1;
    _exit(0);
}

static void parent_role(struct shared *shared)
{
    int result = pthread_mutex_lock(&shared->mutex);
    if (result == EOWNERDEAD) {
        subject_check(shared->value == 1, "what the dead did is there");
        pthread_mutex_consistent(&shared->mutex);
    }
    shared->value = 2;
    pthread_mutex_unlock(&shared->mutex);
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&shared->mutex, &attributes);
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
