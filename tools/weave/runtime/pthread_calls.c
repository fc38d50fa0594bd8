/*
 * Process-shared mutexes, condition variables, read-write locks, barriers and spin locks.
 *
 * Mutexes and read-write locks are the real objects in their try forms, so robust lists and owners stay the
 * kernel's. Condition variables and barriers are modelled: their real objects are never touched.
 */
#include "runtime.h"

#include <errno.h>
#include <pthread.h>
#include <threads.h>
#include <unistd.h>

enum { MUTEX_SHARED_BIT = 128, MUTEX_ROBUST_BIT = 16 }; /* in glibc's __kind: see its nptl/pthreadP.h */

static struct misuse *pthread_misuse(enum misuse_kind kind, const struct object *object, uint16_t site)
{
    struct misuse *misuse = record_misuse(runtime.control, runtime.me, kind, site);
    misuse->where = object->where;
    misuse->object = (int16_t)object_index(runtime.control, object);
    return misuse;
}

static void pthread_made(struct object *object, bool shared, enum misuse_kind otherwise, uint16_t site)
{
    if (!shared)
        pthread_misuse(otherwise, object, site);
    if (object->maker >= 0) {
        struct misuse *misuse = pthread_misuse(MISUSE_TWICE, object, site);
        misuse->other = object->maker;
        misuse->other_site = object->made_at;
    }
    object->maker = (int8_t)runtime.me;
    object->made_at = site;
    object->owner = -1;
    order_note(runtime.control, runtime.me, object, EVENT_INIT);
    object_event(EVENT_INIT, site, object, 0);
    spin_progress(runtime.control, runtime.me);
}

/* The object's bytes count as written by the initialisation: using it before that is a race. */
static void pthread_initialised(struct object *object, size_t size, uint16_t site)
{
    shadow_access(runtime.control, runtime.me, object->where, (uint32_t)size, ACCESS_WRITE | ACCESS_ATOMIC, site);
}

/* ---- mutexes ---- */

WEAVE_EXPORT int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    struct object *object = object_at(mutex, OBJECT_MUTEX);
    if (object == NULL)
        return REAL(pthread_mutex_init)(mutex, attributes);
    uint16_t site = site_at(CALLER);
    int shared = PTHREAD_PROCESS_PRIVATE;
    if (attributes != NULL)
        pthread_mutexattr_getpshared(attributes, &shared);
    turn_sync();
    pthread_made(object, shared == PTHREAD_PROCESS_SHARED, MISUSE_MUTEX_PRIVATE, site);
    segment_open();
    int result = REAL(pthread_mutex_init)(mutex, attributes);
    segment_close();
    pthread_initialised(object, sizeof *mutex, site);
    return result;
}

WEAVE_EXPORT int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    struct object *object = object_at(mutex, OBJECT_MUTEX);
    if (object != NULL) {
        turn_sync();
        object->maker = -1;
    }
    return REAL(pthread_mutex_destroy)(mutex);
}

static void mutex_check(pthread_mutex_t *mutex, struct object *object, uint16_t site)
{
    segment_open();
    bool shared = mutex->__data.__kind & MUTEX_SHARED_BIT;
    object->robust = (mutex->__data.__kind & MUTEX_ROBUST_BIT) != 0;
    segment_close();
    if (!shared)
        pthread_misuse(object->maker >= 0 ? MISUSE_MUTEX_PRIVATE : MISUSE_UNINITIALISED, object, site)->other_site =
            object->made_at;
}

static int mutex_try(pthread_mutex_t *mutex)
{
    segment_open();
    int result = REAL(pthread_mutex_trylock)(mutex);
    segment_close();
    return result;
}

static int mutex_lock(pthread_mutex_t *mutex, struct object *object, const struct timespec *until, bool try_only,
                      uint16_t site)
{
    if (try_only)
        poll_begin(object, site);
    else
        poll_at_lock(object, site);
    turn_sync();
    mutex_check(mutex, object, site);
    int result;
    while ((result = mutex_try(mutex)) == EBUSY && !try_only) {
        if (object->owner == runtime.me) {
            struct misuse *misuse = pthread_misuse(MISUSE_RELOCK, object, site);
            misuse->other_site = object->site;
            misuse->other = (int8_t)runtime.me;
        }
        runtime.self->timed = until != NULL;
        runtime.self->deadline = until == NULL ? 0 : time_of(until);
        order_note(runtime.control, runtime.me, object, EVENT_BLOCK);
        runtime.self->wait_where = object->where;
        if (turn_block(PROCESS_BLOCKED, WAIT_MUTEX, object, site))
            return ETIMEDOUT;
    }
    if (result == 0 || result == EOWNERDEAD) {
        order_acquire(runtime.control, runtime.me, object);
        lock_taken(object, site);
        object_event(EVENT_LOCK, site, object, (uint64_t)result);
    } else {
        order_note(runtime.control, runtime.me, object, EVENT_BLOCK);
        poll_failed(object, site);
    }
    return result;
}

