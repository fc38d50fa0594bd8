/* nng, the successor of nanomsg: pair0 over a UNIX socket, served by its own threads. */
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "channel.h"

struct nng {
    char address[64];
    nng_socket socket; /* of this process: nng must not be used before a fork */
};

static bool nng_prepare(struct link *link)
{
    struct nng *nng = calloc(1, sizeof *nng);

    link->state = nng;
    if (nng == NULL)
        return false;
    /* in the abstract name space: it vanishes with the processes, unix(7) */
    snprintf(nng->address, sizeof nng->address, "abstract://shmlab-bench-%ld", (long)getpid());
    return true;
}

/* nng returns numbers of its own, most of them not errno's. */
static bool nng_done(int result)
{
    if (result != 0)
        errno = EIO;
    return result == 0;
}

static bool nng_attach(struct link *link)
{
    struct nng *nng = link->state;

    /* no limit to what may be received: the default is 1 MiB, less than a frame */
    if (!nng_done(nng_pair0_open(&nng->socket)) || !nng_done(nng_socket_set_size(nng->socket, NNG_OPT_RECVMAXSZ, 0)))
        return false;
    if (link->side == SIDE_A)
        return nng_done(nng_listen(nng->socket, nng->address, NULL, 0));
    /* if nobody listens yet, it tries again in the background */
    return nng_done(nng_dial(nng->socket, nng->address, NULL, NNG_FLAG_NONBLOCK));
}

static void nng_detach(struct link *link)
{
    nng_close(((struct nng *)link->state)->socket);
}

static void nng_free_link(struct link *link)
{
    free(link->state);
    link->state = NULL;
}

static bool nng_send_message(struct link *link, const void *message, size_t size)
{
    return nng_done(nng_send(((struct nng *)link->state)->socket, (void *)message, size, 0)); /* it copies */
}

static bool nng_receive_message(struct link *link, void *message, size_t size)
{
    return nng_done(nng_recv(((struct nng *)link->state)->socket, message, &size, 0));
}

const struct channel channel_nng = {
    .id = "nng",
    .title = "nng, pair0 over a UNIX socket",
    .waits = WAITS_BLOCKED,
    .copies = "4",
    .touches = "library and kernel",
    .package = "libnng-dev",
    .open = nng_prepare,
    .join = nng_attach,
    .send = nng_send_message,
    .receive = nng_receive_message,
    .leave = nng_detach,
    .close = nng_free_link,
};
