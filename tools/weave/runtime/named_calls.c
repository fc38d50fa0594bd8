/*
 * Channels with a name, and files as locks: FIFOs, sockets of the family AF_UNIX, and names of which only one process
 * can be the maker (open with O_EXCL, mkdir).
 *
 * As with other channels nobody sleeps in the kernel: what would wait there waits in the scheduler. What the kernel
 * does under one lock is in order: opening both ends of a FIFO (fifo(7)), connecting and accepting (unix(7)), removing
 * a name and making it again.
 */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- names that a run has made: they go with it ---- */

static void name_made(const char *path)
{
    struct control *control = runtime.control;
    struct stat status;
    char folder[WEAVE_PATH] = "";
    if (control->names_made == WEAVE_NAMES || REAL(lstat)(path, &status) != 0)
        return;
    struct made *made = &control->made[control->names_made];
    if (path[0] != '/' && syscall(SYS_getcwd, folder, sizeof folder) < 0)
        return;
    int length = snprintf(made->path, sizeof made->path, "%s%s%s", folder, path[0] == '/' ? "" : "/", path);
    if (length >= (int)sizeof made->path)
        return;
    made->device = status.st_dev;
    made->inode = status.st_ino;
    control->names_made++;
}

/* ---- a name as a lock ---- */

static uint64_t lock_key(const char *path)
{
    return key_make(KEY_NAME, hash_mix(key_of_text(path), OBJECT_FILE_LOCK));
}

/* The object of a name that somebody has tried to be the only maker of. */
static struct object *lock_known(const char *path)
{
    struct control *control = runtime.control;
    for (uint32_t i = 0; i < control->objects; i++)
        if (control->object[i].key == lock_key(path))
            return &control->object[i];
    return NULL;
}

/* Before somebody makes a name that must not be there yet, and after it. */
static struct object *lock_make_begin(const char *path, uint16_t site)
{
    struct object *object = object_find(runtime.control, lock_key(path), OBJECT_NAME);
    object_set_name(object, path);
    poll_begin(object, site);
    turn_sync();
    return object;
}

static void lock_make_end(struct object *object, const char *path, bool success, uint16_t site)
{
    int saved = errno;
    object_event(EVENT_OPEN, site, object, success);
    if (success) {
        order_acquire(runtime.control, runtime.me, object);
        object_changed(runtime.control, object);
        spin_progress(runtime.control, runtime.me);
        name_made(path);
    } else {
        order_note(runtime.control, runtime.me, object, EVENT_OPEN);
        poll_failed(object, site);
    }
    errno = saved;
}

static struct object *lock_remove_begin(const char *path, const void *pc)
{
    struct object *object = runtime.on ? lock_known(path) : NULL;
    if (object == NULL)
        return NULL;
    uint16_t site = site_at(pc);
    turn_sync();
    order_release(runtime.control, runtime.me, object);
    object_event(EVENT_REMOVE, site, object, 0);
    return object;
}

static void lock_remove_end(struct object *object)
{
    int saved = errno;
    if (object != NULL) {
        object_changed(runtime.control, object);
        spin_progress(runtime.control, runtime.me);
    }
    errno = saved;
}

#define REMOVER(name)                                            \
    WEAVE_EXPORT int name(const char *path)                      \
    {                                                            \
        access_text(path, CALLER);                               \
        struct object *object = lock_remove_begin(path, CALLER); \
        segment_open();                                          \
        int result = REAL(name)(path);                           \
        segment_close();                                         \
        lock_remove_end(object);                                 \
        return result;                                           \
    }
REMOVER(unlink)
REMOVER(rmdir)
REMOVER(remove)

WEAVE_EXPORT int mkdir(const char *path, mode_t mode)
{
    access_text(path, CALLER);
    if (!runtime.on)
        return REAL(mkdir)(path, mode);
    uint16_t site = site_at(CALLER);
    struct object *object = lock_make_begin(path, site);
    int result = REAL(mkdir)(path, mode);
    lock_make_end(object, path, result == 0, site);
    return result;
}

/* ---- FIFOs ---- */