/* In memory of one process, where a mutex keeps nobody out: there are no threads. Only reports speak of it. */
static int mutex_unshared(int result, int change)
{
    if (runtime.on && result == 0 && (change > 0 || runtime.self->held_unshared > 0))
        runtime.self->held_unshared = (uint8_t)(runtime.self->held_unshared + change);
    return result;
}

WEAVE_EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    struct object *object = object_at(mutex, OBJECT_MUTEX);
    return object == NULL ? mutex_unshared(REAL(pthread_mutex_lock)(mutex), 1)
                          : mutex_lock(mutex, object, NULL, false, site_at(CALLER));
}

WEAVE_EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    struct object *object = object_at(mutex, OBJECT_MUTEX);
    return object == NULL ? mutex_unshared(REAL(pthread_mutex_trylock)(mutex), 1)
                          : mutex_lock(mutex, object, NULL, true, site_at(CALLER));
}

WEAVE_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
    struct object *object = object_at(mutex, OBJECT_MUTEX);
    return object == NULL ? REAL(pthread_mutex_timedlock)(mutex, until)
                          : mutex_lock(mutex, object, until, false, site_at(CALLER));
}

WEAVE_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
    struct object *object = object_at(mutex, OBJECT_MUTEX);
    return object == NULL ? REAL(pthread_mutex_clocklock)(mutex, clock, until)
                          : mutex_lock(mutex, object, until, false, site_at(CALLER));
}

static int mutex_unlock(pthread_mutex_t *mutex, struct object *object, uint16_t site)
{
    turn_sync();
    if (object->owner != runtime.me) {
        struct misuse *misuse = pthread_misuse(MISUSE_NOT_OWNER, object, site);
        misuse->other = object->owner;
        misuse->other_site = object->owner < 0 ? WEAVE_NO_SITE : object->site;
    }
    order_release(runtime.control, runtime.me, object);
    lock_given(object);
    segment_open();
    int result = REAL(pthread_mutex_unlock)(mutex);
    segment_close();
    object_event(EVENT_UNLOCK, site, object, (uint64_t)result);
    object_changed(runtime.control, object);
    return result;
}

WEAVE_EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    struct object *object = object_at(mutex, OBJECT_MUTEX);
    return object == NULL ? mutex_unshared(REAL(pthread_mutex_unlock)(mutex), -1)
                          : mutex_unlock(mutex, object, site_at(CALLER));
}

/* ---- condition variables ---- */

WEAVE_EXPORT int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    struct object *object = object_at(condition, OBJECT_CONDITION);
    if (object == NULL)
        return REAL(pthread_cond_init)(condition, attributes);
    uint16_t site = site_at(CALLER);
    int shared = PTHREAD_PROCESS_PRIVATE;
    if (attributes != NULL)
        pthread_condattr_getpshared(attributes, &shared);
    turn_sync();
    pthread_made(object, shared == PTHREAD_PROCESS_SHARED, MISUSE_CONDITION_PRIVATE, site);
    segment_open();
    int result = REAL(pthread_cond_init)(condition, attributes);
    segment_close();
    pthread_initialised(object, sizeof *condition, site);
    return result;
}

WEAVE_EXPORT int pthread_cond_destroy(pthread_cond_t *condition)
{
    struct object *object = object_at(condition, OBJECT_CONDITION);
    if (object == NULL)
        return REAL(pthread_cond_destroy)(condition);
    object->maker = -1;
    return 0; /* the real one never saw a waiter */
}

