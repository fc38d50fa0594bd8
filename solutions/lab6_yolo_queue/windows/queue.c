/* See queue.h. */
#include "queue.h"

#include <stdint.h>
#include <stdio.h>

enum {
    SLICE_MILLISECONDS = 50,    /* producer: between two looks for a first consumer */
    RETRY_MILLISECONDS = 10,    /* between two looks for objects that are not there yet, or not yet gone */
    STUCK_MILLISECONDS = 30000, /* MUTEX is held for nanoseconds */
};

static const double orphan_seconds = 2; /* a consumer of an earlier producer needs a moment to leave */
static const double role_seconds = 2; /* a peer that looks whether we are there holds our role for a moment */

enum {
    STOP,
    TOKEN,
    PEER
}; /* what is waited for, in this order: of several that are signalled, the first is told */

static char *name_of(const struct queue *queue, const char *what, char *text)
{
    snprintf(text, QUEUE_NAME_CAPACITY, "Local\\%.200s_%s", queue->prefix, what);
    return text;
}

static void handles_close(struct queue *queue)
{
    HANDLE *const handles[] = {&queue->empty, &queue->full, &queue->mutex, &queue->mapping, &queue->peer};

    if (queue->shared != NULL)
        UnmapViewOfFile(queue->shared);
    queue->shared = NULL;
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        if (*handles[i] != NULL)
            CloseHandle(*handles[i]);
        *handles[i] = NULL;
    }
    windows_role_leave(queue->role); /* last: a peer that waits for our end finds everything done */
    queue->role = NULL;
}

static bool queue_map(struct queue *queue)
{
    char name[QUEUE_NAME_CAPACITY];

    queue->shared = MapViewOfFile(queue->mapping, FILE_MAP_WRITE, 0, 0, sizeof *queue->shared);
    if (queue->shared != NULL)
        return true;
    /* A mapping that is too small gives ERROR_ACCESS_DENIED. */
    windows_report_last("it belongs to another program: choose another --prefix",
                        "MapViewOfFile(%s, %zu bytes)", name_of(queue, "QUEUE_SHM", name),
                        sizeof *queue->shared);
    return false;
}

/* An index from shared memory is never trusted. */
static int slot_index(int32_t shared_index)
{
    return (int)((uint32_t)shared_index % QUEUE_SLOTS);
}

/* Make one. Returns false where it existed, or could not be made: *failed tells which. */
static bool semaphore_create(HANDLE *semaphore, const char *name, LONG value, bool *failed)
{
    *semaphore = CreateSemaphoreA(NULL, value, QUEUE_SLOTS, name);
    *failed = *semaphore == NULL;
    if (*failed)
        windows_report_last("choose another --prefix", "CreateSemaphore(%s)", name);
    return !*failed && GetLastError() != ERROR_ALREADY_EXISTS;
}

/* Make both, surely new: one that existed has the counts of an earlier queue, which somebody still has open.
 */
static bool semaphores_create(struct queue *queue)
{
    char name[QUEUE_NAME_CAPACITY];
    double end = windows_seconds() + orphan_seconds;

    for (;;) {
        bool failed;
        if (semaphore_create(&queue->empty, name_of(queue, "EMPTY", name), QUEUE_SLOTS, &failed) &&
            semaphore_create(&queue->full, name_of(queue, "FULL", name), 0, &failed))
            return true;
        if (failed)
            return false;
        CloseHandle(queue->empty);
        if (queue->full != NULL)
            CloseHandle(queue->full);
        queue->empty = queue->full = NULL;
        if (windows_seconds() >= end) {
            windows_report("end it, or choose another --prefix",
                           "%s is there: a program of an earlier queue has it open", name);
            return false;
        }
        if (WaitForSingleObject(queue->stop, RETRY_MILLISECONDS) == WAIT_OBJECT_0)
            return false;
    }
}

