/*
 * Whoever finds the owner dead goes on with its half-done work.
 *
 * expect: exit exit-status
 * run: adder -- checker
 * options: --kill 1 --every-access --bound 1
 */
#include "../subject.h"

#include <pthread.h>

struct shared {
    pthread_mutex_t mutex;
    _Atomic int made;
    int left;
    long right; /* of another size: no compiler makes one store of the two, which would leave no moment in between */
};

static void lock(struct shared *shared)
{
    if (pthread_mutex_lock(&shared->mutex) != EOWNERDEAD)
        return;
    /* MISTAKE: nothing is repaired */
    pthread_mutex_consistent(&shared->mutex);
}

static void make(struct shared *shared)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&shared->mutex, &attributes);
    shared->made = 1;
}

static void adder(struct shared *shared)
{
    for (int i = 0; i < 2; i++) {
        lock(shared);
        shared->left++;
        shared->right++;
        pthread_mutex_unlock(&shared->mutex);
    }
}

static void checker(struct shared *shared)
{
    make(shared);
    for (int i = 0; i < 2; i++) {
        lock(shared);
        subject_check(shared->left == shared->right, "both counters are equal");
        pthread_mutex_unlock(&shared->mutex);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    struct shared *shared = subject_share(sizeof *shared);
    if (subject_role(argv, "checker")) {
        checker(shared);
        return 0;
    }
    while (!shared->made)
        ;
    adder(shared);
    return 0;
}
