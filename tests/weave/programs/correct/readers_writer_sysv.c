/*
 * A readers-writer lock of one System V semaphore: it counts free seats, a reader takes one, the writer all
 * at once.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

#include <sys/ipc.h>
#include <sys/sem.h>

enum { SEATS = 2, ROUNDS = 2 };

struct shared {
    int left, right;
};

static void seats(int set, int change)
{
    struct sembuf operation = {.sem_op = (short)change, .sem_flg = SEM_UNDO};
    subject_check(semop(set, &operation, 1) == 0, "semop");
}

static void reader(const struct shared *shared, int set)
{
    for (int i = 0; i < ROUNDS; i++) {
        seats(set, -1);
        subject_check(shared->left == shared->right, "both halves are of the same round");
        seats(set, 1);
    }
}

static void writer(struct shared *shared, int set)
{
    for (int i = 0; i < ROUNDS; i++) {
        seats(set, -SEATS);
        shared->left++;
        shared->right++;
        seats(set, SEATS);
    }
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    int set = semget(IPC_PRIVATE, 1, 0600), failed = 0;
    subject_check(set >= 0 && semctl(set, 0, SETVAL, SEATS) == 0, "semaphore");
    pid_t child[SEATS];
    for (int i = 0; i < SEATS; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            reader(shared, set);
            exit(0);
        }
    }
    writer(shared, set);
    for (int i = 0; i < SEATS; i++)
        failed |= subject_join(child[i]);
    semctl(set, 0, IPC_RMID);
    return failed;
}
