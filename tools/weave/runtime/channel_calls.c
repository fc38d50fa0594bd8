/*
 * Channels: pipes, pairs of sockets and eventfds, through which one process of a run sends to another. The real call
 * is made when it need not sleep; until then its process waits in the scheduler.
 *
 * What was sent happens before it is received. The C standard knows no other process, and POSIX names neither read nor
 * write among the functions that synchronise memory (XBD 4.12 of POSIX.1-2017, 4.15.2 of POSIX.1-2024); that the order
 * holds is a promise of the kernel, which copies what is sent and received under a lock of the pipe, and of pipe(7):
 * what is read was written before.
 */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static const char *const channel_names[] = {"pipe", "socket", "eventfd"};

/* The end of a pair of sockets: twice its number, and one more for the second; -1: none that this run has made. */
static int channel_end_number(uint64_t socket)
{
    const struct control *control = runtime.control;
    for (uint32_t i = 0; i < control->pairs; i++)
        for (int k = 0; k < 2; k++)
            if (control->pair[i][k] == socket)
                return (int)i * 2 + k;
    return -1;
}

/* The object of a socket that listens, or of one end of a pair; NULL: neither. */
static struct object *channel_socket(uint64_t socket, bool writes)
{
    struct control *control = runtime.control;
    for (uint32_t i = 0; i < control->listeners; i++)
        if (control->listener[i].inode == socket)
            return &control->object[control->listener[i].object];
    int end = channel_end_number(socket);
    return end < 0 ? NULL : channel_object(CHANNEL_SOCKET, SPACE_SOCKETS, (uint64_t)(writes ? end ^ 1 : end));
}

void channel_pair(uint64_t one, uint64_t other, int listener, const void *pc)
{
    struct control *control = runtime.control;
    if (control->pairs == WEAVE_PAIRS)
        unmodelled("connects more sockets than weave follows", pc);
    control->pair_listener[control->pairs] = (int16_t)listener;
    control->pair[control->pairs][0] = one;
    control->pair[control->pairs++][1] = other;
    control->channels = 1;
}

void channel_accepted(uint64_t socket, int listener)
{
    struct control *control = runtime.control;
    for (uint32_t i = 0; i < control->pairs; i++)
        if (control->pair[i][1] == 0 && control->pair_listener[i] == listener) { /* in the order of connecting */
            control->pair[i][1] = socket;
            return;
        }
}

/* All eventfds are one file for fstat(2); proc(5) tells them apart. 0: it is none. */
static uint64_t channel_event_number(int descriptor)
{
    static const char word[] = "eventfd-id:";
    char path[40], text[256];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    long length = file < 0 ? -1 : syscall(SYS_read, file, text, sizeof text - 1);
    if (file >= 0)
        syscall(SYS_close, file);
    text[length < 0 ? 0 : length] = '\0';
    const char *at = strstr(text, word);
    uint64_t number = 0;
    for (at = at == NULL ? NULL : at + sizeof word - 1; at != NULL && *at != '\0' && *at != '\n'; at++)
        if (*at >= '0' && *at <= '9')
            number = number * 10 + (uint64_t)(*at - '0');
    return at == NULL ? 0 : number + 1;
}

struct object *channel_object(enum channel_kind kind, uint64_t space, uint64_t id)
{
    struct control *control = runtime.control;
    uint64_t key = key_make(KEY_CHANNEL, kernel_number(space, id));
    uint32_t before = control->objects, number = 1;
    struct object *object = object_find(control, key, OBJECT_CHANNEL);
    if (control->objects == before)
        return object;
    for (uint32_t i = 0; i + 1 < control->objects; i++)
        number += control->object[i].kind == OBJECT_CHANNEL && control->object[i].initial == (int32_t)kind;
    object->initial = (int32_t)kind;
    snprintf(object->name, sizeof object->name, "%s %u", channel_names[kind], number);
    return object;
}

/* The object of what is read from, or written to, this descriptor; NULL: it is no channel. */
static struct object *channel_find(int descriptor, bool writes)
{
    struct stat status;
    if (!runtime.on || runtime.control->channels == 0 || REAL(fstat)(descriptor, &status) != 0)
        return NULL;
    if (S_ISFIFO(status.st_mode))
        return channel_object(CHANNEL_PIPE, status.st_dev, status.st_ino);
    if (S_ISSOCK(status.st_mode))
        return channel_socket(status.st_ino, writes);
    uint64_t event = (status.st_mode & S_IFMT) == 0 ? channel_event_number(descriptor) : 0;
    return event == 0 ? NULL : channel_object(CHANNEL_EVENT, SPACE_EVENTFD, event);
}