static bool role_claim(struct queue *queue, const char *mine, const char *theirs)
{
    char name[QUEUE_NAME_CAPACITY];
    enum windows_role role;
    double end = windows_seconds() + role_seconds;

    queue->peer = CreateMutexA(NULL, FALSE, name_of(queue, theirs, name));
    name_of(queue, mine, name);
    while ((role = windows_role_take(name, &queue->role)) == WINDOWS_ROLE_TAKEN && windows_seconds() < end)
        if (WaitForSingleObject(queue->stop, RETRY_MILLISECONDS) == WAIT_OBJECT_0) {
            windows_report(NULL, "%s", windows_stop_name());
            return false;
        }
    if (role == WINDOWS_ROLE_TAKEN)
        windows_report("end it, or choose another --prefix", "%s is taken: there is one already", name);
    else if (role == WINDOWS_ROLE_FAILED || queue->peer == NULL)
        windows_report_last("choose another --prefix", "CreateMutex(%s)", name);
    return role == WINDOWS_ROLE_OURS && queue->peer != NULL;
}

int queue_create(struct queue *queue, const char *prefix, HANDLE stop)
{
    char name[QUEUE_NAME_CAPACITY];

    *queue = (struct queue){.producer = true, .stop = stop};
    snprintf(queue->prefix, sizeof queue->prefix, "%s", prefix);
    if (role_claim(queue, "PRODUCER", "CONSUMER") && semaphores_create(queue)) {
        queue->mutex = CreateMutexA(NULL, FALSE, name_of(queue, "MUTEX", name));
        /* There already: a consumer that came first made it (Python's mmap does). Its bytes are zero, or a
         * dead producer's. */
        queue->mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                            sizeof *queue->shared, name_of(queue, "QUEUE_SHM", name));
        if (queue->mutex == NULL || queue->mapping == NULL) {
            windows_report_last("choose another --prefix", "CreateFileMapping(%s)", name);
        } else if (queue_map(queue)) {
            queue->shared->write_idx = queue->shared->read_idx = queue->shared->count = 0;
            return 0;
        }
    }
    handles_close(queue);
    return 1;
}

static bool objects_open(struct queue *queue)
{
    char name[QUEUE_NAME_CAPACITY];
    const DWORD both = SYNCHRONIZE | SEMAPHORE_MODIFY_STATE;

    queue->mapping = OpenFileMappingA(FILE_MAP_WRITE, FALSE, name_of(queue, "QUEUE_SHM", name));
    queue->empty = OpenSemaphoreA(both, FALSE, name_of(queue, "EMPTY", name));
    queue->full = OpenSemaphoreA(both, FALSE, name_of(queue, "FULL", name));
    queue->mutex = OpenMutexA(SYNCHRONIZE, FALSE, name_of(queue, "MUTEX", name));
    if (queue->mapping != NULL && queue->empty != NULL && queue->full != NULL && queue->mutex != NULL)
        return true;
    handles_close(queue);
    return false;
}

/* Consumer: one that died before us has left the semaphores as they were. The producer puts them right when
 * it learns of the death, and that is told only once: so we take the role after it. Without a producer the
 * indices tell what is left. */
static bool predecessor_buried(const struct queue *queue)
{
    char mine[QUEUE_NAME_CAPACITY], theirs[QUEUE_NAME_CAPACITY];

    name_of(queue, "CONSUMER", mine);
    name_of(queue, "PRODUCER", theirs);
    for (bool told = false; windows_role_holder(mine) == WINDOWS_HOLDER_DIED &&
                            windows_role_holder(theirs) == WINDOWS_HOLDER_LIVES;
         told = true) {
        if (!told) {
            printf("consumer: waiting until the producer knows that an earlier consumer died\n");
            fflush(stdout);
        }
        if (WaitForSingleObject(queue->stop, RETRY_MILLISECONDS) == WAIT_OBJECT_0) {
            windows_report(NULL, "%s", windows_stop_name());
            return false;
        }
    }
    return true;
}

int queue_attach(struct queue *queue, const char *prefix, HANDLE stop, double seconds)
{
    char name[QUEUE_NAME_CAPACITY];
    double end = windows_seconds() + seconds;

    *queue = (struct queue){.stop = stop};
    snprintf(queue->prefix, sizeof queue->prefix, "%s", prefix);
    for (bool told = false; !objects_open(queue); told = true) {
        if (!told) {
            printf("consumer: waiting for a producer (%s)\n", name_of(queue, "QUEUE_SHM", name));
            fflush(stdout);
        }
        if (windows_seconds() >= end)
            return windows_report("start a producer with the same --prefix", "no producer came within %g s",
                                  seconds);
        if (WaitForSingleObject(stop, RETRY_MILLISECONDS) == WAIT_OBJECT_0)
            return windows_report(NULL, "%s", windows_stop_name());
    }
    if (predecessor_buried(queue) && role_claim(queue, "CONSUMER", "PRODUCER") && queue_map(queue))
        return 0;
    handles_close(queue);
    return 1;
}

