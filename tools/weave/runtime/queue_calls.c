/*
 * Message queues of System V and POSIX: the real queue, tried without waiting; waiting happens in the scheduler.
 *
 * A message happens before its receipt: the kernel takes the queue's lock for both (msgop(2), mq_overview(7)). As with
 * channels, POSIX does not name these calls among those that synchronise memory (XBD 4.12 of
 * POSIX.1-2017, 4.15.2 of POSIX.1-2024).
 */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/stat.h>

/* What a call does with a queue, and what it says when it would have to wait. */
struct queue_step {
    struct object *object;
    uint16_t site;
    bool waits; /* else it fails where it would have to */
    bool sends;
    const struct timespec *until;
};

static struct object *queue_object(uint64_t space, uint64_t id, const char *name)
{
    struct object *object = object_find(runtime.control, key_make(KEY_QUEUE, kernel_number(space, id)), OBJECT_QUEUE);
    if (object->name[0] == '\0')
        object_set_name(object, name);
    return object;
}

static void queue_begin(const struct queue_step *step)
{
    if (!step->waits)
        poll_begin(step->object, step->site);
    turn_sync();
    if (step->sends) {
        order_release(runtime.control, runtime.me, step->object);
        spin_progress(runtime.control, runtime.me);
    }
}

/* The real call would have to wait. True: try again; false: it fails, errno is set. */
static bool queue_wait(const struct queue_step *step)
{
    order_note(runtime.control, runtime.me, step->object, EVENT_BLOCK);
    runtime.self->timed = step->until != NULL;
    runtime.self->deadline = step->until == NULL ? 0 : time_of(step->until);
    runtime.self->wait_where = 0;
    runtime.self->wait_writes = step->sends;
    if (turn_block(PROCESS_BLOCKED, WAIT_QUEUE, step->object, step->site)) {
        errno = ETIMEDOUT;
        return false;
    }
    if (runtime.self->interrupted == INTERRUPTED) {
        errno = EINTR;
        return false;
    }
    return true;
}

static void queue_end(const struct queue_step *step, ssize_t result)
{
    struct control *control = runtime.control;
    int saved = errno;
    if (result < 0) {
        order_note(control, runtime.me, step->object, EVENT_BLOCK);
        poll_failed(step->object, step->site);
    } else {
        if (!step->sends)
            order_acquire(control, runtime.me, step->object);
        step->object->waited = 1;
        object_event(step->sends ? EVENT_SEND : EVENT_RECEIVE, step->site, step->object, (uint64_t)result);
        object_changed(control, step->object);
    }
    errno = saved;
}

/* ---- System V ---- */

static struct object *queue_of_id(int id)
{
    return queue_object(SPACE_SYSV_MESSAGES, (uint64_t)(unsigned)id, "of System V");
}

WEAVE_EXPORT int msgget(key_t key, int flags)
{
    boot_if_deferred();
    if (!runtime.on)
        return REAL(msgget)(key, flags);
    uint16_t site = site_at(CALLER);
    char name[WEAVE_NAME];
    snprintf(name, sizeof name, "key 0x%x", (unsigned)key);
    struct object *object = name_begin(hash_mix((uint64_t)(uint32_t)key, OBJECT_QUEUE), name, site);
    int id = REAL(msgget)(key, flags);
    name_end(object, id >= 0, flags & IPC_CREAT, site);
    return id;
}

WEAVE_EXPORT int msgctl(int id, int command, struct msqid_ds *status)
{
    if (!runtime.on)
        return REAL(msgctl)(id, command, status);
    uint16_t site = site_at(CALLER);
    struct object *object = queue_of_id(id);
    bool asks = command == IPC_STAT;
    if (asks) {
        poll_begin(object, site);
        access_memory(status, sizeof *status, ACCESS_LIBC | ACCESS_WRITE, CALLER);
    }
    turn_sync();
    segment_open();
    int result = REAL(msgctl)(id, command, status), saved = errno;
    segment_close();
    order_note(runtime.control, runtime.me, object, EVENT_LOAD);
    if (asks) {
        poll_failed(object, site);
    } else if (result >= 0 && command == IPC_RMID) {
        object->removed = 1;
        object->site = site;
        object_event(EVENT_REMOVE, site, object, 0);
        object_changed(runtime.control, object);
    }
    errno = saved;
    return result;
}