static int condition_wait(struct object *condition, pthread_mutex_t *mutex, struct object *lock,
                          const struct timespec *until, uint16_t site)
{
    if (lock->owner != runtime.me)
        pthread_misuse(MISUSE_WAIT_UNLOCKED, condition, site);
    else
        mutex_unlock(mutex, lock, site);
    order_note(runtime.control, runtime.me, condition, EVENT_BLOCK);
    condition->waited = 1;
    bool timed_out = false;
    /* pthread_cond_wait(3): "Spurious wakeups may occur". */
    if (runtime.control->spurious && decide_choice(runtime.control, runtime.me, DECIDE_WAKE_SPURIOUSLY)) {
        object_event(EVENT_SPURIOUS, site, condition, 0);
    } else {
        runtime.self->timed = until != NULL;
        runtime.self->deadline = until == NULL ? 0 : time_of(until);
        runtime.self->wait_where = condition->where;
        timed_out = turn_block(PROCESS_BLOCKED, WAIT_CONDITION, condition, site);
        order_acquire(runtime.control, runtime.me, condition);
    }
    runtime.self->reads = 0;
    int result = mutex_lock(mutex, lock, NULL, false, site);
    return timed_out ? ETIMEDOUT : result;
}

WEAVE_EXPORT int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    struct object *object = object_at(condition, OBJECT_CONDITION), *lock = object_at(mutex, OBJECT_MUTEX);
    if (object == NULL || lock == NULL)
        return REAL(pthread_cond_wait)(condition, mutex);
    return condition_wait(object, mutex, lock, NULL, site_at(CALLER));
}

WEAVE_EXPORT int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
    struct object *object = object_at(condition, OBJECT_CONDITION), *lock = object_at(mutex, OBJECT_MUTEX);
    if (object == NULL || lock == NULL)
        return REAL(pthread_cond_timedwait)(condition, mutex, until);
    return condition_wait(object, mutex, lock, until, site_at(CALLER));
}

static int condition_signal(struct object *object, bool all, uint16_t site)
{
    struct control *control = runtime.control;
    turn_sync();
    order_release(control, runtime.me, object);
    int index = object_index(control, object), woken = 0;
    for (int i = 0; i < control->slots && (all || woken == 0); i++) {
        struct process *p = &control->process[i];
        if (p->state == PROCESS_BLOCKED && p->wait == WAIT_CONDITION && p->wait_object == index) {
            decide_ready(control, i);
            woken++;
        }
    }
    if (woken == 0) {
        object->lost++;
        object->site = site;
    }
    object_event(EVENT_SIGNAL, site, object, (uint64_t)woken);
    spin_progress(control, runtime.me);
    return 0;
}

WEAVE_EXPORT int pthread_cond_signal(pthread_cond_t *condition)
{
    struct object *object = object_at(condition, OBJECT_CONDITION);
    return object == NULL ? REAL(pthread_cond_signal)(condition) : condition_signal(object, false, site_at(CALLER));
}

WEAVE_EXPORT int pthread_cond_broadcast(pthread_cond_t *condition)
{
    struct object *object = object_at(condition, OBJECT_CONDITION);
    return object == NULL ? REAL(pthread_cond_broadcast)(condition) : condition_signal(object, true, site_at(CALLER));
}

/* ---- read-write locks ---- */

static int rwlock_take(pthread_rwlock_t *lock, int (*attempt)(pthread_rwlock_t *), bool try_only, const void *pc)
{
    struct object *object = object_at(lock, OBJECT_RWLOCK);
    uint16_t site = site_at(pc);
    if (try_only)
        poll_begin(object, site);
    else
        poll_at_lock(object, site);
    turn_sync();
    int result;
    for (;;) {
        segment_open();
        result = attempt(lock);
        segment_close();
        if (result != EBUSY || try_only)
            break;
        order_note(runtime.control, runtime.me, object, EVENT_BLOCK);
        runtime.self->wait_where = object->where;
        turn_block(PROCESS_BLOCKED, WAIT_RWLOCK, object, site);
    }
    if (result != 0) {
        poll_failed(object, site);
        return result;
    }
    order_acquire(runtime.control, runtime.me, object);
    runtime.self->held++;
    object->owner = (int8_t)runtime.me;
    object->site = site;
    object_event(EVENT_LOCK, site, object, 0);
    return 0;
}

#define RWLOCK_WRAPPER(name, attempt, try_only)                    \
    WEAVE_EXPORT int name(pthread_rwlock_t *lock)                  \
    {                                                              \
        uint32_t where;                                            \
        if (!runtime.on || segment_find(lock, &where) == 0)        \
            return REAL(name)(lock);                               \
        return rwlock_take(lock, REAL(attempt), try_only, CALLER); \
    }
