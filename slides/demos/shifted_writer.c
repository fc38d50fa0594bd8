/*
 * Lab 1: a writer that declares the struct as one would without a contract in mind. It compiles without a
 * warning, runs without an error, and lab 1's reader, which follows the published table, prints stale or unrelated
 * bytes.
 *
 *     shifted_writer          in one terminal
 *     reader.py --name /shifted in another
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "demo.h"
#include "shmlab/error.h"
#include "shmlab/shared_data_contract.h"
#include "shmlab/stop.h"

static const char *const name = "/shifted";

/* slide:natural */
struct shared_data {
    int32_t process_id;
    char message[500];
    bool data_ready;
    int32_t counter;
    double temperature;
    float coordinates[3];
    char user_name[50];
    int64_t timestamp;
    int32_t data_array[10];
};
/* slide:end */

static const struct shared_data sample = {
    .message = "This compiles, and runs, and is wrong.",
    .data_ready = true,
    .counter = 42,
    .temperature = 23.5,
    .coordinates = {10.5F, 20.3F, 30.8F},
    .user_name = "student",
    .timestamp = INT64_C(1760000000000),
    .data_array = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100},
};

static int segment_hold(int fd)
{
    struct shared_data *shared;

    if (ftruncate(fd, SHARED_DATA_SEGMENT_SIZE) == -1)
        return error_report_errno("look at `df -h /dev/shm`", "ftruncate(%s)", name);
    shared = mmap(NULL, SHARED_DATA_SEGMENT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        return error_report_errno(NULL, "mmap(%s)", name);
    *shared = sample;
    shared->process_id = (int32_t)getpid();
    printf("shifted_writer: sent timestamp %lld, data_array %d %d %d ...\n", (long long)sample.timestamp,
           (int)sample.data_array[0], (int)sample.data_array[1], (int)sample.data_array[2]);
    printf("shifted_writer: press Enter to remove %s and end\n", name);
    fflush(stdout);
    stop_wait(-1);
    munmap(shared, SHARED_DATA_SEGMENT_SIZE);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Put lab 1's data into /shifted, in the layout that the compiler likes.");
    stop_on_signals();

    int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd == -1)
        return error_report_errno("end the other shifted_writer, or remove what a killed one left in /dev/shm",
                                  "shm_open(%s)", name);
    int status = segment_hold(fd);
    shm_unlink(name);
    close(fd);
    return status;
}
