/* Sockets: the three kinds of UNIX sockets, and TCP over the loopback interface. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "descriptor.h"

enum {
    SOCKET_PIECE = 128 << 10, /* bytes in a datagram: fits into the default send buffer (unix(7)) */
    SOCKET_BUFFER = 4 << 20,  /* bytes asked for; the kernel grants what net.core.wmem_max allows */
};

struct sockets {
    int fd[SIDES]; /* each side's end */
};

static struct sockets *sockets_new(struct link *link)
{
    struct sockets *sockets = malloc(sizeof *sockets);

    link->state = sockets;
    if (sockets != NULL)
        *sockets = (struct sockets){{-1, -1}};
    return sockets;
}

static bool unix_open(struct link *link)
{
    const int *type = link->channel->variant;
    struct sockets *sockets = sockets_new(link);
    int size = SOCKET_BUFFER;

    if (sockets == NULL || socketpair(AF_UNIX, *type | SOCK_CLOEXEC, 0, sockets->fd) == -1)
        return false;
    for (int side = 0; side < SIDES; side++)
        if (*type != SOCK_STREAM && setsockopt(sockets->fd[side], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == -1)
            return false;
    return true;
}

/* Connect to ourselves; the listening socket is not needed any longer then. */
static bool tcp_connect(int listening, int fd[SIDES])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int on = 1;

    if (bind(listening, (struct sockaddr *)&address, sizeof address) == -1 || listen(listening, 1) == -1 ||
        getsockname(listening, (struct sockaddr *)&address, &length) == -1)
        return false;
    fd[SIDE_A] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd[SIDE_A] == -1 || connect(fd[SIDE_A], (struct sockaddr *)&address, sizeof address) == -1)
        return false;
    fd[SIDE_B] = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd[SIDE_B] == -1)
        return false;
    for (int side = 0; side < SIDES; side++) /* else small messages wait for each other: tcp(7) */
        if (setsockopt(fd[side], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
            return false;
    return true;
}

static bool tcp_open(struct link *link)
{
    struct sockets *sockets = sockets_new(link);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (sockets == NULL || listening == -1) {
        descriptor_close(&listening);
        return false;
    }
    bool connected = tcp_connect(listening, sockets->fd);
    int error = errno;
    close(listening);
    errno = error;
    return connected;
}

static void socket_close(struct link *link)
{
    struct sockets *sockets = link->state;

    for (int side = 0; side < SIDES && sockets != NULL; side++)
        descriptor_close(&sockets->fd[side]);
    free(sockets);
    link->state = NULL;
}

static bool socket_send(struct link *link, const void *message, size_t size)
{
    return descriptor_write(((struct sockets *)link->state)->fd[link->side], message, size, link->channel->piece);
}

static bool socket_receive(struct link *link, void *message, size_t size)
{
    return descriptor_read(((struct sockets *)link->state)->fd[link->side], message, size, link->channel->piece);
}

static const int stream = SOCK_STREAM, seqpacket = SOCK_SEQPACKET, datagram = SOCK_DGRAM;

#define SOCKET                                                                                      \
    .waits = WAITS_BLOCKED, .copies = "2", .touches = "kernel in, kernel out", .send = socket_send, \
    .receive = socket_receive, .close = socket_close

const struct channel channel_unix_stream = {
    .id = "unix-stream", .title = "UNIX stream socket", .variant = &stream, .open = unix_open, SOCKET};
const struct channel channel_unix_seqpacket = {.id = "unix-seqpacket",
                                               .title = "UNIX seqpacket socket",
                                               .variant = &seqpacket,
                                               .piece = SOCKET_PIECE,
                                               .open = unix_open,
                                               SOCKET};
const struct channel channel_unix_datagram = {.id = "unix-datagram",
                                              .title = "UNIX datagram socket",
                                              .variant = &datagram,
                                              .piece = SOCKET_PIECE,
                                              .open = unix_open,
                                              SOCKET};
const struct channel channel_tcp = {.id = "tcp", .title = "TCP over loopback", .open = tcp_open, SOCKET};
