/*
 * System V segment and semaphores: the writer creates and removes, the reader waits until they are there.
 *
 * expect: pass
 * run: writer -- reader
 */
#include "../subject.h"

#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { KEY = 5678, FREE = 0, FILLED = 1, ITEMS = 3 };

static void change(int set, unsigned short member, short by)
{
    struct sembuf operation = {.sem_num = member, .sem_op = by, .sem_flg = 0};
    if (semop(set, &operation, 1) != 0) {
        perror("semop");
        exit(1);
    }
}

/* The reader retries until the writer has made both objects. */
static int wait_for(int (*get)(void))
{
    int id;
    while ((id = get()) < 0)
        usleep(1000);
    return id;
}

static int get_segment(void)
{
    return shmget(KEY, sizeof(int), 0);
}

static int get_semaphores(void)
{
    return semget(KEY, 2, 0);
}

static void writer(void)
{
    int set = semget(KEY, 2, IPC_CREAT | IPC_EXCL | 0600);
    semctl(set, FREE, SETVAL, 1);
    semctl(set, FILLED, SETVAL, 0);
    int segment = shmget(KEY, sizeof(int), IPC_CREAT | IPC_EXCL | 0600);
    int *value = shmat(segment, NULL, 0);
    for (int i = 1; i <= ITEMS; i++) {
        change(set, FREE, -1);
        *value = i;
        change(set, FILLED, 1);
    }
    change(set, FREE, -1); /* the last one was taken */
    shmdt(value);
    shmctl(segment, IPC_RMID, NULL);
    semctl(set, 0, IPC_RMID);
}

static void reader(void)
{
    int segment = wait_for(get_segment), set = wait_for(get_semaphores);
    int *value = shmat(segment, NULL, 0);
    for (int i = 1; i <= ITEMS; i++) {
        change(set, FILLED, -1);
        subject_check(*value == i, "value");
        change(set, FREE, 1);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    if (subject_role(argv, "writer"))
        writer();
    else
        reader();
    return 0;
}