static struct object *fifo_object(const char *path, const struct stat *status)
{
    runtime.control->channels = 1;
    struct object *object = channel_object(CHANNEL_PIPE, status->st_dev, status->st_ino);
    char name[WEAVE_NAME];
    snprintf(name, sizeof name, "FIFO %.40s", path);
    object_set_name(object, name);
    return object;
}

/* Whether nobody writes and somebody has since this descriptor was opened: only then poll(2) says so. */
static bool fifo_has_hung_up(int descriptor)
{
    struct pollfd now = {descriptor, POLLIN, 0};
    return REAL(poll)(&now, 1, 0) > 0 && (now.revents & POLLHUP) != 0;
}

/*
 * Whether somebody writes into the FIFO, or has since its reader opened it. To tell writers from none, we are one for a
 * moment; since that counts as one that has come and gone, the descriptor is opened again.
 */
static bool fifo_has_writer(int descriptor, const char *path, int flags)
{
    if (fifo_has_hung_up(descriptor))
        return true;
    int writer = REAL(open)(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
    if (writer < 0)
        return true; /* read only: it is not known */
    REAL(close)(writer);
    if (!fifo_has_hung_up(descriptor))
        return true;
    int again = REAL(open)(path, flags | O_NONBLOCK, 0);
    if (again >= 0) {
        REAL(dup3)(again, descriptor, flags & O_CLOEXEC);
        REAL(close)(again);
    }
    return false;
}

/* False: interrupted. */
static bool fifo_wait(struct object *object, bool writes, uint16_t site)
{
    order_note(runtime.control, runtime.me, object, EVENT_BLOCK);
    runtime.self->wait_where = 0;
    runtime.self->wait_writes = writes;
    turn_block(PROCESS_BLOCKED, WAIT_CHANNEL, object, site);
    return runtime.self->interrupted != INTERRUPTED;
}

/* The first end waits for the second: fifo(7). */
static int fifo_open(const char *path, int flags, const struct stat *status, const void *pc)
{
    struct object *object = fifo_object(path, status);
    uint16_t site = site_at(pc);
    bool writes = (flags & O_ACCMODE) == O_WRONLY, waits = !(flags & O_NONBLOCK) && (flags & O_ACCMODE) != O_RDWR;
    if (!waits)
        poll_begin(object, site);
    turn_sync();
    order_release(runtime.control, runtime.me, object);
    int descriptor;
    while ((descriptor = REAL(open)(path, flags | O_NONBLOCK, 0)) < 0 && errno == ENXIO && waits)
        if (!fifo_wait(object, writes, site)) {
            errno = EINTR;
            return -1;
        }
    if (descriptor < 0) {
        poll_failed(object, site);
        return -1;
    }
    channel_changed(object); /* the other end goes on */
    while (waits && !writes && !fifo_has_writer(descriptor, path, flags))
        if (!fifo_wait(object, writes, site)) {
            REAL(close)(descriptor);
            errno = EINTR;
            return -1;
        }
    if (!(flags & O_NONBLOCK))
        REAL(fcntl)(descriptor, F_SETFL, REAL(fcntl)(descriptor, F_GETFL) & ~O_NONBLOCK);
    order_acquire(runtime.control, runtime.me, object);
    object_event(EVENT_OPEN, site, object, 1);
    spin_progress(runtime.control, runtime.me);
    return descriptor;
}

WEAVE_EXPORT int mkfifo(const char *path, mode_t mode)
{
    access_text(path, CALLER);
    if (!runtime.on)
        return REAL(mkfifo)(path, mode);
    uint16_t site = site_at(CALLER);
    struct object *object = lock_make_begin(path, site); /* who waits for the name looks again */
    int result = REAL(mkfifo)(path, mode);
    lock_make_end(object, path, result == 0, site);
    if (result == 0)
        order_release(runtime.control, runtime.me, object);
    return result;
}

WEAVE_EXPORT int mknod(const char *path, mode_t mode, dev_t device)
{
    return S_ISFIFO(mode) ? mkfifo(path, mode & ~(mode_t)S_IFMT) : REAL(mknod)(path, mode, device);
}

int named_open(const char *path, int flags, mode_t mode, const void *pc)
{
    struct stat status;
    if (!runtime.on || path == NULL)
        return REAL(open)(path, flags, mode);
    if (!(flags & O_PATH) && REAL(stat)(path, &status) == 0 && S_ISFIFO(status.st_mode) && !(flags & O_EXCL))
        return fifo_open(path, flags, &status, pc);
    struct object *object = lock_known(path);
    bool only = (flags & O_CREAT) && (flags & O_EXCL);
    if (!only && object == NULL)
        return REAL(open)(path, flags, mode);
    uint16_t site = site_at(pc);
    object = lock_make_begin(path, site);
    int descriptor = REAL(open)(path, flags, mode);
    if (only)
        lock_make_end(object, path, descriptor >= 0, site);
    else if (descriptor < 0)
        poll_failed(object, site);
    return descriptor;
}

WEAVE_EXPORT FILE *fopen(const char *path, const char *mode)
{
    struct stat status;
    access_text(path, CALLER);
    access_text(mode, CALLER);
    if (!runtime.on || REAL(stat)(path, &status) != 0 || !S_ISFIFO(status.st_mode)) {
        segment_open();
        FILE *stream = REAL(fopen)(path, mode);
        segment_close();
        return stream;
    }
    int flags = strchr(mode, '+') != NULL ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
    int descriptor = fifo_open(path, flags, &status, CALLER);
    return descriptor < 0 ? NULL : fdopen(descriptor, mode);
}

WEAVE_EXPORT FILE *fopen64(const char *, const char *) __attribute__((alias("fopen")));

/* ---- sockets with a name ---- */

/* POSIX's `struct sockaddr *` is a union of all kinds of addresses in this library's headers: that is its first. */

/* The object of a name of a socket: who connects to it waits for it, and who accepts. */
static struct object *socket_object(const struct sockaddr *address, socklen_t size)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t length = size > offsetof(struct sockaddr_un, sun_path) ? size - offsetof(struct sockaddr_un, sun_path) : 0;
    memcpy(name.sun_path, ((const struct sockaddr_un *)(const void *)address)->sun_path,
           length < sizeof name.sun_path - 1 ? length : sizeof name.sun_path - 1);
    bool abstract = name.sun_path[0] == '\0';
    uint64_t key = hash_mix(key_of_text(name.sun_path + abstract), abstract);
    struct object *object =
        object_find(runtime.control, key_make(KEY_CHANNEL, hash_mix(key, OBJECT_CHANNEL)), OBJECT_CHANNEL);
    object->initial = CHANNEL_SOCKET;
    char text[WEAVE_NAME];
    snprintf(text, sizeof text, "socket %s%.38s", abstract ? "@" : "", name.sun_path + abstract);
    object_set_name(object, text);
    runtime.control->channels = 1;
    return object;
}

