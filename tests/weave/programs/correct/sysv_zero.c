/*
 * A readers-writer lock of System V semaphores: a writer waits until the number of readers is zero, a reader
 * until that of writers is. What orders the two is the wait for zero behind the decrement.
 *
 * expect: pass
 * run: writer -- reader -- reader
 */
#include "../subject.h"

#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { KEY = 5678, READERS = 0, WRITERS = 1, ROUNDS = 2 };

static void leave(int set, unsigned short member)
{
    struct sembuf operation = {.sem_num = member, .sem_op = -1, .sem_flg = SEM_UNDO};
    semop(set, &operation, 1);
}

static void writer(int set, int *value)
{
    struct sembuf enter[] = {{READERS, 0, 0}, {WRITERS, 0, 0}, {WRITERS, 1, SEM_UNDO}};
    for (int i = 1; i <= ROUNDS; i++) {
        semop(set, enter, 3);
        value[0] = i;
        value[1] = i;
        leave(set, WRITERS);
    }
}

static void reader(int set, const int *value)
{
    struct sembuf enter[] = {{WRITERS, 0, 0}, {READERS, 1, SEM_UNDO}};
    semop(set, enter, 2);
    subject_check(value[0] == value[1], "both values are of one round");
    leave(set, READERS);
}

int main(int argc, char **argv)
{
    (void)argc;
    int set = semget(KEY, 2, IPC_CREAT | 0600); /* on Linux a new set is all zero: semget(2) */
    int *value = shmat(shmget(KEY, 2 * sizeof(int), IPC_CREAT | 0600), NULL, 0);
    if (subject_role(argv, "writer"))
        writer(set, value);
    else
        reader(set, value);
    return 0;
}
