/* System V semaphores: the real set, tried with IPC_NOWAIT; waiting happens in the scheduler. */
#include "runtime.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>

enum { OPERATIONS = 32, MEMBER_SHIFT = 40 };

static uint64_t sysv_number(int id)
{
    return kernel_number(SPACE_SYSV_SEMAPHORES, (uint64_t)id);
}

static struct object *sysv_set(int id)
{
    return object_find(runtime.control, key_make(KEY_SYSV, sysv_number(id) * 2), OBJECT_SYSV_SET);
}

static struct object *sysv_member(int id, unsigned short member)
{
    uint64_t key = sysv_number(id) * 2 | ((uint64_t)member + 1) << MEMBER_SHIFT;
    struct object *object = object_find(runtime.control, key_make(KEY_SYSV, key), OBJECT_SYSV_SEMAPHORE);
    if (object->name[0] == '\0')
        snprintf(object->name, sizeof object->name, "System V semaphore %u", member);
    return object;
}

/*
 * What a wait for zero follows: the decrements of a semaphore. Kept apart from its increments, which
 * decrements follow: two processes that each take one from a semaphore are not in order by that.
 */
static struct object *sysv_zero(int id, unsigned short member)
{
    uint64_t key = sysv_number(id) * 2 | 1 | ((uint64_t)member + 1) << MEMBER_SHIFT;
    return object_find(runtime.control, key_make(KEY_SYSV, key), OBJECT_SYSV_SEMAPHORE);
}

WEAVE_EXPORT int semget(key_t key, int members, int flags)
{
    boot_if_deferred();
    if (!runtime.on)
        return REAL(semget)(key, members, flags);
    uint16_t site = site_at(CALLER);
    char name[WEAVE_NAME];
    snprintf(name, sizeof name, "key 0x%x", (unsigned)key);
    struct object *object = name_begin(hash_mix((uint64_t)(uint32_t)key, OBJECT_SYSV_SET), name, site);
    int id = REAL(semget)(key, members, flags);
    name_end(object, id >= 0, flags & IPC_CREAT, site);
    return id;
}

static void sysv_removed(const struct object *set, uint16_t site)
{
    struct misuse *misuse = record_misuse(runtime.control, runtime.me, MISUSE_REMOVED, site);
    misuse->other_site = set->site;
    misuse->other = set->maker;
    misuse->object = (int16_t)object_index(runtime.control, set);
}

/* A first value for the reports; SETVAL is often called by several processes by mistake. */
static void sysv_initialised(int id, int member, int value, uint16_t site)
{
    struct object *object = sysv_member(id, (unsigned short)member);
    if (object->maker >= 0 && object->maker != runtime.me && object->waited) {
        struct misuse *misuse = record_misuse(runtime.control, runtime.me, MISUSE_TWICE, site);
        misuse->other = object->maker;
        misuse->other_site = object->made_at;
        misuse->object = (int16_t)object_index(runtime.control, object);
    } else if (object->user >= 0 && object->user != runtime.me &&
               !clock_covers(&runtime.self->sync, object->user, object->used)) { /* its value is lost now */
        struct misuse *misuse = record_misuse(runtime.control, runtime.me, MISUSE_LATE, site);
        misuse->other = object->user;
        misuse->other_site = object->used_at;
        misuse->object = (int16_t)object_index(runtime.control, object);
    }
    object->maker = (int8_t)runtime.me;
    object->made_at = site;
    object->initial = object->value = value;
    order_release(runtime.control, runtime.me, object);
    order_release(runtime.control, runtime.me, sysv_zero(id, (unsigned short)member));
    object_event(EVENT_INIT, site, object, (uint64_t)(int64_t)value);
}

static void sysv_all_initialised(int id, const unsigned short *values, uint16_t site)
{
    struct semid_ds status;
    if (REAL(semctl)(id, 0, IPC_STAT, &status) != 0)
        return;
    for (unsigned i = 0; i < status.sem_nsems; i++)
        sysv_initialised(id, (int)i, values[i], site);
}

WEAVE_EXPORT int semctl(int id, int member, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *); /* union semun is as wide as a pointer and passed like one */
    va_end(arguments);
    if (!runtime.on)
        return REAL(semctl)(id, member, command, argument);
    uint16_t site = site_at(CALLER);
    struct object *set = sysv_set(id);
    bool asks = command == GETVAL || command == IPC_STAT || command == GETNCNT || command == GETZCNT ||
                command == GETALL || command == GETPID;
    if (asks)
        poll_begin(set, site);
    turn_sync();
    int result = REAL(semctl)(id, member, command, argument), saved = errno;
    order_note(runtime.control, runtime.me, set, EVENT_LOAD);
    if (asks) {
        order_acquire(runtime.control, runtime.me, set);
        poll_failed(set, site);
    } else if (result >= 0 && command == IPC_RMID) {
        set->removed = 1;
        set->site = site;
        set->maker = (int8_t)runtime.me;
        object_event(EVENT_REMOVE, site, set, 0);
        object_changed(runtime.control, set);
    } else if (result >= 0) {
        if (command == SETVAL)
            sysv_initialised(id, member, (int)(intptr_t)argument, site);
        else if (command == SETALL)
            sysv_all_initialised(id, argument, site);
        order_release(runtime.control, runtime.me, set);
        object_changed(runtime.control, set);
        spin_progress(runtime.control, runtime.me);
    }
    errno = saved;
    return result;
}

