/*
 * Lab 5: a snapshot that is overwritten in place while somebody reads it. Each version fills all records with
 * its own number, so a copy with two numbers in it is half one version and half the next.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "shmlab/snapshot.h"

enum { READS = 100000000, TORN = 3 };

struct picture_board {
    /* Atomic, so that what we show is the fault in the protocol and not a quarrel with the compiler. */
    _Atomic int32_t records[SNAPSHOT_RECORDS];
};

/* slide:overwrite */
static void writer_work(void *memory)
{
    struct picture_board *board = memory;

    for (int32_t version = 1;; version = version % 9 + 1)
        for (int i = 0; i < SNAPSHOT_RECORDS; i++)
            board->records[i] = version; /* in place, while somebody may be looking */
}
/* slide:end */

static void copy_print(long number, const int32_t *copy)
{
    printf("copy %9ld:", number);
    for (int i = 0; i < SNAPSHOT_RECORDS; i++)
        printf(" %d", (int)copy[i]);
    printf("\n");
}

/* Read until some copies are torn, each in another way; returns how many were. */
static int board_read(struct picture_board *board, long *reads)
{
    int32_t copy[SNAPSHOT_RECORDS], shown[SNAPSHOT_RECORDS] = {0};
    int torn = 0;

    for (*reads = 0; torn < TORN && *reads < READS; ++*reads) {
        for (int i = 0; i < SNAPSHOT_RECORDS; i++)
            copy[i] = board->records[i];
        if (copy[0] == copy[SNAPSHOT_RECORDS - 1] || memcmp(copy, shown, sizeof copy) == 0)
            continue; /* whole, or the writer sleeps in the middle of its work and we have shown that */
        memcpy(shown, copy, sizeof copy);
        copy_print(*reads + 1, copy);
        torn++;
    }
    return torn;
}

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Read a snapshot while another process overwrites it.");
    struct picture_board *board = demo_share(sizeof *board);
    pid_t writer = demo_child(writer_work, board);
    long reads;
    int torn = board_read(board, &reads);

    kill(writer, SIGKILL);
    demo_await(writer);
    printf("%d torn copies in %ld reads\n", torn, reads);
    return torn > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
