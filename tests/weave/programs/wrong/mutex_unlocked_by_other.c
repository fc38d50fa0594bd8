/*
 * The child unlocks what the parent has locked.
 *
 * expect: misuse not-owner
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
    pthread_mutex_unlock(&shared->mutex); /* MISTAKE */
}

static void parent_role(struct shared *shared)
{
    (void)shared;
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->mutex, &attributes);
    pthread_mutex_lock(&shared->mutex);
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
