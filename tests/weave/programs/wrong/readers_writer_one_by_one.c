/*
 * A readers-writer lock in which the writer takes the seats one by one: two writers can have one each, and
 * wait for ever.
 *
 * expect: deadlock missing-post
 * run: all
 */
#include "../subject.h"

#include <sys/ipc.h>
#include <sys/sem.h>

enum { SEATS = 2, ROUNDS = 2 };

struct shared {
    int left, right;
};

static void seats_at_once(int set, int change)
{
    struct sembuf operation = {.sem_op = (short)change, .sem_flg = SEM_UNDO};
    subject_check(semop(set, &operation, 1) == 0, "semop");
}

static void seats(int set, int change)
{
    int one = change < 0 ? -1 : 1;
    for (int i = 0; i != change; i += one)
        seats_at_once(set, one); /* MISTAKE */
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
            writer(shared, set);
            exit(0);
        }
    }
    writer(shared, set);
    for (int i = 0; i < SEATS; i++)
        failed |= subject_join(child[i]);
    semctl(set, 0, IPC_RMID);
    return failed;
}