/* Take MUTEX. One that a dead process held comes to us all the same; only the indices can be half done. */
static enum queue_end queue_lock(struct queue *queue)
{
    DWORD got = WaitForSingleObject(queue->mutex, STUCK_MILLISECONDS);

    if (got == WAIT_ABANDONED)
        queue->abandoned = true;
    if (got == WAIT_ABANDONED || got == WAIT_OBJECT_0)
        return QUEUE_DONE;
    windows_report("is the other program stopped?", "MUTEX was not given back");
    return QUEUE_FAILED;
}

static int unread_by_indices(const struct yolo_queue *shared)
{
    int unread = (slot_index(shared->write_idx) - slot_index(shared->read_idx) + QUEUE_SLOTS) % QUEUE_SLOTS;

    return unread == 0 && shared->count == QUEUE_SLOTS ? QUEUE_SLOTS
                                                       : unread; /* equal indices: empty or full */
}

static void semaphore_set(HANDLE semaphore, LONG value)
{
    while (WaitForSingleObject(semaphore, 0) == WAIT_OBJECT_0)
        continue;
    if (value > 0)
        ReleaseSemaphore(semaphore, value, NULL);
}

/* The consumer has gone; it may have died between any two steps. We hold its role, so no other one comes in
 * now. */
static void queue_repair(struct queue *queue)
{
    if (queue_lock(queue) != QUEUE_DONE)
        return;
    int unread = unread_by_indices(queue->shared);
    queue->shared->count = unread;
    semaphore_set(queue->empty, QUEUE_SLOTS - unread);
    semaphore_set(queue->full, unread);
    ReleaseMutex(queue->mutex);
}

/* Producer: a wait gave us the consumer's role, so none is there. Was one there at the last look, or has one
 * died since? Then what it left is put right. */
static bool consumer_gone(struct queue *queue, bool abandoned)
{
    bool gone = abandoned || queue->peer_seen;

    if (gone)
        queue_repair(queue);
    queue->peer_seen = false;
    ReleaseMutex(queue->peer);
    return gone;
}

/* Producer: is a consumer there? Taking its role tells, for a moment: peer_seen. Returns whether one has
 * gone. */
static bool consumer_look(struct queue *queue)
{
    DWORD got = WaitForSingleObject(queue->peer, 0);

    if (got == WAIT_OBJECT_0 || got == WAIT_ABANDONED)
        return consumer_gone(queue, got == WAIT_ABANDONED);
    queue->peer_seen = got == WAIT_TIMEOUT;
    return false;
}

/* Wait for the token, the stop, and (where `peers` says so) the peer's end, in one call. *index: which of
 * them, *abandoned: the peer's role came from a dead process. */
static enum queue_end token_wait(struct queue *queue, HANDLE token, bool peers, DWORD limit, int *index,
                                 bool *abandoned)
{
    HANDLE waits[] = {[STOP] = queue->stop, [TOKEN] = token, [PEER] = queue->peer};
    DWORD got = WaitForMultipleObjects(peers ? 3 : 2, waits, FALSE, limit);

    *abandoned = got >= WAIT_ABANDONED_0 && got < WAIT_ABANDONED_0 + 3;
    if (got == WAIT_TIMEOUT)
        return QUEUE_TIMEOUT;
    if (got == WAIT_FAILED) {
        windows_report_last(NULL, "WaitForMultipleObjects");
        return QUEUE_FAILED;
    }
    *index = (int)(*abandoned ? got - WAIT_ABANDONED_0 : got - WAIT_OBJECT_0);
    return *index == STOP ? QUEUE_STOPPED : QUEUE_DONE;
}

enum queue_end queue_acquire_free(struct queue *queue, struct queue_slot **slot, double seconds)
{
    double end = windows_seconds() + seconds;