WEAVE_EXPORT int msgsnd(int id, const void *message, size_t size, int flags)
{
    if (!runtime.on)
        return REAL(msgsnd)(id, message, size, flags);
    access_memory(message, sizeof(long) + size, ACCESS_LIBC, CALLER);
    const struct queue_step step = {queue_of_id(id), site_at(CALLER), !(flags & IPC_NOWAIT), true, NULL};
    queue_begin(&step);
    for (;;) {
        segment_open();
        int result = REAL(msgsnd)(id, message, size, flags | IPC_NOWAIT), saved = errno;
        segment_close();
        errno = saved == EINVAL && step.object->removed ? EIDRM : saved;
        if (result == 0 || errno != EAGAIN || !step.waits) {
            queue_end(&step, result == 0 ? (ssize_t)size : -1);
            return result;
        }
        if (!queue_wait(&step))
            return -1;
    }
}

WEAVE_EXPORT ssize_t msgrcv(int id, void *message, size_t size, long type, int flags)
{
    if (!runtime.on)
        return REAL(msgrcv)(id, message, size, type, flags);
    const struct queue_step step = {queue_of_id(id), site_at(CALLER), !(flags & IPC_NOWAIT), false, NULL};
    queue_begin(&step);
    for (;;) {
        segment_open();
        ssize_t result = REAL(msgrcv)(id, message, size, type, flags | IPC_NOWAIT);
        int saved = errno;
        segment_close();
        errno = saved == EINVAL && step.object->removed ? EIDRM : saved;
        if (result >= 0 || errno != ENOMSG || !step.waits) {
            queue_end(&step, result);
            if (result >= 0)
                access_memory(message, sizeof(long) + (size_t)result, ACCESS_LIBC | ACCESS_WRITE, CALLER);
            return result;
        }
        if (!queue_wait(&step)) /* never restarted: signal(7) */
            return -1;
    }
}

/* ---- POSIX ---- */

static uint64_t queue_name(const char *name)
{
    return hash_mix(key_of_text(name), OBJECT_QUEUE); /* not the shared memory object of the same name */
}

WEAVE_EXPORT mqd_t mq_open(const char *name, int flags, ...)
{
    mode_t mode = 0;
    struct mq_attr *attributes = NULL;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        attributes = va_arg(arguments, struct mq_attr *);
        va_end(arguments);
    }
    boot_if_deferred();
    if (!runtime.on)
        return REAL(mq_open)(name, flags, mode, attributes);
    if (strlen(name) >= WEAVE_NAME)
        unmodelled("uses mq_open with a long name", CALLER); /* the runner removes queues by their names */
    uint16_t site = site_at(CALLER);
    struct object *entry = name_begin(queue_name(name), name, site);
    mqd_t queue = REAL(mq_open)(name, flags, mode, attributes);
    int saved = errno;
    struct stat status;
    if (queue >= 0 && REAL(fstat)(queue, &status) == 0)
        queue_object(status.st_dev, status.st_ino, name);
    errno = saved;
    name_end(entry, queue >= 0, flags & O_CREAT, site);
    return queue;
}

WEAVE_EXPORT int mq_unlink(const char *name)
{
    if (!runtime.on)
        return REAL(mq_unlink)(name);
    uint16_t site = site_at(CALLER);
    struct object *entry = object_find(runtime.control, key_make(KEY_NAME, queue_name(name)), OBJECT_NAME);
    turn_sync();
    int result = REAL(mq_unlink)(name), saved = errno;
    order_note(runtime.control, runtime.me, entry, EVENT_REMOVE);
    object_event(EVENT_REMOVE, site, entry, (uint64_t)result);
    errno = saved;
    return result;
}

