/*
 * POSIX semaphores: the real object in its try form.
 *
 * The value stays where it is, so sem_getvalue, processes without our library and the kernel agree; only the
 * waiting happens in the scheduler.
 */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>
#include <sys/stat.h>

enum { NAMED_SEMAPHORES = 64, PAGE = 4096 };

static struct {
    const sem_t *pointer;
    uint64_t key;
} named[NAMED_SEMAPHORES];
static int named_count;

static struct object *semaphore_object(sem_t *semaphore)
{
    if (!runtime.on)
        return NULL;
    for (int i = named_count - 1; i >= 0; i--)
        if (named[i].pointer == semaphore)
            return object_find(runtime.control, named[i].key, OBJECT_SEMAPHORE);
    return object_at(semaphore, OBJECT_SEMAPHORE);
}

static int semaphore_value(sem_t *semaphore)
{
    int value = 0;
    segment_open();
    REAL(sem_getvalue)(semaphore, &value);
    segment_close();
    return value;
}

/* A semaphore is told apart from its predecessor of the same name by how often the name was removed. */
static uint64_t semaphore_key(const char *name, const struct object *entry)
{
    return key_make(KEY_NAMED, hash_mix(key_of_text(name), entry->lost));
}

static uint64_t semaphore_name(const char *name)
{
    return hash_mix(key_of_text(name), OBJECT_SEMAPHORE); /* not the shared memory object of the same name */
}

static void semaphore_opened(sem_t *semaphore, const char *name, const struct object *entry)
{
    uint64_t key = semaphore_key(name, entry);
    struct object *object = object_find(runtime.control, key, OBJECT_SEMAPHORE);
    if (object->initial < 0)
        object->initial = object->value = semaphore_value(semaphore);
    object_set_name(object, name);
    snapshot_mapped((const void *)((uintptr_t)semaphore & ~(uintptr_t)(PAGE - 1)), PAGE);
    if (named_count < NAMED_SEMAPHORES) {
        named[named_count].pointer = semaphore;
        named[named_count++].key = key;
    }
}

WEAVE_EXPORT sem_t *sem_open(const char *name, int flags, ...)
{
    mode_t mode = 0;
    unsigned value = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        value = va_arg(arguments, unsigned);
        va_end(arguments);
    }
    boot_if_deferred();
    if (!runtime.on)
        return REAL(sem_open)(name, flags, mode, value);
    uint16_t site = site_at(CALLER);
    struct object *entry = name_begin(semaphore_name(name), name, site);
    sem_t *semaphore = REAL(sem_open)(name, flags, mode, value);
    int saved = errno;
    if (semaphore != SEM_FAILED)
        semaphore_opened(semaphore, name, entry);
    errno = saved;
    name_end(entry, semaphore != SEM_FAILED, flags & O_CREAT, site);
    return semaphore;
}

WEAVE_EXPORT int sem_close(sem_t *semaphore)
{
    for (int i = named_count - 1; runtime.on && i >= 0; i--)
        if (named[i].pointer == semaphore) {
            named[i] = named[--named_count];
            break;
        }
    return REAL(sem_close)(semaphore);
}

WEAVE_EXPORT int sem_unlink(const char *name)
{
    if (!runtime.on)
        return REAL(sem_unlink)(name);
    uint16_t site = site_at(CALLER);
    struct object *entry = object_find(runtime.control, key_make(KEY_NAME, semaphore_name(name)), OBJECT_NAME);
    turn_sync();
    int result = REAL(sem_unlink)(name), saved = errno;
    order_note(runtime.control, runtime.me, entry, EVENT_REMOVE);
    if (result == 0) {
        entry->lost++;
        entry->removed = 1;
        entry->site = site;
    }
    object_event(EVENT_REMOVE, site, entry, (uint64_t)result);
    errno = saved;
    return result;
}

static int semaphore_try(sem_t *semaphore)
{
    segment_open();
    int result = REAL(sem_trywait)(semaphore), saved = errno;
    segment_close();
    errno = saved;
    return result;
}

static void semaphore_taken(struct object *object, sem_t *semaphore, uint16_t site)
{
    order_acquire(runtime.control, runtime.me, object);
    object->value = semaphore_value(semaphore);
    object->waited = 1;
    object->owner = (int8_t)runtime.me;
    object->site = site;
    if (object->lock_like)
        runtime.self->held++;
    else
        spin_progress(runtime.control, runtime.me);
    object_event(EVENT_SEM_WAIT, site, object, (uint64_t)(int64_t)object->value);
}

static int semaphore_wait(sem_t *semaphore, struct object *object, const struct timespec *until, const void *pc)
{
    uint16_t site = site_at(pc);
    if (object->lock_like)
        poll_at_lock(object, site);
    turn_sync();
    while (semaphore_try(semaphore) != 0) {
        if (errno != EAGAIN)
            return -1;
        runtime.self->timed = until != NULL;
        runtime.self->deadline = until == NULL ? 0 : time_of(until);
        order_note(runtime.control, runtime.me, object, EVENT_BLOCK);
        runtime.self->wait_where = object->where;
        if (turn_block(PROCESS_BLOCKED, WAIT_SEMAPHORE, object, site)) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (runtime.self->interrupted == INTERRUPTED) {
            errno = EINTR;
            return -1;
        }
    }
    semaphore_taken(object, semaphore, site);
    return 0;
}

/*
 * A semaphore in memory of this process only. There are no threads, so only a signal handler can post it: one that
 * nobody posts waits in the scheduler, where that shows.
 */
