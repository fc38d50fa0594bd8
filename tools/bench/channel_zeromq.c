/* ZeroMQ over ipc://, a pair of PAIR sockets. Its I/O threads copy through a UNIX socket. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "channel.h"

enum { HIGH_WATER = 5 /* messages: no more in flight than our rings have slots */ };

struct zeromq {
    char address[64];
    void *context, *socket; /* of this process: neither survives a fork */
};

static bool zeromq_open(struct link *link)
{
    struct zeromq *zeromq = calloc(1, sizeof *zeromq);

    link->state = zeromq;
    if (zeromq == NULL)
        return false;
    /* in the abstract name space: it vanishes with the processes, unix(7) */
    snprintf(zeromq->address, sizeof zeromq->address, "ipc://@shmlab-bench-%ld", (long)getpid());
    return true;
}

static bool zeromq_join(struct link *link)
{
    struct zeromq *zeromq = link->state;
    int limit = HIGH_WATER;

    zeromq->context = zmq_ctx_new();
    zeromq->socket = zeromq->context != NULL ? zmq_socket(zeromq->context, ZMQ_PAIR) : NULL;
    if (zeromq->socket == NULL || zmq_setsockopt(zeromq->socket, ZMQ_SNDHWM, &limit, sizeof limit) == -1 ||
        zmq_setsockopt(zeromq->socket, ZMQ_RCVHWM, &limit, sizeof limit) == -1)
        return false;
    return (link->side == SIDE_A ? zmq_bind : zmq_connect)(zeromq->socket, zeromq->address) == 0;
}

static void zeromq_leave(struct link *link)
{
    struct zeromq *zeromq = link->state;

    zmq_close(zeromq->socket);
    zmq_ctx_term(zeromq->context);
}

static void zeromq_close(struct link *link)
{
    free(link->state);
    link->state = NULL;
}

static bool zeromq_send(struct link *link, const void *message, size_t size)
{
    while (zmq_send(((struct zeromq *)link->state)->socket, message, size, 0) == -1)
        if (errno != EINTR)
            return false;
    return true;
}

static bool zeromq_receive(struct link *link, void *message, size_t size)
{
    while (zmq_recv(((struct zeromq *)link->state)->socket, message, size, 0) == -1)
        if (errno != EINTR)
            return false;
    return true;
}

const struct channel channel_zeromq = {
    .id = "zeromq",
    .title = "ZeroMQ, PAIR over ipc://",
    .waits = WAITS_BLOCKED,
    .copies = "4",
    .touches = "library and kernel",
    .package = "libzmq3-dev",
    .open = zeromq_open,
    .join = zeromq_join,
    .send = zeromq_send,
    .receive = zeromq_receive,
    .leave = zeromq_leave,
    .close = zeromq_close,
};