RWLOCK_WRAPPER(pthread_rwlock_rdlock, pthread_rwlock_tryrdlock, false)
RWLOCK_WRAPPER(pthread_rwlock_wrlock, pthread_rwlock_trywrlock, false)
RWLOCK_WRAPPER(pthread_rwlock_tryrdlock, pthread_rwlock_tryrdlock, true)
RWLOCK_WRAPPER(pthread_rwlock_trywrlock, pthread_rwlock_trywrlock, true)

WEAVE_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    struct object *object = object_at(lock, OBJECT_RWLOCK);
    if (object == NULL)
        return REAL(pthread_rwlock_unlock)(lock);
    uint16_t site = site_at(CALLER);
    turn_sync();
    order_release(runtime.control, runtime.me, object);
    if (runtime.self->held > 0)
        runtime.self->held--;
    object->owner = -1;
    segment_open();
    int result = REAL(pthread_rwlock_unlock)(lock);
    segment_close();
    object_event(EVENT_UNLOCK, site, object, (uint64_t)result);
    object_changed(runtime.control, object);
    return result;
}

/* ---- barriers ---- */

WEAVE_EXPORT int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attributes,
                                      unsigned count)
{
    struct object *object = object_at(barrier, OBJECT_BARRIER);
    if (object == NULL)
        return REAL(pthread_barrier_init)(barrier, attributes, count);
    uint16_t site = site_at(CALLER);
    turn_sync();
    pthread_made(object, true, MISUSE_NONE, site);
    object->initial = (int32_t)count;
    object->value = 0;
    pthread_initialised(object, sizeof *barrier, site);
    return REAL(pthread_barrier_init)(barrier, attributes, count);
}

WEAVE_EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    struct object *object = object_at(barrier, OBJECT_BARRIER);
    if (object == NULL)
        return REAL(pthread_barrier_wait)(barrier);
    uint16_t site = site_at(CALLER);
    struct control *control = runtime.control;
    turn_sync();
    order_release(control, runtime.me, object);
    spin_progress(control, runtime.me);
    bool last = ++object->value >= object->initial;
    if (!last) {
        turn_block(PROCESS_BLOCKED, WAIT_BARRIER, object, site);
    } else {
        object->value = 0;
        int index = object_index(control, object);
        for (int i = 0; i < control->slots; i++)
            if (control->process[i].state == PROCESS_BLOCKED && control->process[i].wait == WAIT_BARRIER &&
                control->process[i].wait_object == index)
                decide_ready(control, i);
        object_event(EVENT_SIGNAL, site, object, (uint64_t)object->initial);
    }
    order_acquire(control, runtime.me, object);
    return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

/* ---- spin locks ---- */

WEAVE_EXPORT int pthread_spin_lock(pthread_spinlock_t *lock)
{
    struct object *object = object_at((const void *)(uintptr_t)lock, OBJECT_MUTEX);
    if (object == NULL)
        return REAL(pthread_spin_lock)(lock);
    uint16_t site = site_at(CALLER);
    poll_at_lock(object, site);
    turn_sync();
    while (REAL(pthread_spin_trylock)(lock) != 0) {
        order_note(runtime.control, runtime.me, object, EVENT_BLOCK);
        runtime.self->wait_where = object->where;
        turn_block(PROCESS_BLOCKED, WAIT_MUTEX, object, site);
    }
    order_acquire(runtime.control, runtime.me, object);
    lock_taken(object, site);
    object_event(EVENT_LOCK, site, object, 0);
    return 0;
}

WEAVE_EXPORT int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    struct object *object = object_at((const void *)(uintptr_t)lock, OBJECT_MUTEX);
    if (object == NULL)
        return REAL(pthread_spin_unlock)(lock);
    uint16_t site = site_at(CALLER);
    turn_sync();
    order_release(runtime.control, runtime.me, object);
    lock_given(object);
    int result = REAL(pthread_spin_unlock)(lock);
    object_event(EVENT_UNLOCK, site, object, 0);
    object_changed(runtime.control, object);
    return result;
}

/* ---- threads ---- */

WEAVE_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                                void *argument)
{
    if (!runtime.on || runtime.peer)
        return REAL(pthread_create)(thread, attributes, start, argument);
    unmodelled("starts threads with pthread_create", CALLER); /* one would act without holding the turn */
    return EAGAIN;
}

WEAVE_EXPORT int thrd_create(thrd_t *thread, thrd_start_t start, void *argument)
{
    if (!runtime.on || runtime.peer)
        return REAL(thrd_create)(thread, start, argument);
    unmodelled("starts threads with thrd_create", CALLER);
    return thrd_error;
}
