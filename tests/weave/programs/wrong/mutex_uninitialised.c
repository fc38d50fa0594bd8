/*
 * Nobody initialises the mutex.
 *
 * expect: misuse uninitialised
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
    for (int i = 0; i < 3; i++) {
        pthread_mutex_lock(&shared->mutex); /* MISTAKE */
        shared->value++;
        pthread_mutex_unlock(&shared->mutex);
    }
}

static void parent_role(struct shared *shared)
{
    for (int i = 0; i < 3; i++) {
        pthread_mutex_lock(&shared->mutex); /* MISTAKE */
        shared->value++;
        pthread_mutex_unlock(&shared->mutex);
    }
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
