/*
 * Lab 2: a program that creates a System V segment and forgets it. Run it twice: the second run counts on
 * from where the first one, which is dead, has stopped. `ipcs -m` shows what it left behind, `ipcrm -M KEY`
 * removes it.
 */
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include "demo.h"
#include "shmlab/error.h"

enum { KEY = 5680, SIZE = 1024 };

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Count the runs of this program in a System V segment (key 5680) that nobody removes.");

    /* slide:forget */
    int id = shmget(KEY, SIZE, IPC_CREAT | 0600);
    if (id == -1)
        return error_report_errno("see `ipcs -m`", "shmget(key %d)", KEY);

    int *counter = shmat(id, NULL, 0);
    if (counter == (void *)-1)
        return error_report_errno(NULL, "shmat(id %d)", id);

    printf("process %d: run number %d\n", (int)getpid(), ++*counter);
    return EXIT_SUCCESS; /* no shmdt, no shmctl(IPC_RMID): "the kernel will do it" */
    /* slide:end */
}
