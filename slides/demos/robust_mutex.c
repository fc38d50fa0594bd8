/*
 * Lab 4: a lock whose holder is killed. A semaphore would stay taken forever; a robust mutex belongs to its holder, and
 * the kernel tells the next process that the holder died (pthread_mutexattr_setrobust(3)).
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo.h"

struct account {
    pthread_mutex_t lock;
    int paid, booked; /* equal, whenever the lock is free */
};

static void succeed(int error, const char *what)
{
    if (error != 0) {
        fprintf(stderr, "robust_mutex: %s: %s\n", what, strerror(error));
        exit(EXIT_FAILURE);
    }
}

/* slide:init */
static void lock_init(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;
    succeed(pthread_mutexattr_init(&attributes), "pthread_mutexattr_init");
    succeed(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), "setpshared");
    succeed(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST), "setrobust");
    succeed(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT), "setprotocol");
    succeed(pthread_mutex_init(lock, &attributes), "pthread_mutex_init");
}
/* slide:end */

static void pay_and_die(void *memory)
{
    struct account *account = memory;
    succeed(pthread_mutex_lock(&account->lock), "pthread_mutex_lock");
    account->paid += 1;
    printf("child: paid, not booked yet, and killed\n");
    fflush(stdout);
    raise(SIGKILL);
}

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Kill the holder of a robust mutex, and look at what the next one is told.");
    struct account *account = demo_share(sizeof *account);
    lock_init(&account->lock);
    waitpid(demo_child(pay_and_die, account), NULL, 0);

    /* slide:lock */
    int error = pthread_mutex_lock(&account->lock);
    if (error == EOWNERDEAD) { /* we have the lock; what it guards may be half done */
        printf("parent: the holder died: paid %d, booked %d\n", account->paid, account->booked);
        account->booked = account->paid;
        succeed(pthread_mutex_consistent(&account->lock), "pthread_mutex_consistent");
    }
    /* slide:end */
    succeed(pthread_mutex_unlock(&account->lock), "pthread_mutex_unlock");
    error = pthread_mutex_trylock(&account->lock);
    printf("parent: repaired: paid %d, booked %d, the lock %s\n", account->paid, account->booked,
           error == 0 ? "works again" : strerror(error));
    return error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
