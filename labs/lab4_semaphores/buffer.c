/*
 * Lab 4, the bounded buffer: see buffer.h for the calls and shmlab/bounded_buffer.h for the protocol.
 *
 * Why three semaphores: EMPTY and FULL count, so that nobody looks at the buffer in vain; MUTEX keeps two
 * producers from taking the same slot. The order matters: who waits for MUTEX first and for EMPTY then, keeps
 * everybody else from ever making room.
 */
#define _GNU_SOURCE /* sem_clockwait: a limit that does not jump when somebody sets the clock */
#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shmlab/clock.h"
#include "shmlab/error.h"
#include "shmlab/presence.h"
#include "shmlab/stop.h"

static const double slice_seconds =
    0.2; /* how late a signal may be seen that came just before a wait began */
static const double retry_seconds = 0.01; /* between two looks for an object, or at the buffer's end */

static void names_make(struct buffer *buffer, const char *prefix)
{
    snprintf(buffer->shm_name, sizeof buffer->shm_name, "/%s_buffer", prefix);
    snprintf(buffer->empty_name, sizeof buffer->empty_name, "/%s_empty", prefix);
    snprintf(buffer->full_name, sizeof buffer->full_name, "/%s_full", prefix);
    snprintf(buffer->mutex_name, sizeof buffer->mutex_name, "/%s_mutex", prefix);
}

static size_t buffer_size(unsigned capacity)
{
    return sizeof(struct bounded_buffer) + capacity * sizeof(struct buffer_message);
}

bool buffer_shared(const struct buffer *buffer)
{
    return presence_held(buffer->fd, BUFFER_PRESENCE) == 1;
}

bool buffer_named(const struct buffer *buffer)
{
    return presence_current(buffer->fd, buffer->shm_name);
}

/* Let go of everything that is open; removes nothing. */
static void handles_close(struct buffer *buffer)
{
    sem_t *const semaphores[] = {buffer->empty, buffer->full, buffer->mutex};

    for (size_t i = 0; i < sizeof semaphores / sizeof semaphores[0]; i++)
        if (semaphores[i] != SEM_FAILED)
            sem_close(semaphores[i]);
    if (buffer->shared != MAP_FAILED)
        munmap(buffer->shared, buffer->size);
    if (buffer->fd != -1)
        close(buffer->fd);
    buffer->empty = buffer->full = buffer->mutex = SEM_FAILED;
    buffer->shared = MAP_FAILED;
    buffer->fd = -1;
}

static void objects_unlink(const struct buffer *buffer)
{
    sem_unlink(buffer->empty_name);
    sem_unlink(buffer->full_name);
    sem_unlink(buffer->mutex_name);
    shm_unlink(buffer->shm_name); /* last: who finds it may rely on the semaphores */
}

static int buffer_map(struct buffer *buffer, size_t size)
{
    buffer->size = size;
    buffer->shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer->fd, 0);
    if (buffer->shared == MAP_FAILED)
        return error_report_errno(NULL, "mmap(%s, %zu bytes)", buffer->shm_name, size);
    return 0;
}

/* O_EXCL: a count that an earlier run left behind must not become ours. */
static sem_t *semaphore_create(const char *name, mode_t mode, unsigned value)
{
    /* TODO 1: Create the semaphore, with exactly this mode and value, whatever an earlier run left behind. */
    (void)mode;
    (void)value;
    error_report("TODO 1 in buffer.c", "nothing creates %s yet", name);
    return SEM_FAILED;
}

/* We hold the role alone: nobody uses the object, whatever is in it. */
static int buffer_initialise(struct buffer *buffer, unsigned capacity, mode_t mode)
{
    size_t size = buffer_size(capacity);

    /* posix_fallocate finds a full /dev/shm now */
    if (ftruncate(buffer->fd, (off_t)size) == -1 ||
        (errno = posix_fallocate(buffer->fd, 0, (off_t)size)) != 0)
        return error_report_errno("look at `df -h /dev/shm`", "%zu bytes for %s", size, buffer->shm_name);

    /* TODO 2: With which values do they begin? EMPTY counts free slots, FULL counts messages. */
    buffer->empty = semaphore_create(buffer->empty_name, mode, 0);
    buffer->full = semaphore_create(buffer->full_name, mode, capacity);
    buffer->mutex = semaphore_create(buffer->mutex_name, mode, 0);
    if (buffer->empty == SEM_FAILED || buffer->full == SEM_FAILED || buffer->mutex == SEM_FAILED ||
        buffer_map(buffer, size) != 0)
        return 1;

    *buffer->shared = (struct bounded_buffer){
        .version = BUFFER_VERSION,
        .element_size = sizeof(struct buffer_message),
        .capacity = capacity,
    };
    buffer->capacity = capacity;
    /* release: pairs with the acquire in header_check; who finds the magic finds the header and the
     * semaphores */
    __atomic_store_n(&buffer->shared->magic, BUFFER_MAGIC, __ATOMIC_RELEASE);
    return 0;
}

