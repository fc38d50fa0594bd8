/*
 * D-Bus from peer to peer: sd-bus over a pair of UNIX sockets, no daemon between. Each message is a signal
 * with an array of bytes, marshalled by the library and copied through the socket by the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include "channel.h"
#include "descriptor.h"

static const char dbus_path[] = "/shmlab/bench", dbus_interface[] = "shmlab.Bench", dbus_member[] = "Message";

struct dbus {
    int fd[SIDES]; /* each side's end; -1: given to the bus, or closed */
    sd_bus *bus;   /* of this process: sd-bus refuses to work after a fork */
};

/* sd-bus returns a negative errno where it fails. */
static bool dbus_done(int result)
{
    if (result < 0)
        errno = -result;
    return result >= 0;
}

static bool dbus_open(struct link *link)
{
    struct dbus *dbus = malloc(sizeof *dbus);

    link->state = dbus;
    if (dbus == NULL)
        return false;
    *dbus = (struct dbus){.fd = {-1, -1}};
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, dbus->fd) == 0;
}

/* Side A is the server of the two: the one that names the connection, and asks for no proof of who the other is. */
static bool dbus_join(struct link *link)
{
    struct dbus *dbus = link->state;
    int *fd = &dbus->fd[link->side];
    sd_id128_t id;

    descriptor_close(&dbus->fd[!link->side]); /* so that a side sees when the other one ends */
    if (!dbus_done(sd_bus_new(&dbus->bus)) || !dbus_done(sd_bus_set_fd(dbus->bus, *fd, *fd)))
        return false;
    *fd = -1; /* the bus closes it from now on */
    if (link->side == SIDE_A &&
        (!dbus_done(sd_id128_randomize(&id)) || !dbus_done(sd_bus_set_server(dbus->bus, 1, id))))
        return false;
    return dbus_done(sd_bus_set_anonymous(dbus->bus, 1)) && dbus_done(sd_bus_start(dbus->bus));
}

/* What was sent has been flushed: nothing is lost. */
static void dbus_leave(struct link *link)
{
    struct dbus *dbus = link->state;

    dbus->bus = sd_bus_close_unref(dbus->bus);
}

static void dbus_close(struct link *link)
{
    struct dbus *dbus = link->state;

    for (int side = 0; side < SIDES && dbus != NULL; side++)
        descriptor_close(&dbus->fd[side]);
    free(dbus);
    link->state = NULL;
}

static bool dbus_send(struct link *link, const void *bytes, size_t size)
{
    sd_bus *bus = ((struct dbus *)link->state)->bus;
    sd_bus_message *message = NULL;

    /* flushed, or the library would keep any number of messages in a queue of its own */
    bool done = dbus_done(sd_bus_message_new_signal(bus, &message, dbus_path, dbus_interface, dbus_member)) &&
                dbus_done(sd_bus_message_append_array(message, SD_BUS_TYPE_BYTE, bytes, size)) &&
                dbus_done(sd_bus_send(bus, message, NULL)) && dbus_done(sd_bus_flush(bus));
    sd_bus_message_unref(message);
    return done;
}

/* The next message of the other side, whatever it is; NULL with errno. */
static sd_bus_message *dbus_next(sd_bus *bus)
{
    sd_bus_message *message = NULL;

    for (;;) {
        int result = sd_bus_process(bus, &message);
        if (message != NULL)
            return message;
        if (result == 0)
            result = sd_bus_wait(bus, UINT64_MAX);
        if (result != -EINTR && !dbus_done(result))
            return NULL;
    }
}

static bool dbus_receive(struct link *link, void *bytes, size_t size)
{
    sd_bus_message *message = dbus_next(((struct dbus *)link->state)->bus);
    const void *array = NULL;
    size_t length = 0;

    if (message == NULL)
        return false;
    bool done = sd_bus_message_is_signal(message, dbus_interface, dbus_member) > 0 &&
                dbus_done(sd_bus_message_read_array(message, SD_BUS_TYPE_BYTE, &array, &length)) && length == size;
    if (done)
        memcpy(bytes, array, size);
    else
        errno = EPROTO; /* the library's own signal says that the other side has gone */
    sd_bus_message_unref(message);
    return done;
}

const struct channel channel_dbus = {
    .id = "dbus",
    .title = "D-Bus, sd-bus from peer to peer",
    .waits = WAITS_BLOCKED,
    .copies = "4",
    .touches = "library and kernel",
    .package = "libsystemd-dev",
    .open = dbus_open,
    .join = dbus_join,
    .send = dbus_send,
    .receive = dbus_receive,
    .leave = dbus_leave,
    .close = dbus_close,
};
