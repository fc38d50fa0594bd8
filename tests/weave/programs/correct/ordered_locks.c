/*
 * Two mutexes, taken in the same order by both.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

#include <pthread.h>

struct shared {
    pthread_mutex_t first, second;
    int value;
};

static void child_role(struct shared *shared)
{
    pthread_mutex_lock(&shared->first);
    pthread_mutex_lock(&shared->second);
    shared->value++;
    pthread_mutex_unlock(&shared->second);
    pthread_mutex_unlock(&shared->first);
}

static void parent_role(struct shared *shared)
{
    pthread_mutex_lock(&shared->first);
    pthread_mutex_lock(&shared->second);
    shared->value++;
    pthread_mutex_unlock(&shared->second);
    pthread_mutex_unlock(&shared->first);
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->first, &attributes);
    pthread_mutex_init(&shared->second, &attributes);
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