enum join { JOIN_DONE, JOIN_FAILED, JOIN_LATER };

/* Nothing in a buffer that others can write is trusted before it was compared with the object's size. */
static enum join header_check(struct buffer *buffer)
{
    const struct bounded_buffer *shared = buffer->shared;

    /* acquire: pairs with the release in buffer_initialise */
    if (__atomic_load_n(&shared->magic, __ATOMIC_ACQUIRE) == 0)
        return JOIN_LATER; /* its creator died before it was complete */
    buffer->capacity = __atomic_load_n(&shared->capacity, __ATOMIC_RELAXED); /* once: it may change */
    if (shared->magic == BUFFER_MAGIC && shared->version == BUFFER_VERSION &&
        shared->element_size == sizeof(struct buffer_message) && buffer->capacity >= 1 &&
        buffer->capacity <= BUFFER_CAPACITY_MAX && buffer_size(buffer->capacity) == buffer->size)
        return JOIN_DONE;
    error_report("it belongs to another program or version: choose another --prefix",
                 "%s is not a buffer of ours", buffer->shm_name);
    return JOIN_FAILED;
}

static enum join semaphores_open(struct buffer *buffer)
{
    buffer->empty = sem_open(buffer->empty_name, 0);
    buffer->full = sem_open(buffer->full_name, 0);
    buffer->mutex = sem_open(buffer->mutex_name, 0);
    if (buffer->empty != SEM_FAILED && buffer->full != SEM_FAILED && buffer->mutex != SEM_FAILED)
        return JOIN_DONE;
    error_report_errno("remove what is left and start again, or choose another --prefix",
                       "sem_open(%s, %s, %s)", buffer->empty_name, buffer->full_name, buffer->mutex_name);
    return JOIN_FAILED;
}

/* One attempt to become a further user of a buffer that is in use. On JOIN_LATER and JOIN_FAILED nothing
 * stays open. */
static enum join buffer_try_join(struct buffer *buffer)
{
    struct stat info;
    enum join result = JOIN_LATER;

    buffer->fd = shm_open(buffer->shm_name, O_RDWR, 0);
    if (buffer->fd == -1) {
        if (errno == ENOENT)
            return JOIN_LATER;
        error_report_errno(errno == EACCES ? "it belongs to another user: ask for --mode 0666, or choose "
                                             "another --prefix"
                                           : "choose another --prefix",
                           "shm_open(%s)", buffer->shm_name);
        return JOIN_FAILED;
    }
    /*
     * Only where somebody is: a buffer without users is stale, and joining it would keep a producer from
     * making it again. A creator at work, or the last one out, holds the role alone: the claim fails, come
     * back when it is done. Those who leave once we have the role leave the buffer, and its removal, to us.
     */
    buffer->unheld = !buffer_shared(buffer);
    if (!buffer->unheld && presence_claim(buffer->fd, BUFFER_PRESENCE, PRESENCE_SHARED) == 0 &&
        presence_current(buffer->fd, buffer->shm_name) && fstat(buffer->fd, &info) == 0 &&
        (size_t)info.st_size >= sizeof(struct bounded_buffer)) {
        result = buffer_map(buffer, (size_t)info.st_size) == 0 ? header_check(buffer) : JOIN_FAILED;
        if (result == JOIN_DONE)
            result = semaphores_open(buffer);
    }
    if (result != JOIN_DONE)
        handles_close(buffer);
    return result;
}

static void buffer_prepare(struct buffer *buffer, const char *prefix)
{
    *buffer = (struct buffer){
        .fd = -1, .shared = MAP_FAILED, .empty = SEM_FAILED, .full = SEM_FAILED, .mutex = SEM_FAILED};
    names_make(buffer, prefix);
}

/* One attempt to make the buffer ours alone; JOIN_LATER when somebody is there. */
static enum join buffer_try_create(struct buffer *buffer, unsigned capacity, mode_t mode)
{
    /* Until it is ours: who removed an old one and stopped here would leave its semaphores. */
    for (bool created = false; !created;) {
        buffer->fd = presence_open(buffer->shm_name, mode, BUFFER_PRESENCE, &created);
        if (buffer->fd == -1) {
            if (errno == EAGAIN)
                return JOIN_LATER;
            error_report_errno("choose another --prefix", "shm_open(%s)", buffer->shm_name);
            return JOIN_FAILED;
        }
        if (!created) {
            printf("producer: replacing %s: nobody holds it (a program that takes no lock would lose it)\n",
                   buffer->shm_name);
            fflush(stdout);
            shm_unlink(buffer->shm_name); /* who uses it without our knowing keeps it, whole */
            handles_close(buffer);
        }
    }
    if (buffer_initialise(buffer, capacity, mode) != 0) {
        objects_unlink(buffer);
        handles_close(buffer);
        return JOIN_FAILED;
    }
    presence_claim(buffer->fd, BUFFER_PRESENCE,
                   PRESENCE_SHARED); /* from alone to one of many, without a gap */
    return JOIN_DONE;
}

