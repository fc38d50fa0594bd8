/*
 * A writer for the check `orders` of lab 2: it fills the segment and sets data_ready, at any moment of a reader's.
 *
 *     lab2_publisher KEY
 */
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "shmlab/shared_data_contract.h"

#define PLACE(name, offset, size) AT_##name = (offset),
enum { SHARED_DATA_FIELDS(PLACE) FLAG = AT_data_ready, BEHIND = FLAG + 1 };

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    int id = shmget((key_t)strtol(argv[1], NULL, 10), SHARED_DATA_SEGMENT_SIZE, IPC_CREAT | IPC_EXCL | 0600);
    unsigned char *bytes = id != -1 ? shmat(id, NULL, 0) : (void *)-1;
    if (bytes == (void *)-1)
        return EXIT_FAILURE;
    memset(bytes, 'x', FLAG - 1); /* a text with its NUL */
    memset(bytes + BEHIND, 0, SHARED_DATA_SIZE - BEHIND);
    /* release: pairs with the acquire load of the student's reader */
    __atomic_store_n((_Bool *)(bytes + FLAG), 1, __ATOMIC_RELEASE);
    return EXIT_SUCCESS;
}
