/*
 * Both processes lock a mutex, but it is a global variable: after fork each has its own.
 *
 * expect: race unshared-mutex
 * run: all
 */
#include "../subject.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct shared {
    int value;
};

static void count(struct shared *shared)
{
    pthread_mutex_lock(&lock);
    shared->value++; /* MISTAKE */
    pthread_mutex_unlock(&lock);
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    pid_t child_id = fork();
    count(shared);
    if (child_id == 0)
        exit(0);
    return subject_join(child_id);
}