/* A stream within this machine; of all others the kernel decides when what was sent arrives. */
static bool socket_is_ours(int socket, const void *pc, const char *what)
{
    int type = 0, domain = 0;
    socklen_t size = sizeof type;
    if (!runtime.on || REAL(getsockopt)(socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
        REAL(getsockopt)(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0)
        return false;
    if (domain == AF_UNIX && (type == SOCK_STREAM || type == SOCK_SEQPACKET))
        return true;
    unmodelled(what, pc);
    return false;
}

WEAVE_EXPORT int bind(int socket, __CONST_SOCKADDR_ARG name, socklen_t size)
{
    const struct sockaddr *address = name.__sockaddr__;
    access_memory(address, size, ACCESS_LIBC, CALLER);
    if (!socket_is_ours(socket, CALLER, "uses bind on an internet or datagram socket"))
        return REAL(bind)(socket, address, size);
    uint16_t site = site_at(CALLER);
    struct object *object = socket_object(address, size);
    turn_sync();
    int result = REAL(bind)(socket, address, size), saved = errno;
    if (result == 0 && size > offsetof(struct sockaddr_un, sun_path) + 1) {
        const char *path = ((const struct sockaddr_un *)(const void *)address)->sun_path;
        if (path[0] != '\0')
            name_made(path);
    }
    order_note(runtime.control, runtime.me, object, EVENT_INIT);
    object_event(EVENT_INIT, site, object, result == 0);
    errno = saved;
    return result;
}

WEAVE_EXPORT int listen(int socket, int backlog)
{
    struct sockaddr_un name;
    socklen_t size = sizeof name;
    struct stat status;
    struct control *control = runtime.control;
    if (!socket_is_ours(socket, CALLER, "uses listen on an internet or datagram socket") ||
        getsockname(socket, (struct sockaddr *)&name, &size) != 0 || REAL(fstat)(socket, &status) != 0)
        return REAL(listen)(socket, backlog);
    if (control->listeners == WEAVE_LISTENERS)
        unmodelled("has more listening sockets than weave follows", CALLER);
    struct object *object = socket_object((struct sockaddr *)&name, size);
    turn_sync();
    int result = REAL(listen)(socket, backlog), saved = errno;
    control->listener[control->listeners].inode = status.st_ino;
    control->listener[control->listeners++].object = (int16_t)object_index(control, object);
    order_release(control, runtime.me, object);
    channel_changed(object);
    spin_progress(control, runtime.me);
    errno = saved;
    return result;
}

/* In AF_UNIX it is done at once, unless the backlog is full. */
WEAVE_EXPORT int connect(int socket, __CONST_SOCKADDR_ARG name, socklen_t size)
{
    const struct sockaddr *address = name.__sockaddr__;
    access_memory(address, size, ACCESS_LIBC, CALLER);
    struct stat status;
    if (!socket_is_ours(socket, CALLER, "uses connect on an internet or datagram socket") ||
        REAL(fstat)(socket, &status) != 0)
        return REAL(connect)(socket, address, size);
    struct control *control = runtime.control;
    uint16_t site = site_at(CALLER);
    struct object *object = socket_object(address, size);
    poll_begin(object, site);
    turn_sync();
    int flags = REAL(fcntl)(socket, F_GETFL), result;
    REAL(fcntl)(socket, F_SETFL, flags | O_NONBLOCK);
    while ((result = REAL(connect)(socket, address, size)) != 0 && errno == EAGAIN && !(flags & O_NONBLOCK))
        if (!fifo_wait(object, true, site)) {
            errno = EINTR;
            break;
        }
    int saved = errno;
    REAL(fcntl)(socket, F_SETFL, flags);
    object_event(EVENT_OPEN, site, object, result == 0);
    if (result == 0) {
        channel_pair(status.st_ino, 0, object_index(control, object), CALLER);
        order_acquire(control, runtime.me, object);
        order_release(control, runtime.me, object);
        channel_changed(object);
        spin_progress(control, runtime.me);
    } else {
        order_note(control, runtime.me, object, EVENT_OPEN);
        poll_failed(object, site);
    }
    errno = saved;
    return result;
}

/* At `pc`. */
static int socket_accept(int socket, struct sockaddr *address, socklen_t *size, int flags, const void *pc)
{
    struct channel channel;
    struct stat status;
    if (address != NULL && size != NULL)
        access_memory(address, *size, ACCESS_LIBC | ACCESS_WRITE, pc);
    if (!channel_begin(&channel, socket, false, pc))
        return -1;
    segment_open();
    int descriptor = REAL(accept4)(socket, address, size, flags);
    segment_close();
    if (channel.object == NULL)
        return descriptor;
    int saved = errno;
    if (descriptor >= 0 && REAL(fstat)(descriptor, &status) == 0)
        channel_accepted(status.st_ino, object_index(runtime.control, channel.object));
    errno = saved;
    channel_end(&channel, descriptor < 0 ? -1 : 1);
    return descriptor;
}

WEAVE_EXPORT int accept4(int socket, __SOCKADDR_ARG name, socklen_t *restrict size, int flags)
{
    return socket_accept(socket, name.__sockaddr__, size, flags, CALLER);
}

WEAVE_EXPORT int accept(int socket, __SOCKADDR_ARG name, socklen_t *restrict size)
{
    return socket_accept(socket, name.__sockaddr__, size, 0, CALLER);
}
