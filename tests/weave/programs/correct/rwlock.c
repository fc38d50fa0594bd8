/*
 * A read-write lock: the parent writes, the child reads.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

#include <pthread.h>

struct shared {
    pthread_rwlock_t lock;
    int value, copy;
};

static void child_role(struct shared *shared)
{
    for (int i = 0; i < 3; i++) {
        pthread_rwlock_rdlock(&shared->lock);
        subject_check(shared->value == shared->copy, "both halves agree");
        pthread_rwlock_unlock(&shared->lock);
    }
}

static void parent_role(struct shared *shared)
{
    for (int i = 0; i < 3; i++) {
        pthread_rwlock_wrlock(&shared->lock);
        shared->value++;
        shared->copy++;
        pthread_rwlock_unlock(&shared->lock);
    }
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_rwlock_init(&shared->lock, &attributes);
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
