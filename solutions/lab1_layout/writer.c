/*
 * Lab 1, writer: put the sample data into POSIX shared memory and hold it there.
 *
 *     writer [--name /IPCSharedMemory] [--hold SECONDS]
 *     ... in another terminal: reader.py
 *
 * The object exists until the writer ends (Enter, a signal, or the time is over) and unlinks it. A segment
 * left behind by a writer that was killed is replaced; one whose writer is alive is refused.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "shmlab/presence.h"
#include "shmlab/stop.h"

enum { WRITER_PRESENCE = 0 }; /* lock byte, see shmlab/presence.h */

struct options {
    const char *name;
    double hold; /* seconds; negative: until Enter or a signal */
    mode_t mode;
};

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'n':
        options->name = options_object_name(state, "--name", text);
        return 0;
    case 'h':
        options->hold = options_number(state, "--hold", text, 0, 1e6);
        return 0;
    case 'm':
        options->mode = options_mode(state, "--mode", text);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one argument too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"name", 'n', "NAME", 0, "Name of the shared memory object (default " SHARED_DATA_NAME ")", 0},
    {"hold", 'h', "SECONDS", 0, "End after that time (default: at Enter or a signal)", 0},
    {"mode", 'm', "OCTAL", 0, "Access bits of a new object (default 0600)", 0},
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .doc = "Put the sample data into POSIX shared memory and hold it until Enter, a signal or the end of the "
           "time.",
};

/* An object that no writer holds makes room: a writer that takes no lock, and its readers, keep theirs.
 * Returns 0, or -1 after a message. */
static int segment_replace(const struct options *options, int fd)
{
    struct stat info = {0};

    fstat(fd, &info);
    if (info.st_size != 0 && info.st_size != SHARED_DATA_SEGMENT_SIZE)
        return -error_report("it belongs to another program: choose another --name",
                             "%s has %lld bytes, not %d", options->name, (long long)info.st_size,
                             SHARED_DATA_SEGMENT_SIZE);
    printf("writer: replacing %s: no writer holds it (one that takes no lock would lose it)\n",
           options->name);
    if (shm_unlink(options->name) == -1 && errno != ENOENT)
        return -error_report_errno("remove it, or choose another --name", "shm_unlink(%s)", options->name);
    return 0;
}

/* Become the only writer of a new object. Returns the descriptor, or -1 after a message. */
static int segment_claim(const struct options *options)
{
    for (;;) {
        bool created;
        int fd = presence_open(options->name, options->mode, WRITER_PRESENCE, &created);

        if (fd == -1) {
            const char *next = errno == EAGAIN
                                   ? "another writer holds it: end that one, or choose another --name"
                               : errno == EACCES ? "it belongs to somebody else: choose another --name"
                                                 : NULL;
            error_report_errno(next, "shm_open(%s)", options->name);
            return -1;
        }
        if (created)
            return fd;
        int failed = segment_replace(options, fd);
        close(fd);
        if (failed != 0)
            return -1;
    }
}

/* The same, with its size. */
static int segment_open(const struct options *options)
{
    int fd = segment_claim(options);

    if (fd == -1)
        return -1;
    /* posix_fallocate finds out now whether there is memory; after ftruncate alone a full /dev/shm shows as
     * SIGBUS. */
    do {
        /* slide:size */
        if (ftruncate(fd, SHARED_DATA_SEGMENT_SIZE) == 0 &&
            (errno = posix_fallocate(fd, 0, SHARED_DATA_SEGMENT_SIZE)) == 0)
            return fd;
        /* slide:end */
    } while (errno == EINTR); /* a signal came: it is heeded when the data are in place */
    error_report_errno("look at `df -h /dev/shm`", "%d bytes for %s", SHARED_DATA_SEGMENT_SIZE,
                       options->name);
    shm_unlink(options->name);
    close(fd);
    return -1;
}

static void segment_hold(const struct options *options)
{
    printf("writer: %d bytes in %s, struct at 0 to %d; look with: reader.py --name %s\n",
           SHARED_DATA_SEGMENT_SIZE, options->name, SHARED_DATA_SIZE - 1, options->name);
    if (options->hold < 0)
        printf("writer: press Enter to remove it and end\n");
    fflush(stdout);

    if (stop_wait(options->hold) == STOP_SIGNAL)
        printf("writer: %s\n", strsignal(stop_signal()));
}

static int segment_fill_and_hold(const struct options *options, int fd)
{
    struct shared_data sample;
    struct shared_data *shared =
        mmap(NULL, SHARED_DATA_SEGMENT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (shared == MAP_FAILED)
        return error_report_errno(NULL, "mmap(%s)", options->name);

    sample_clear(shared);
    sample_fill(&sample);
    sample_publish(shared, &sample);
    segment_hold(options);
    munmap(shared, SHARED_DATA_SEGMENT_SIZE);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options = {.name = SHARED_DATA_NAME, .hold = -1, .mode = 0600};

    options_parse(&argp, argc, argv, &options);
    stop_on_signals();

    int fd = segment_open(&options);
    if (fd == -1)
        return EXIT_FAILURE;

    int status = segment_fill_and_hold(&options, fd);
    if (!presence_current(fd, options.name)) /* what has the name now is not ours to remove */
        status = error_report(NULL, "somebody removed %s before we did", options.name);
    else if (shm_unlink(options.name) == -1)
        status = error_report_errno(NULL, "shm_unlink(%s)", options.name);
    else
        printf("writer: %s removed\n", options.name);
    close(fd); /* last: until here the name is ours */
    return status;
}