void channel_changed(struct object *object)
{
    struct control *control = runtime.control;
    object_changed(control, object);
    for (int i = 0; i < control->slots; i++)
        if (control->process[i].state == PROCESS_BLOCKED && control->process[i].wait == WAIT_CHANNEL &&
            control->process[i].wait_object < 0)
            decide_ready(control, i);
}

static bool channel_ready(int descriptor, short events)
{
    struct pollfd now = {descriptor, events, 0};
    return REAL(poll)(&now, 1, 0) != 0; /* or there is an error, of which the call itself tells */
}

bool channel_begin(struct channel *channel, int descriptor, bool writes, const void *pc)
{
    *channel = (struct channel){.object = channel_find(descriptor, writes), .writes = writes};
    if (channel->object == NULL)
        return true;
    channel->site = site_at(pc);
    channel->pipe = channel->object->initial == CHANNEL_PIPE;
    int flags = REAL(fcntl)(descriptor, F_GETFL);
    if ((flags & O_ACCMODE) == (writes ? O_RDONLY : O_WRONLY)) { /* the wrong end, EBADF */
        channel->object = NULL;
        return true;
    }
    channel->waits = !(flags & O_NONBLOCK);
    if (!channel->waits)
        poll_begin(channel->object, channel->site);
    turn_sync();
    while (channel->waits && !channel_ready(descriptor, writes ? POLLOUT : POLLIN)) {
        order_note(runtime.control, runtime.me, channel->object, EVENT_BLOCK);
        runtime.self->wait_where = 0;
        runtime.self->wait_writes = writes;
        turn_block(PROCESS_BLOCKED, WAIT_CHANNEL, channel->object, channel->site);
        if (runtime.self->interrupted == INTERRUPTED) {
            errno = EINTR;
            return false;
        }
    }
    if (writes) {
        order_release(runtime.control, runtime.me, channel->object);
        spin_progress(runtime.control, runtime.me);
    }
    return true;
}

/*
 * The end of what is read comes after all that those did who could have written: they have closed their ends, where
 * they took part in the order (see close), or have ended.
 */
static void channel_read_end(void)
{
    struct control *control = runtime.control;
    for (int i = 0; i < control->slots; i++) {
        const struct process *p = &control->process[i];
        if (p->state != PROCESS_ENDED)
            continue;
        clock_join(&runtime.self->sync, &p->sync);
        clock_join(&runtime.self->hypothetical, &p->hypothetical);
        view_join(&runtime.self->view, &p->view);
        runtime.self->history = hash_mix(runtime.self->history, p->history);
    }
}

void channel_end(const struct channel *channel, ssize_t result)
{
    struct control *control = runtime.control;
    struct object *object = channel->object;
    if (object == NULL)
        return;
    int saved = errno;
    if (result < 0) {
        order_note(control, runtime.me, object, EVENT_BLOCK);
        poll_failed(object, channel->site);
    } else {
        if (!channel->writes)
            order_acquire(control, runtime.me, object);
        if (!channel->writes && result == 0)
            channel_read_end();
        object->waited = 1;
        object_event(channel->writes ? EVENT_SEND : EVENT_RECEIVE, channel->site, object, (uint64_t)result);
        channel_changed(object); /* there is something to read, or room to write */
    }
    errno = saved;
}

size_t channel_buffered(const FILE *stream)
{
    return (size_t)(stream->_IO_read_end - stream->_IO_read_ptr);
}

bool channel_of_stream(FILE *stream)
{
    return runtime.on && runtime.control->channels > 0 && stream != NULL && channel_find(fileno(stream), false) != NULL;
}

int channel_byte(FILE *stream, const void *pc)
{
    struct channel channel;
    if (!channel_begin_stream(&channel, stream, false, pc))
        return EOF;
    int byte = REAL(fgetc)(stream);
    channel_end(&channel, byte == EOF ? 0 : 1);
    return byte;
}

bool channel_begin_stream(struct channel *channel, FILE *stream, bool writes, const void *pc)
{
    *channel = (struct channel){0};
    if (!runtime.on || runtime.control->channels == 0 || stream == NULL)
        return true;
    if (!writes && channel_buffered(stream) > 0)
        return true; /* it was received before */
    return channel_begin(channel, fileno(stream), writes, pc);
}

/* ---- making and closing them ---- */

static void channel_made(void)
{
    if (runtime.on)
        runtime.control->channels = 1;
}