int buffer_create(struct buffer *buffer, const char *prefix, unsigned capacity, mode_t mode)
{
    buffer_prepare(buffer, prefix);
    for (;;) {
        enum join result = buffer_try_create(buffer, capacity != 0 ? capacity : BUFFER_CAPACITY, mode);
        if (result == JOIN_LATER)
            result = buffer_try_join(buffer);
        if (result == JOIN_LATER && !stop_sleep(retry_seconds))
            return error_report(NULL, "%s", strsignal(stop_signal()));
        if (result == JOIN_FAILED)
            return 1;
        if (result == JOIN_DONE)
            break;
    }
    if (capacity == 0 || capacity == buffer->capacity)
        return 0;
    error_report("leave --capacity out, or choose another --prefix", "%s is in use with %u slots, not %u",
                 buffer->shm_name, buffer->capacity, capacity);
    buffer_close(buffer);
    return 1;
}

int buffer_join(struct buffer *buffer, const char *prefix, double seconds)
{
    struct deadline deadline = deadline_in(seconds);
    bool told = false;

    buffer_prepare(buffer, prefix);
    for (;;) {
        enum join result = buffer_try_join(buffer);
        if (result != JOIN_LATER)
            return result == JOIN_DONE ? 0 : 1;
        if (!told) {
            printf("consumer: waiting for a producer (%s)\n", buffer->shm_name);
            fflush(stdout);
            told = true;
        }
        if (deadline_passed(&deadline))
            return error_report("start a producer with the same --prefix", "no producer came within %g s%s",
                                seconds,
                                buffer->unheld ? ": nobody holds the lock of the buffer that is there" : "");
        if (!stop_sleep(retry_seconds))
            return error_report(NULL, "%s", strsignal(stop_signal()));
    }
}

static enum buffer_end semaphore_wait(sem_t *semaphore, double seconds)
{
    /* TODO 3: Wait in slices of slice_seconds: sem_clockwait, which is sem_timedwait(3) with a clock as
     * its second argument, with deadline_timespec of shmlab/clock.h. A signal interrupts it with EINTR;
     * stop_signal() tells whether one has asked us to end, also just before the wait began. */
    (void)semaphore;
    (void)slice_seconds;
    return seconds < 0 ? BUFFER_STOPPED : BUFFER_TIMEOUT;
}

/* TODO 4: Wait for a free slot, then for MUTEX; fill slots[tail], advance tail, count one more; give MUTEX
 * back, then tell that there is one message more: the order is bounded_buffer.h's. If MUTEX does not
 * come in time, its holder is dead or stopped: BUFFER_STUCK, and the slot that was not used goes back. */
enum buffer_end buffer_put(struct buffer *buffer, const struct buffer_message *message, double seconds)
{
    (void)message;
    return semaphore_wait(buffer->empty, seconds);
}

enum buffer_end buffer_get(struct buffer *buffer, struct buffer_message *message, double seconds)
{
    struct bounded_buffer *shared = buffer->shared;

    /* TODO 5: The same from the other side. The copy is complete before anybody may write into the slot. */
    (void)shared;
    *message = (struct buffer_message){.producer = 0};
    return semaphore_wait(buffer->full, seconds);
}

static unsigned buffer_count(const struct buffer *buffer)
{
    int value = 0;

    sem_getvalue(buffer->full, &value);
    return value > 0 ? (unsigned)value : 0;
}

enum buffer_end buffer_drain(struct buffer *buffer, double seconds)
{
    struct deadline deadline = deadline_in(seconds);

    while (buffer_count(buffer) > 0 && !buffer_shared(buffer) && buffer_named(buffer)) {
        if (deadline_passed(&deadline))
            return BUFFER_TIMEOUT;
        if (!stop_sleep(retry_seconds))
            return BUFFER_STOPPED;
    }
    return BUFFER_DONE;
}

/*
 * Somebody has removed our name: the last one out still has the semaphores to remove. Meanwhile the name is
 * ours again, so that nobody makes a buffer, and semaphores for it, at the same time.
 */
static void semaphores_sweep(struct buffer *buffer)
{
    bool created;

    if (presence_claim(buffer->fd, BUFFER_PRESENCE, PRESENCE_EXCLUSIVE) != 0)
        return;
    int fd = presence_open(buffer->shm_name, 0600, BUFFER_PRESENCE, &created);
    if (fd == -1) /* a younger buffer: the semaphores are its */
        return;
    if (created)
        objects_unlink(buffer);
    close(fd);
}

unsigned buffer_close(struct buffer *buffer)
{
    unsigned lost = 0;
    bool named = buffer_named(buffer);

    /* TODO 6: Give up our presence; a process that can then claim it alone is the last one out, counts what is left
     * and unlinks: presence.h. Does the name still lead to our object? */
    if (!named)
        semaphores_sweep(buffer);
    handles_close(buffer);
    return lost;
}