static void sysv_done(int id, const struct sembuf *operations, size_t count, uint16_t site)
{
    for (size_t i = 0; i < count; i++) {
        struct object *object = sysv_member(id, operations[i].sem_num);
        object->user = (int8_t)runtime.me;
        object->used = runtime.self->sync.at[runtime.me];
        object->used_at = site;
        if (operations[i].sem_op <= 0) {
            if (operations[i].sem_op == 0) {
                order_acquire(runtime.control, runtime.me, sysv_zero(id, operations[i].sem_num));
            } else {
                order_acquire(runtime.control, runtime.me, object);
                order_release(runtime.control, runtime.me, sysv_zero(id, operations[i].sem_num));
            }
            object->waited = 1;
            object->owner = (int8_t)runtime.me;
            object->robust = (operations[i].sem_flg & SEM_UNDO) != 0; /* the kernel gives it back */
            object->site = site;
            if (operations[i].sem_op < 0 && object->lock_like)
                runtime.self->held++;
        } else {
            order_release(runtime.control, runtime.me, object);
            if (object->owner == runtime.me && object->initial == 1) {
                if (object->lock_like && runtime.self->held > 0)
                    runtime.self->held--;
                object->lock_like = 1;
            } else {
                spin_progress(runtime.control, runtime.me);
            }
            object->owner = -1;
        }
        object->value = REAL(semctl)(id, operations[i].sem_num, GETVAL);
        struct event *event = record_event(runtime.control, runtime.me, EVENT_SEMOP, site);
        event->object = (int16_t)object_index(runtime.control, object);
        event->value = (uint64_t)(int64_t)object->value;
        event->old = (uint64_t)(int64_t)operations[i].sem_op;
        if (object->initial == 1 && object->lock_like && object->value > 1)
            record_misuse(runtime.control, runtime.me, MISUSE_TOO_HIGH, site)->object =
                (int16_t)object_index(runtime.control, object);
    }
}

static int sysv_operate(int id, const struct sembuf *operations, size_t count, const struct timespec *timeout,
                        const void *pc)
{
    if (count > OPERATIONS)
        return REAL(semtimedop)(id, (struct sembuf *)(uintptr_t)operations, count, timeout);
    uint16_t site = site_at(pc);
    struct object *set = sysv_set(id);
    struct sembuf trial[OPERATIONS];
    bool no_wait = false;
    for (size_t i = 0; i < count; i++) {
        trial[i] = operations[i];
        no_wait |= (trial[i].sem_flg & IPC_NOWAIT) != 0;
        trial[i].sem_flg = (short)(trial[i].sem_flg | IPC_NOWAIT);
    }
    if (no_wait)
        poll_begin(set, site);
    else if (count > 0 && operations[0].sem_op < 0 && sysv_member(id, operations[0].sem_num)->lock_like)
        poll_at_lock(set, site);
    turn_sync();
    if (set->removed)
        sysv_removed(set, site);
    while (REAL(semop)(id, trial, count) != 0) {
        order_note(runtime.control, runtime.me, set, EVENT_BLOCK);
        if (errno != EAGAIN || no_wait) {
            poll_failed(set, site);
            return -1;
        }
        runtime.self->timed = timeout != NULL;
        if (timeout != NULL)
            runtime.self->deadline = runtime.self->time + time_of(timeout);
        struct object *member = count > 0 ? sysv_member(id, operations[0].sem_num) : set;
        member->lost = 0;
        bool timed_out = turn_block(PROCESS_BLOCKED, WAIT_SYSV, set, site);
        if (timed_out) {
            errno = EAGAIN;
            return -1;
        }
        if (runtime.self->interrupted != INTERRUPTED_NOT) { /* never restarted: signal(7) */
            errno = EINTR;
            return -1;
        }
    }
    order_note(runtime.control, runtime.me, set, EVENT_SEMOP);
    sysv_done(id, operations, count, site);
    object_changed(runtime.control, set);
    return 0;
}

WEAVE_EXPORT int semop(int id, struct sembuf *operations, size_t count)
{
    return runtime.on ? sysv_operate(id, operations, count, NULL, CALLER) : REAL(semop)(id, operations, count);
}

WEAVE_EXPORT int semtimedop(int id, struct sembuf *operations, size_t count, const struct timespec *timeout)
{
    return runtime.on ? sysv_operate(id, operations, count, timeout, CALLER)
                      : REAL(semtimedop)(id, operations, count, timeout);
}
