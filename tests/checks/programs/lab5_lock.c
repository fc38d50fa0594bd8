/*
 * A writer and a reader of the sequence lock, for the check `live_race` of lab 5: as live.c, but each does its work
 * once, so that every step in question is one of sequence.c's. The writer publishes a first snapshot, waits until the
 * reader is there, and publishes a second one.
 *
 *     lab5_lock write NAME | lab5_lock read NAME
 *
 * The two snapshots differ in three records only: the fewer words tell them apart, the fewer cases there are.
 *
 * Ends with 0 when all that was taken is whole (or nothing was there yet), with 1 when a snapshot was torn.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sequence.h"

/* The live snapshot, and after it what lets the writer go on. */
struct guarded {
    struct live_snapshot live;
    sem_t begun, reader_is_there;
};

enum { TRIES = 2, HALF = SNAPSHOT_RECORDS / 2 };

static void round_fill(struct snapshot *snapshot, int32_t k)
{
    snapshot->count = SNAPSHOT_RECORDS;
    for (int i = 0; i < SNAPSHOT_RECORDS; i++)
        snapshot->records[i] = (struct detection){1, 1, 1, 1, 1, 1};
    snapshot->records[0].class_id = snapshot->records[0].x = k;
    snapshot->records[HALF].class_id = k;
    snapshot->records[SNAPSHOT_RECORDS - 1].width = snapshot->records[SNAPSHOT_RECORDS - 1].height = k;
}

static struct guarded *guarded_map(const char *name, int flags)
{
    struct stat info = {0};
    int fd = shm_open(name, flags, 0600);
    void *shared = MAP_FAILED;

    if (fd == -1)
        return NULL;
    if ((flags & O_CREAT) != 0 && ftruncate(fd, sizeof(struct guarded)) == -1)
        return NULL;
    if (fstat(fd, &info) == 0 && info.st_size == sizeof(struct guarded))
        shared = mmap(NULL, sizeof(struct guarded), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return shared != MAP_FAILED ? shared : NULL;
}

static int round_write(const char *name)
{
    struct guarded *shared = guarded_map(name, O_RDWR | O_CREAT);
    struct snapshot snapshot = {0};

    if (shared == NULL || sem_init(&shared->begun, 1, 0) == -1 || sem_init(&shared->reader_is_there, 1, 0) == -1)
        return EXIT_FAILURE;
    shared->live.magic = LIVE_MAGIC;
    shared->live.version = LIVE_VERSION;
    round_fill(&snapshot, 1);
    sequence_publish(&shared->live, &snapshot);
    sem_post(&shared->begun);
    while (sem_wait(&shared->reader_is_there) == -1)
        continue;
    round_fill(&snapshot, 2);
    sequence_publish(&shared->live, &snapshot);
    return EXIT_SUCCESS;
}

static int round_read(const char *name)
{
    struct guarded *shared = guarded_map(name, O_RDWR);
    struct snapshot snapshot = {0}, whole = {0};

    if (shared == NULL)
        return EXIT_FAILURE;
    while (sem_wait(&shared->begun) == -1)
        continue;
    sem_post(&shared->reader_is_there);
    enum sequence_end end = sequence_take(&shared->live, &snapshot, TRIES);
    if (end == SEQUENCE_BUSY)
        return EXIT_SUCCESS;
    round_fill(&whole, snapshot.records[0].class_id);
    if (end == SEQUENCE_DONE && memcmp(&whole, &snapshot, sizeof whole) == 0)
        return EXIT_SUCCESS;
    printf("reader: half of one snapshot and half of the next (%s)\n",
           end == SEQUENCE_DAMAGED ? "the checksum told" : "taken for a whole one");
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    return strcmp(argv[1], "write") == 0 ? round_write(argv[2]) : round_read(argv[2]);
}