static int semaphore_wait_unshared(sem_t *semaphore, const struct timespec *until, const void *pc)
{
    uint16_t site = site_at(pc);
    turn_sync();
    while (REAL(sem_trywait)(semaphore) != 0) {
        if (errno != EAGAIN)
            return -1;
        runtime.self->timed = until != NULL;
        runtime.self->deadline = until == NULL ? 0 : time_of(until);
        runtime.self->wait_where = 0;
        bool timed_out = turn_block(PROCESS_BLOCKED, WAIT_SEMAPHORE, NULL, site);
        if (timed_out || runtime.self->interrupted == INTERRUPTED) {
            errno = timed_out ? ETIMEDOUT : EINTR;
            return -1;
        }
    }
    return 0;
}

WEAVE_EXPORT int sem_wait(sem_t *semaphore)
{
    struct object *object = semaphore_object(semaphore);
    if (object != NULL)
        return semaphore_wait(semaphore, object, NULL, CALLER);
    return runtime.on && !runtime.peer ? semaphore_wait_unshared(semaphore, NULL, CALLER) : REAL(sem_wait)(semaphore);
}

WEAVE_EXPORT int sem_timedwait(sem_t *semaphore, const struct timespec *until)
{
    struct object *object = semaphore_object(semaphore);
    if (object != NULL)
        return semaphore_wait(semaphore, object, until, CALLER);
    return runtime.on && !runtime.peer ? semaphore_wait_unshared(semaphore, until, CALLER)
                                       : REAL(sem_timedwait)(semaphore, until);
}

WEAVE_EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until)
{
    struct object *object = semaphore_object(semaphore);
    return object == NULL ? REAL(sem_clockwait)(semaphore, clock, until)
                          : semaphore_wait(semaphore, object, until, CALLER);
}

WEAVE_EXPORT int sem_trywait(sem_t *semaphore)
{
    struct object *object = semaphore_object(semaphore);
    if (object == NULL)
        return REAL(sem_trywait)(semaphore);
    uint16_t site = site_at(CALLER);
    poll_begin(object, site);
    turn_sync();
    int result = semaphore_try(semaphore);
    if (result == 0) {
        semaphore_taken(object, semaphore, site);
    } else {
        order_note(runtime.control, runtime.me, object, EVENT_BLOCK);
        poll_failed(object, site);
    }
    return result;
}

static void semaphore_too_high(struct object *object, uint16_t site)
{
    struct misuse *misuse = record_misuse(runtime.control, runtime.me, MISUSE_TOO_HIGH, site);
    misuse->object = (int16_t)object_index(runtime.control, object);
    misuse->where = object->where;
}

WEAVE_EXPORT int sem_post(sem_t *semaphore)
{
    struct object *object = semaphore_object(semaphore);
    if (object == NULL)
        return REAL(sem_post)(semaphore);
    uint16_t site = site_at(CALLER);
    turn_sync();
    order_release(runtime.control, runtime.me, object);
    if (object->owner == runtime.me && object->initial == 1) {
        if (object->lock_like && runtime.self->held > 0)
            runtime.self->held--;
        object->lock_like = 1;
    } else {
        spin_progress(runtime.control, runtime.me);
    }
    object->owner = -1;
    segment_open();
    int result = REAL(sem_post)(semaphore), saved = errno;
    segment_close();
    object->value = semaphore_value(semaphore);
    object_event(EVENT_SEM_POST, site, object, (uint64_t)(int64_t)object->value);
    if (object->initial == 1 && object->lock_like && object->value > 1)
        semaphore_too_high(object, site);
    object_changed(runtime.control, object);
    errno = saved;
    return result;
}

WEAVE_EXPORT int sem_getvalue(sem_t *semaphore, int *value)
{
    struct object *object = semaphore_object(semaphore);
    if (object == NULL)
        return REAL(sem_getvalue)(semaphore, value);
    uint16_t site = site_at(CALLER);
    poll_begin(object, site);
    turn_sync();
    order_note(runtime.control, runtime.me, object, EVENT_LOAD);
    segment_open();
    int result = REAL(sem_getvalue)(semaphore, value);
    segment_close();
    poll_failed(object, site);
    return result;
}

static void semaphore_made(struct object *object, uint16_t site, int shared)
{
    struct control *control = runtime.control;
    if (!shared)
        record_misuse(control, runtime.me, MISUSE_SEMAPHORE_PRIVATE, site)->where = object->where;
    if (object->maker >= 0) {
        struct misuse *misuse = record_misuse(control, runtime.me, MISUSE_TWICE, site);
        misuse->where = object->where;
        misuse->other = object->maker;
        misuse->other_site = object->made_at;
    }
    object->maker = (int8_t)runtime.me;
    object->made_at = site;
}

WEAVE_EXPORT int sem_init(sem_t *semaphore, int shared, unsigned value)
{
    struct object *object = semaphore_object(semaphore);
    if (object == NULL)
        return REAL(sem_init)(semaphore, shared, value);
    uint16_t site = site_at(CALLER);
    turn_sync();
    semaphore_made(object, site, shared);
    order_note(runtime.control, runtime.me, object, EVENT_INIT);
    segment_open();
    int result = REAL(sem_init)(semaphore, shared, value);
    segment_close();
    object->initial = object->value = (int32_t)value;
    shadow_access(runtime.control, runtime.me, object->where, sizeof *semaphore, ACCESS_WRITE | ACCESS_ATOMIC, site);
    object_event(EVENT_INIT, site, object, value);
    object_changed(runtime.control, object);
    return result;
}

WEAVE_EXPORT int sem_destroy(sem_t *semaphore)
{
    struct object *object = semaphore_object(semaphore);
    if (object != NULL) {
        turn_sync();
        order_note(runtime.control, runtime.me, object, EVENT_REMOVE);
        object->maker = -1;
    }
    return REAL(sem_destroy)(semaphore);
}