static struct queue_step queue_step_of(mqd_t queue, bool sends, const struct timespec *until, const void *pc)
{
    struct stat status = {0};
    int flags = REAL(fcntl)(queue, F_GETFL);
    REAL(fstat)(queue, &status);
    return (struct queue_step){queue_object(status.st_dev, status.st_ino, "message queue"), site_at(pc),
                               !(flags & O_NONBLOCK), sends, until};
}

static const struct timespec queue_at_once = {0}; /* a moment that is over: the call does not wait */

static int queue_send(mqd_t queue, const char *message, size_t size, unsigned priority, const struct timespec *until,
                      const void *pc)
{
    access_memory(message, size, ACCESS_LIBC, pc);
    const struct queue_step step = queue_step_of(queue, true, until, pc);
    queue_begin(&step);
    for (;;) {
        segment_open();
        int result = REAL(mq_timedsend)(queue, message, size, priority, &queue_at_once), saved = errno;
        segment_close();
        errno = saved;
        if (result == 0 || errno != ETIMEDOUT) {
            queue_end(&step, result == 0 ? (ssize_t)size : -1);
            return result;
        }
        if (!queue_wait(&step))
            return -1;
    }
}

static ssize_t queue_receive(mqd_t queue, char *message, size_t size, unsigned *priority, const struct timespec *until,
                             const void *pc)
{
    const struct queue_step step = queue_step_of(queue, false, until, pc);
    queue_begin(&step);
    for (;;) {
        segment_open();
        ssize_t result = REAL(mq_timedreceive)(queue, message, size, priority, &queue_at_once);
        int saved = errno;
        segment_close();
        errno = saved;
        if (result >= 0 || errno != ETIMEDOUT) {
            queue_end(&step, result);
            if (result >= 0)
                access_memory(message, (size_t)result, ACCESS_LIBC | ACCESS_WRITE, pc);
            if (result >= 0 && priority != NULL)
                access_memory(priority, sizeof *priority, ACCESS_LIBC | ACCESS_WRITE, pc);
            return result;
        }
        if (!queue_wait(&step))
            return -1;
    }
}

WEAVE_EXPORT int mq_send(mqd_t queue, const char *message, size_t size, unsigned priority)
{
    return runtime.on ? queue_send(queue, message, size, priority, NULL, CALLER)
                      : REAL(mq_send)(queue, message, size, priority);
}

WEAVE_EXPORT int mq_timedsend(mqd_t queue, const char *message, size_t size, unsigned priority,
                              const struct timespec *until)
{
    return runtime.on ? queue_send(queue, message, size, priority, until, CALLER)
                      : REAL(mq_timedsend)(queue, message, size, priority, until);
}

WEAVE_EXPORT ssize_t mq_receive(mqd_t queue, char *message, size_t size, unsigned *priority)
{
    return runtime.on ? queue_receive(queue, message, size, priority, NULL, CALLER)
                      : REAL(mq_receive)(queue, message, size, priority);
}

WEAVE_EXPORT ssize_t mq_timedreceive(mqd_t queue, char *restrict message, size_t size, unsigned *restrict priority,
                                     const struct timespec *restrict until)
{
    return runtime.on ? queue_receive(queue, message, size, priority, until, CALLER)
                      : REAL(mq_timedreceive)(queue, message, size, priority, until);
}

/* Of interest is how many messages there are. */
WEAVE_EXPORT int mq_getattr(mqd_t queue, struct mq_attr *attributes)
{
    if (!runtime.on)
        return REAL(mq_getattr)(queue, attributes);
    const struct queue_step step = queue_step_of(queue, false, NULL, CALLER);
    access_memory(attributes, sizeof *attributes, ACCESS_LIBC | ACCESS_WRITE, CALLER);
    poll_begin(step.object, step.site);
    turn_sync();
    order_note(runtime.control, runtime.me, step.object, EVENT_LOAD);
    segment_open();
    int result = REAL(mq_getattr)(queue, attributes);
    segment_close();
    poll_failed(step.object, step.site);
    return result;
}
