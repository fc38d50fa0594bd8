/*
 * The kernel's message queues, POSIX and System V. Neither takes more than 8 KiB at a time unless the
 * administrator allows it, so a frame goes in 151 pieces.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include "channel.h"

enum {
    QUEUE_PIECE = 8192, /* bytes: the default of fs.mqueue.msgsize_max and of kernel.msgmax */
    QUEUE_DEPTH = 10,   /* messages: the default of fs.mqueue.msg_max */
};

static size_t part(size_t left)
{
    return left < QUEUE_PIECE ? left : QUEUE_PIECE;
}

struct posix_queues {
    mqd_t queue[SIDES]; /* by the side that sends */
};

static bool posix_open(struct link *link)
{
    struct posix_queues *queues = malloc(sizeof *queues);
    struct mq_attr limits = {.mq_maxmsg = QUEUE_DEPTH, .mq_msgsize = QUEUE_PIECE};
    char name[64];

    link->state = queues;
    if (queues == NULL)
        return false;
    *queues = (struct posix_queues){{(mqd_t)-1, (mqd_t)-1}};
    for (int side = 0; side < SIDES; side++) {
        snprintf(name, sizeof name, "/shmlab-bench-%ld-%d", (long)getpid(), side);
        queues->queue[side] = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &limits);
        if (queues->queue[side] == (mqd_t)-1)
            return false;
        mq_unlink(name); /* the sides inherit the descriptor; the queue goes with the last of them */
    }
    return true;
}

static void posix_close(struct link *link)
{
    struct posix_queues *queues = link->state;

    for (int side = 0; side < SIDES && queues != NULL; side++)
        if (queues->queue[side] != (mqd_t)-1)
            mq_close(queues->queue[side]);
    free(queues);
    link->state = NULL;
}

static bool posix_send(struct link *link, const void *message, size_t size)
{
    mqd_t queue = ((struct posix_queues *)link->state)->queue[link->side];

    for (size_t at = 0; at < size; at += QUEUE_PIECE)
        while (mq_send(queue, (const char *)message + at, part(size - at), 0) == -1)
            if (errno != EINTR)
                return false;
    return true;
}

static bool posix_receive(struct link *link, void *message, size_t size)
{
    mqd_t queue = ((struct posix_queues *)link->state)->queue[!link->side];
    char piece[QUEUE_PIECE]; /* mq_receive wants room for the largest message, which our last piece has not */

    for (size_t at = 0; at < size; at += QUEUE_PIECE) {
        bool whole = size - at >= QUEUE_PIECE;
        ssize_t got;
        while ((got = mq_receive(queue, whole ? (char *)message + at : piece, QUEUE_PIECE, NULL)) == -1)
            if (errno != EINTR)
                return false;
        if (!whole)
            memcpy((char *)message + at, piece, (size_t)got < size - at ? (size_t)got : size - at);
    }
    return true;
}

const struct channel channel_posix_queue = {
    .id = "posix-queue",
    .title = "POSIX message queue",
    .waits = WAITS_BLOCKED,
    .copies = "2",
    .touches = "kernel in, kernel out",
    .piece = QUEUE_PIECE,
    .open = posix_open,
    .send = posix_send,
    .receive = posix_receive,
    .close = posix_close,
};

/* A message as msgsnd wants it: the type is before the bytes, so ours must be copied there. */
struct sysv_message {
    long type;
    char bytes[QUEUE_PIECE];
};

struct sysv_queues {
    int queue[SIDES]; /* by the side that sends */
    struct sysv_message message;
};

static bool sysv_open(struct link *link)
{
    struct sysv_queues *queues = calloc(1, sizeof *queues);

    link->state = queues;
    if (queues == NULL)
        return false;
    queues->queue[SIDE_A] = queues->queue[SIDE_B] = -1;
    for (int side = 0; side < SIDES; side++) {
        queues->queue[side] = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
        if (queues->queue[side] == -1)
            return false;
    }
    return true;
}

static void sysv_close(struct link *link)
{
    struct sysv_queues *queues = link->state;

    for (int side = 0; side < SIDES && queues != NULL; side++)
        if (queues->queue[side] != -1)
            msgctl(queues->queue[side], IPC_RMID, NULL);
    free(queues);
    link->state = NULL;
}

static bool sysv_send(struct link *link, const void *message, size_t size)
{
    struct sysv_queues *queues = link->state;

    queues->message.type = 1; /* any positive number */
    for (size_t at = 0; at < size; at += QUEUE_PIECE) {
        memcpy(queues->message.bytes, (const char *)message + at, part(size - at));
        while (msgsnd(queues->queue[link->side], &queues->message, part(size - at), 0) == -1)
            if (errno != EINTR)
                return false;
    }
    return true;
}

static bool sysv_receive(struct link *link, void *message, size_t size)
{
    struct sysv_queues *queues = link->state;

    for (size_t at = 0; at < size; at += QUEUE_PIECE) {
        while (msgrcv(queues->queue[!link->side], &queues->message, QUEUE_PIECE, 0, 0) == -1)
            if (errno != EINTR)
                return false;
        memcpy((char *)message + at, queues->message.bytes, part(size - at));
    }
    return true;
}

const struct channel channel_sysv_queue = {
    .id = "sysv-queue",
    .title = "System V message queue",
    .waits = WAITS_BLOCKED,
    .copies = "4",
    .touches = "both programs and kernel",
    .piece = QUEUE_PIECE,
    .open = sysv_open,
    .send = sysv_send,
    .receive = sysv_receive,
    .close = sysv_close,
};
