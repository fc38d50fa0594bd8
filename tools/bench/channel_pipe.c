/*
 * Pipes: anonymous ones, a larger one, one whose pages are lent with vmsplice, and FIFOs. The kernel copies
 * every byte in and out, and puts a reader of an empty pipe to sleep.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "channel.h"
#include "descriptor.h"

enum { PIPE_LARGE = 1 << 20 /* bytes: what an ordinary user may ask for, pipe(7) */ };

struct pipes {
    int read_end[SIDES], write_end[SIDES]; /* by the side that sends */
};

static bool pipes_new(struct link *link)
{
    struct pipes *pipes = malloc(sizeof *pipes);

    link->state = pipes;
    if (pipes == NULL)
        return false;
    *pipes = (struct pipes){{-1, -1}, {-1, -1}};
    return true;
}

static bool pipe_open(struct link *link)
{
    const int *size = link->channel->variant;
    int ends[2];

    if (!pipes_new(link))
        return false;
    struct pipes *pipes = link->state;
    for (int side = 0; side < SIDES; side++) {
        if (pipe2(ends, O_CLOEXEC) == -1)
            return false;
        pipes->read_end[side] = ends[0];
        pipes->write_end[side] = ends[1];
        if (size != NULL && fcntl(ends[0], F_SETPIPE_SZ, *size) == -1)
            return false;
    }
    return true;
}

/* Make a FIFO, open it, remove its name: nothing is left behind even when we are killed right after. */
static bool fifo_make(int *read_end, int *write_end)
{
    char folder[] = "/tmp/shmlab-bench-XXXXXX", path[sizeof folder + sizeof "/fifo"];

    if (mkdtemp(folder) == NULL)
        return false;
    snprintf(path, sizeof path, "%s/fifo", folder);
    if (mkfifo(path, 0600) == 0) {
        /* O_RDWR does not wait for the other side: fifo(7) */
        *read_end = open(path, O_RDWR | O_CLOEXEC);
        *write_end = open(path, O_WRONLY | O_CLOEXEC);
    }
    int error = errno;
    unlink(path);
    rmdir(folder);
    errno = error;
    return *read_end != -1 && *write_end != -1;
}

static bool fifo_open(struct link *link)
{
    if (!pipes_new(link))
        return false;
    struct pipes *pipes = link->state;
    return fifo_make(&pipes->read_end[SIDE_A], &pipes->write_end[SIDE_A]) &&
           fifo_make(&pipes->read_end[SIDE_B], &pipes->write_end[SIDE_B]);
}

static void pipe_close(struct link *link)
{
    struct pipes *pipes = link->state;

    for (int side = 0; side < SIDES && pipes != NULL; side++) {
        descriptor_close(&pipes->read_end[side]);
        descriptor_close(&pipes->write_end[side]);
    }
    free(pipes);
    link->state = NULL;
}

static bool pipe_send(struct link *link, const void *message, size_t size)
{
    return descriptor_write(((struct pipes *)link->state)->write_end[link->side], message, size, 0);
}

static bool pipe_receive(struct link *link, void *message, size_t size)
{
    return descriptor_read(((struct pipes *)link->state)->read_end[!link->side], message, size, 0);
}

/*
 * The pipe gets our pages instead of a copy, so they must not change before the reader has them. A pipe holds
 * PIPE_LARGE bytes, less than a frame: when the whole of a frame is in it, all of the frame before has been
 * read. Hence two buffers in turn.
 */
static bool vmsplice_send(struct link *link, const void *message, size_t size)
{
    struct iovec bytes = {.iov_base = (void *)message, .iov_len = size}; /* vmsplice does not write there */

    while (bytes.iov_len > 0) {
        ssize_t sent = vmsplice(((struct pipes *)link->state)->write_end[link->side], &bytes, 1, 0);
        if (sent == -1 && errno == EINTR)
            continue;
        if (sent == -1)
            return false;
        bytes.iov_base = (char *)bytes.iov_base + sent;
        bytes.iov_len -= (size_t)sent;
    }
    return true;
}

_Static_assert((int)FRAME_SIZE > PIPE_LARGE, "two buffers are enough for vmsplice");

static const int pipe_large = PIPE_LARGE;

#define PIPE                                                                                      \
    .waits = WAITS_BLOCKED, .copies = "2", .touches = "kernel in, kernel out", .send = pipe_send, \
    .receive = pipe_receive, .close = pipe_close

const struct channel channel_pipe = {.id = "pipe", .title = "pipe (64 KiB)", .open = pipe_open, PIPE};
const struct channel channel_pipe_large = {
    .id = "pipe-1m", .title = "pipe (1 MiB)", .open = pipe_open, .variant = &pipe_large, PIPE};
const struct channel channel_fifo = {.id = "fifo", .title = "FIFO (64 KiB)", .open = fifo_open, PIPE};
const struct channel channel_pipe_vmsplice = {
    .id = "pipe-vmsplice",
    .title = "pipe (1 MiB) + vmsplice, 2 buffers",
    .waits = WAITS_BLOCKED,
    .copies = "1",
    .touches = "kernel out",
    .buffers = 2,
    .variant = &pipe_large,
    .open = pipe_open,
    .send = vmsplice_send,
    .receive = pipe_receive,
    .close = pipe_close,
};