    for (;;) {
        double left = end - windows_seconds();
        DWORD limit = windows_milliseconds(left);
        bool abandoned;
        int index;
        if (consumer_look(queue))
            return QUEUE_GONE;
        if (!queue->peer_seen && limit > SLICE_MILLISECONDS)
            limit = SLICE_MILLISECONDS;
        enum queue_end got = token_wait(queue, queue->empty, queue->peer_seen, limit, &index, &abandoned);
        if (got == QUEUE_TIMEOUT && left > 0)
            continue;
        if (got != QUEUE_DONE)
            return got;
        if (index == TOKEN)
            break;
        if (consumer_gone(queue, abandoned))
            return QUEUE_GONE;
    }
    *slot = &queue->shared->slots[slot_index(queue->shared->write_idx)];
    return QUEUE_DONE;
}

enum queue_end queue_publish(struct queue *queue)
{
    struct yolo_queue *shared = queue->shared;
    enum queue_end got = queue_lock(queue);

    if (got != QUEUE_DONE)
        return got;
    shared->write_idx = (slot_index(shared->write_idx) + 1) % QUEUE_SLOTS;
    shared->count++;
    ReleaseMutex(queue->mutex);
    if (ReleaseSemaphore(queue->full, 1, NULL))
        return QUEUE_DONE;
    windows_report_last("is there a second producer?", "ReleaseSemaphore(FULL)"); /* ERROR_TOO_MANY_POSTS */
    return QUEUE_FAILED;
}

/* Consumer, when there is no producer any more: a frame that is there without a token, which a process took
 * with it when it died. The smaller number counts: one that died with MUTEX has moved its index, and not the
 * count. */
static bool frame_left(struct queue *queue)
{
    if (queue_lock(queue) != QUEUE_DONE)
        return false;
    int unread = unread_by_indices(queue->shared);
    bool left = queue->shared->count > 0 && unread > 0;
    ReleaseMutex(queue->mutex);
    return left;
}

enum queue_end queue_acquire_full(struct queue *queue, const struct queue_slot **slot, double seconds)
{
    bool abandoned;
    int index;
    /* The producer took its role before it made the objects that we opened, so a free role means that it has
     * ended; and a token comes before the role, so everything that it published is read first. */
    enum queue_end got =
        token_wait(queue, queue->full, true, windows_milliseconds(seconds), &index, &abandoned);

    if (got != QUEUE_DONE)
        return got;
    if (index == PEER) {
        queue->peer_died |= abandoned; /* only the first that waits is told */
        ReleaseMutex(queue->peer);
        if (!frame_left(queue))
            return queue->peer_died ? QUEUE_DIED : QUEUE_ENDED;
    }
    *slot = &queue->shared->slots[slot_index(queue->shared->read_idx)];
    return QUEUE_DONE;
}

enum queue_end queue_release(struct queue *queue)
{
    struct yolo_queue *shared = queue->shared;
    enum queue_end got = queue_lock(queue);

    if (got != QUEUE_DONE)
        return got;
    /* The index first: the producer repairs by it when we die between the two. The stores are volatile in
     * effect: a signal fence keeps the compiler from exchanging them (C17 7.17.4.2). */
    __atomic_store_n(&shared->read_idx, (slot_index(shared->read_idx) + 1) % QUEUE_SLOTS, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&shared->count, shared->count - 1, __ATOMIC_RELAXED);
    ReleaseMutex(queue->mutex);
    if (ReleaseSemaphore(queue->empty, 1, NULL))
        return QUEUE_DONE;
    windows_report_last("is there a second consumer?", "ReleaseSemaphore(EMPTY)");
    return QUEUE_FAILED;
}

enum queue_end queue_drain(struct queue *queue, double seconds)
{
    double end = windows_seconds() + seconds;

    while (__atomic_load_n(&queue->shared->count, __ATOMIC_RELAXED) > 0) {
        consumer_look(queue);
        if (queue->peer_seen)
            break;
        if (windows_seconds() >= end)
            return QUEUE_TIMEOUT;
        if (WaitForSingleObject(queue->stop, RETRY_MILLISECONDS) == WAIT_OBJECT_0)
            return QUEUE_STOPPED;
    }
    return QUEUE_DONE;
}

int queue_close(struct queue *queue)
{
    int unread = 0;

    if (queue->producer) {
        consumer_look(queue);
        unread = queue->peer_seen ? 0 : queue->shared->count;
    }
    handles_close(queue);
    return unread;
}
