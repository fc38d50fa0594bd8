/* Lab 4, challenge: see rwlock.h for what the three semaphores count. */
#define _GNU_SOURCE /* semtimedop */
#include "rwlock.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <time.h>

#include "shmlab/error.h"
#include "shmlab/stop.h"

static const double slice_seconds =
    0.2; /* how late a signal may be seen that came just before a wait began */

int rwlock_open(key_t key, mode_t mode)
{
    /* Linux makes all semaphores of a new set 0, which is what the lock begins with; so nobody can find it
     * half made. POSIX leaves the values open: semget(2). */
    int set = semget(key, RWLOCK_SEMAPHORES, IPC_CREAT | (int)mode);

    if (set == -1)
        error_report_errno("see `ipcs -s`, or choose another --key-id", "semget(key 0x%08x)", (unsigned)key);
    return set;
}

/* Do all operations at once, as soon as that is possible. */
static enum rwlock_end operations_do(int set, const struct sembuf *operations, size_t count, double seconds)
{
    /* TODO 10: Wait as semaphore_wait in buffer.c does: semtimedop(2) waits for a time, not until one. */
    struct timespec time = {.tv_nsec = (long)(slice_seconds * 1e9)};
    (void)set;
    (void)operations;
    (void)count;
    (void)time;
    return seconds < 0 ? RWLOCK_GONE : RWLOCK_TIMEOUT;
}

/* Give back: never waits, and is not kept from it by a signal. */
static void operation_undo(int set, unsigned short number)
{
    struct sembuf operation = {.sem_num = number, .sem_op = -1, .sem_flg = SEM_UNDO};

    while (semop(set, &operation, 1) == -1 && errno == EINTR)
        continue; /* any other error: the set is gone, and what we held with it */
}

enum rwlock_end rwlock_read_begin(int set, double seconds)
{
    /* TODO 11: Wait until no writer is inside and none waits, and be one reader more: one call. */
    return operations_do(set, NULL, 0, seconds);
}

void rwlock_read_end(int set)
{
    /* TODO 12: One reader less. */
    (void)operation_undo;
    (void)set;
}

enum rwlock_end rwlock_write_begin(int set, double seconds)
{
    /* TODO 13: Be one waiting writer more; wait until nobody is inside; then be inside and wait no more, at
     * once. If that does not come about, you are no waiting writer any more. */
    (void)set;
    return seconds < 0 ? RWLOCK_STOPPED : RWLOCK_TIMEOUT;
}

void rwlock_write_end(int set)
{
    /* TODO 14: No writer is inside any more. */
    (void)set;
}
