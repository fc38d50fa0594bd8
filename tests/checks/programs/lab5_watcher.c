/*
 * A reader in C, for the check `race` of lab 5: it comes at any moment, and believes the records that the count
 * promises, as a reader on any machine would.
 *
 *     lab5_watcher NAME COUNT
 *
 * Ends with 0 when there was no count yet, or COUNT and records that are there; with 1 when one of them was not.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shmlab/snapshot.h"

/* Mapped, when it is there and has its size; NULL: not yet. */
static const struct snapshot *snapshot_find(const char *name)
{
    struct stat info = {0};
    int fd = shm_open(name, O_RDONLY, 0);
    const struct snapshot *shared = MAP_FAILED;

    if (fd == -1)
        return NULL;
    if (fstat(fd, &info) == 0 && info.st_size == sizeof *shared)
        shared = mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return shared != MAP_FAILED ? shared : NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const struct snapshot *shared = snapshot_find(argv[1]);
    if (shared == NULL)
        return EXIT_SUCCESS;
    /* acquire: pairs with the release in producer.c; who sees the count sees the records */
    int32_t count = __atomic_load_n(&shared->count, __ATOMIC_ACQUIRE);
    if (count == 0)
        return EXIT_SUCCESS;
    if (count != atoi(argv[2])) {
        printf("watcher: count is %d\n", (int)count);
        return EXIT_FAILURE;
    }
    for (int i = 0; i < count; i++)
        if (shared->records[i].width == 0) {
            printf("watcher: the count says %d, and record %d is not there yet\n", (int)count, i);
            return EXIT_FAILURE;
        }
    return EXIT_SUCCESS;
}