WEAVE_EXPORT int pipe2(int ends[2], int flags)
{
    access_memory(ends, 2 * sizeof *ends, ACCESS_LIBC | ACCESS_WRITE, CALLER);
    channel_made();
    segment_open();
    int result = REAL(pipe2)(ends, flags);
    if (result == 0)
        channel_find(ends[0], false); /* it has its name from here on */
    segment_close();
    return result;
}

WEAVE_EXPORT int pipe(int ends[2])
{
    return pipe2(ends, 0);
}

WEAVE_EXPORT int eventfd(unsigned value, int flags)
{
    channel_made();
    int descriptor = REAL(eventfd)(value, flags);
    channel_find(descriptor, false);
    return descriptor;
}

WEAVE_EXPORT int socketpair(int domain, int type, int protocol, int ends[2])
{
    struct stat one, other;
    access_memory(ends, 2 * sizeof *ends, ACCESS_LIBC | ACCESS_WRITE, CALLER);
    segment_open();
    int result = REAL(socketpair)(domain, type, protocol, ends);
    if (result == 0 && runtime.on && REAL(fstat)(ends[0], &one) == 0 && REAL(fstat)(ends[1], &other) == 0)
        channel_pair(one.st_ino, other.st_ino, -1, CALLER);
    segment_close();
    return result;
}

/* The last end of a side that is closed ends what is read from the other, or makes writing there an error. */
static void channel_close(int descriptor, const void *pc)
{
    struct object *object = channel_find(descriptor, true);
    if (object == NULL)
        return;
    (void)site_at(pc);
    turn_sync();
    if ((REAL(fcntl)(descriptor, F_GETFL) & O_ACCMODE) != O_RDONLY)
        order_release(runtime.control, runtime.me, object);
    order_note(runtime.control, runtime.me, object, EVENT_REMOVE);
}

static void channel_closed(void)
{
    struct control *control = runtime.control;
    if (!runtime.on || control->channels == 0)
        return;
    for (int i = 0; i < control->slots; i++)
        if (control->process[i].state == PROCESS_BLOCKED && control->process[i].wait == WAIT_CHANNEL)
            decide_ready(control, i);
}

WEAVE_EXPORT int close(int descriptor)
{
    channel_close(descriptor, CALLER);
    lock_closing(descriptor);
    int result = REAL(close)(descriptor), saved = errno;
    channel_closed();
    errno = saved;
    return result;
}

WEAVE_EXPORT int dup2(int from, int to)
{
    if (from != to)
        channel_close(to, CALLER);
    int result = REAL(dup2)(from, to), saved = errno;
    channel_closed();
    errno = saved;
    return result;
}

/* What is still in the stream is sent now. */
WEAVE_EXPORT int fclose(FILE *stream)
{
    if (runtime.on && runtime.control->channels > 0)
        channel_close(fileno(stream), CALLER);
    int result = REAL(fclose)(stream), saved = errno;
    channel_closed();
    errno = saved;
    return result;
}

WEAVE_EXPORT int fflush(FILE *stream)
{
    struct channel channel = {0};
    size_t pending = stream == NULL || !runtime.on ? 0 : __fpending(stream);
    if (pending > 0 && !channel_begin_stream(&channel, stream, true, CALLER))
        return EOF;
    int result = REAL(fflush)(stream);
    channel_end(&channel, (ssize_t)pending);
    return result;
}

WEAVE_EXPORT int shutdown(int socket, int how)
{
    if (how != SHUT_RD)
        channel_close(socket, CALLER);
    int result = REAL(shutdown)(socket, how), saved = errno;
    channel_closed();
    errno = saved;
    return result;
}

/* ---- waiting for several ---- */

bool channel_among(const struct pollfd *descriptors, nfds_t count)
{
    for (nfds_t i = 0; i < count; i++)
        if (channel_find(descriptors[i].fd, false) != NULL)
            return true;
    return false;
}

int channel_await(const struct timespec *limit, const void *pc)
{
    uint16_t site = site_at(pc);
    if (limit != NULL && time_of(limit) == 0) {
        turn_yield();
        return 0;
    }
    runtime.self->timed = limit != NULL;
    runtime.self->deadline = limit == NULL ? 0 : runtime.self->time + time_of(limit);
    runtime.self->wait_where = 0;
    if (turn_block(PROCESS_BLOCKED, WAIT_CHANNEL, NULL, site))
        return 0;
    if (runtime.self->interrupted != INTERRUPTED_NOT) { /* never restarted: signal(7) */
        errno = EINTR;
        return -1;
    }
    return 1;
}
