/*
 * A function locks what its caller has locked already.
 *
 * expect: misuse self-lock | stuck self-lock
 * run: all
 */
#include "../subject.h"

#include <pthread.h>

struct shared {
    pthread_mutex_t mutex;
    int value;
};

static void add_one(struct shared *shared)
{
    pthread_mutex_lock(&shared->mutex); /* MISTAKE */
    shared->value++;
    pthread_mutex_unlock(&shared->mutex);
}

static void child_role(struct shared *shared)
{
    (void)shared;
}

static void parent_role(struct shared *shared)
{
    pthread_mutex_lock(&shared->mutex);
    add_one(shared);
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
