/*
 * Lab 6, the circular queue: see queue.h for the calls and shmlab/yolo_queue.h for the protocol.
 *
 * What keeps it right: EMPTY and FULL. sem_post and sem_wait synchronise memory (XBD 4.12 of POSIX.1-2017,
 * 4.15.2 of POSIX.1-2024), so a slot is the producer's alone between wait(EMPTY) and post(FULL) and the
 * consumer's alone between wait(FULL) and post(EMPTY). The copying of a megabyte may therefore happen outside
 * MUTEX, which guards the three indices for a few nanoseconds.
 */
#define _GNU_SOURCE /* sem_clockwait */
#include "queue.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shmlab/clock.h"
#include "shmlab/error.h"
#include "shmlab/presence.h"
#include "shmlab/stop.h"

static const double slice_seconds = 0.05; /* how often a waiting side looks whether the other one is alive */
static const double retry_seconds = 0.01; /* between two looks for an object, or at the queue's end */
static const double stuck_seconds = 30; /* MUTEX is held for nanoseconds; so long means something is wrong */
static const int64_t spin_ns =
    5000; /* an awake peer answers sooner; waking a sleeping one costs about as much */

static void names_make(struct queue *queue, const char *prefix)
{
    snprintf(queue->shm_name, sizeof queue->shm_name, "/%s_QUEUE_SHM", prefix);
    snprintf(queue->empty_name, sizeof queue->empty_name, "/%s_EMPTY", prefix);
    snprintf(queue->full_name, sizeof queue->full_name, "/%s_FULL", prefix);
    snprintf(queue->mutex_name, sizeof queue->mutex_name, "/%s_MUTEX", prefix);
}

static void queue_prepare(struct queue *queue, const char *prefix, bool producer)
{
    cpu_set_t cpus;

    *queue = (struct queue){
        .fd = -1,
        .producer = producer,
        .spin = sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 1,
        .shared = MAP_FAILED,
        .empty = SEM_FAILED,
        .full = SEM_FAILED,
        .mutex = SEM_FAILED,
    };
    names_make(queue, prefix);
}

/* Let go of everything that is open; removes nothing. */
static void handles_close(struct queue *queue)
{
    sem_t *const semaphores[] = {queue->empty, queue->full, queue->mutex};

    for (size_t i = 0; i < sizeof semaphores / sizeof semaphores[0]; i++)
        if (semaphores[i] != SEM_FAILED)
            sem_close(semaphores[i]);
    if (queue->shared != MAP_FAILED)
        munmap(queue->shared, sizeof *queue->shared);
    if (queue->fd != -1)
        close(queue->fd);
    queue->empty = queue->full = queue->mutex = SEM_FAILED;
    queue->shared = MAP_FAILED;
    queue->fd = -1;
}

static void objects_unlink(const struct queue *queue)
{
    // shmlab:cut 2 Remove the names of the three semaphores, then the shared memory object's.
    // shmlab:text Last, because a consumer that finds the object relies on the semaphores being there.
    // shmlab:give (void)queue;
    sem_unlink(queue->empty_name);
    sem_unlink(queue->full_name);
    sem_unlink(queue->mutex_name);
    shm_unlink(queue->shm_name); /* last: who finds it may rely on the semaphores */
    // shmlab:end
}

static int queue_map(struct queue *queue)
{
    queue->shared = mmap(NULL, sizeof *queue->shared, PROT_READ | PROT_WRITE, MAP_SHARED, queue->fd, 0);
    if (queue->shared == MAP_FAILED)
        return error_report_errno(NULL, "mmap(%s)", queue->shm_name);
    return 0;
}

static sem_t *semaphore_create(const char *name, mode_t mode, unsigned value)
{
    mode_t mask = umask(0); /* the mode as given */

    sem_unlink(name); /* O_EXCL below: a count that an earlier run left behind must not become ours */
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, mode, value);
    umask(mask);
    if (semaphore == SEM_FAILED)
        error_report_errno(errno == ENOSPC ? "look at `df -h /dev/shm`" : NULL, "sem_open(%s)", name);
    return semaphore;
}

static int objects_create(struct queue *queue, mode_t mode)
{
    // shmlab:cut 1 Make the three semaphores (semaphore_create), EMPTY, FULL and MUTEX, each with its first
    // shmlab:text value; then give the object behind queue->fd its size, and map it (queue_map). Return 0,
    // shmlab:text or 1 after a message.
    // shmlab:give (void)semaphore_create;
    // shmlab:give (void)queue_map;
    // shmlab:give (void)mode;
    // shmlab:give shm_unlink(queue->shm_name); /* an empty object: nothing of it may stay behind */
    // shmlab:give return error_report("write objects_create in queue.c", "%s has no queue yet", queue->shm_name);
    /* The semaphores first: a consumer may take a shared memory object of the full size for a queue that is
     * ready. */
    queue->empty = semaphore_create(queue->empty_name, mode, QUEUE_SLOTS);
    queue->full = semaphore_create(queue->full_name, mode, 0);
    queue->mutex = semaphore_create(queue->mutex_name, mode, 1);
    if (queue->empty == SEM_FAILED || queue->full == SEM_FAILED || queue->mutex == SEM_FAILED)
        return 1;
    /* posix_fallocate finds out now whether there is memory; after ftruncate alone a full /dev/shm shows as
     * SIGBUS */
    if (ftruncate(queue->fd, sizeof *queue->shared) == -1 ||
        (errno = posix_fallocate(queue->fd, 0, sizeof *queue->shared)) != 0)
        return error_report_errno("look at `df -h /dev/shm`", "%zu bytes for %s", sizeof *queue->shared,
                                  queue->shm_name);
    return queue_map(queue);
    // shmlab:end
}

/* Become the producer of an object that is surely new: one of a dead producer is removed, its consumers
 * notice. */
static int object_claim(struct queue *queue, mode_t mode)
{
    for (;;) {
        bool created;
        queue->fd = presence_open(queue->shm_name, mode, QUEUE_PRESENCE_PRODUCER, &created);
        if (queue->fd == -1) {
            const char *next = errno == EAGAIN   ? "a producer is running: end it, or choose another --prefix"
                               : errno == EACCES ? "it belongs to another user: choose another --prefix"
                                                 : NULL;
            return error_report_errno(next, "shm_open(%s)", queue->shm_name);
        }
        if (created)
            return 0;
        printf("producer: replacing %s: no producer holds it (one that takes no lock would lose it)\n",
               queue->shm_name);
        if (shm_unlink(queue->shm_name) == -1 && errno != ENOENT)
            return error_report_errno("remove it, or choose another --prefix", "shm_unlink(%s)",
                                      queue->shm_name);
        close(queue->fd);
        queue->fd = -1;
    }
}

static int queue_make(struct queue *queue, const char *prefix, mode_t mode, const uint32_t *mark)
{
    queue_prepare(queue, prefix, true);
    if (object_claim(queue, mode) != 0) {
        handles_close(queue);
        return 1;
    }
    if (mark != NULL)
        presence_say(queue->fd,
                     *mark); /* before it has its size: a program that finds a queue can ask for its names */
    if (objects_create(queue, mode) != 0) {
        objects_unlink(queue);
        handles_close(queue);
        return 1;
    }
    return 0;
}

int queue_create(struct queue *queue, const char *prefix, mode_t mode)
{
    return queue_make(queue, prefix, mode, NULL);
}

int queue_create_named(struct queue *queue, const char *prefix, mode_t mode, uint32_t mark)
{
    return queue_make(queue, prefix, mode, &mark);
}

enum attach { ATTACH_DONE, ATTACH_FAILED, ATTACH_LATER };

/* What to do about errno, of an attempt to open what a producer made. */
static const char *foreign_advice(void)
{
    return errno == EACCES ? "it belongs to another user: ask for --mode 0666, or choose another --prefix"
                           : "choose another --prefix";
}

static enum attach semaphores_open(struct queue *queue)
{
    queue->empty = sem_open(queue->empty_name, 0);
    queue->full = sem_open(queue->full_name, 0);
    queue->mutex = sem_open(queue->mutex_name, 0);
    if (queue->empty != SEM_FAILED && queue->full != SEM_FAILED && queue->mutex != SEM_FAILED)
        return ATTACH_DONE;
    if (errno == ENOENT)
        return ATTACH_LATER; /* a producer at work on its creation, or on its removal */
    error_report_errno(foreign_advice(), "sem_open(%s, %s, %s)", queue->empty_name, queue->full_name,
                       queue->mutex_name);
    return ATTACH_FAILED;
}

bool queue_named(const struct queue *queue)
{
    return presence_current(queue->fd, queue->shm_name);
}

bool queue_peer_present(const struct queue *queue)
{
    return presence_held(queue->fd, queue->producer ? QUEUE_PRESENCE_CONSUMER : QUEUE_PRESENCE_PRODUCER) == 1;
}

/*
 * Take the consumer's role; waits while a producer puts right what a dead consumer left behind
 * (queue_repair). The questions come before the claim: after it, the producer may know us, and its role
 * KNOWN would no longer tell us from the consumer before us. Consumers come in one at a time, so that none
 * can take the role, be known and die between our questions and our claim.
 */
static enum attach consumer_claim(struct queue *queue)
{
    enum attach result = ATTACH_DONE;

    if (presence_claim_wait(queue->fd, QUEUE_PRESENCE_REPAIR, PRESENCE_EXCLUSIVE) == -1)
        return ATTACH_LATER;
    bool taken = presence_held(queue->fd, QUEUE_PRESENCE_CONSUMER) == 1;
    if (!taken && presence_held(queue->fd, QUEUE_PRESENCE_KNOWN) == 1)
        result = ATTACH_LATER; /* the one before us: its end was not noticed yet, nor repaired */
    else if (taken || presence_claim(queue->fd, QUEUE_PRESENCE_CONSUMER, PRESENCE_EXCLUSIVE) == -1) {
        error_report("end it, or choose another --prefix", "%s: another consumer is attached",
                     queue->shm_name);
        result = ATTACH_FAILED;
    }
    presence_release(queue->fd, QUEUE_PRESENCE_REPAIR);
    return result;
}

/* One attempt to find a queue that is ready. On ATTACH_LATER and ATTACH_FAILED nothing stays open.
 * strange: the size of what is there instead, or 0. */
static enum attach queue_try_attach(struct queue *queue, off_t *strange)
{
    struct stat info = {0};
    enum attach result = ATTACH_LATER;

    *strange = 0;
    queue->fd = shm_open(queue->shm_name, O_RDWR, 0);
    if (queue->fd == -1) {
        if (errno == ENOENT)
            return ATTACH_LATER;
        error_report_errno(foreign_advice(), "shm_open(%s)", queue->shm_name);
        return ATTACH_FAILED;
    }
    if (fstat(queue->fd, &info) == 0 && info.st_size == sizeof *queue->shared) {
        result = semaphores_open(queue);
        if (result == ATTACH_DONE)
            result = consumer_claim(queue);
        /* Checked last: the object, and so the semaphores that were made before it, are those of the name's
         * owner. */
        if (result == ATTACH_DONE && !presence_current(queue->fd, queue->shm_name))
            result = ATTACH_LATER;
        if (result == ATTACH_DONE && queue_map(queue) != 0)
            result = ATTACH_FAILED;
    } else if (presence_held(queue->fd, QUEUE_PRESENCE_PRODUCER) == 0)
        *strange = info.st_size; /* left behind, or another program's: a producer that comes replaces it */
    if (result != ATTACH_DONE)
        handles_close(queue);
    return result;
}

int queue_attach(struct queue *queue, const char *prefix, double seconds)
{
    struct deadline deadline = deadline_in(seconds);
    bool told = false;
    off_t strange;

    queue_prepare(queue, prefix, false);
    for (;;) {
        enum attach result = queue_try_attach(queue, &strange);
        if (result == ATTACH_DONE) {
            queue->peer_seen = queue_peer_present(queue); /* so that its end is noticed, however soon */
            return 0;
        }
        if (result == ATTACH_FAILED)
            return 1;
        if (!told) {
            printf("consumer: waiting for a producer (%s)\n", queue->shm_name);
            fflush(stdout);
            told = true;
        }
        if (deadline_passed(&deadline) && strange != 0)
            return error_report("it belongs to another program: choose another --prefix",
                                "no producer came within %g s, and %s has %lld bytes, not %zu", seconds,
                                queue->shm_name, (long long)strange, sizeof *queue->shared);
        if (deadline_passed(&deadline))
            return error_report("start a producer with the same --prefix", "no producer came within %g s",
                                seconds);
        if (!stop_sleep(retry_seconds))
            return error_report(NULL, "%s", strsignal(stop_signal()));
    }
}

/* Wait at most that long: spin briefly, then sleep. False with errno: ETIMEDOUT, or EINTR for a signal. */
static bool semaphore_wait(const struct queue *queue, sem_t *semaphore, double seconds)
{
    /* slide:wait */
    int64_t begin = clock_now_ns();

    do
        if (sem_trywait(semaphore) == 0)
            return true;
    while (queue->spin && clock_now_ns() - begin < spin_ns);
    /* slide:end */

    struct deadline deadline = deadline_in(seconds);
    struct timespec limit = deadline_timespec(&deadline);
    /* slide:wait */
    return sem_clockwait(semaphore, CLOCK_MONOTONIC, &limit) == 0;
    /* slide:end */
}

/* One slice of waiting for a slot or a frame. QUEUE_DONE, QUEUE_TIMEOUT or QUEUE_STOPPED. */
static enum queue_end slice_wait(const struct queue *queue, sem_t *semaphore, double seconds)
{
    if (stop_signal() != 0)
        return QUEUE_STOPPED;
    if (semaphore_wait(queue, semaphore, seconds < slice_seconds ? seconds : slice_seconds))
        return QUEUE_DONE;
    return stop_signal() != 0 ? QUEUE_STOPPED : QUEUE_TIMEOUT;
}

static int slot_index(int32_t shared_index)
{
    return (int)((uint32_t)shared_index % QUEUE_SLOTS); /* whatever others wrote there */
}

static void semaphore_set(sem_t *semaphore, int value)
{
    while (sem_trywait(semaphore) == 0)
        continue;
    while (value-- > 0)
        sem_post(semaphore);
}

/*
 * The consumer is dead, and may have died between any two steps: with MUTEX taken, with a token of FULL or
 * EMPTY in its hand. Work out from the indices how many frames are unread and set the semaphores to match.
 * held: slots that we, the producer, have acquired (0 or 1). No new consumer can come in between: it waits
 * for the role REPAIR.
 */
static void queue_repair(struct queue *queue, int held)
{
    struct yolo_queue *shared = queue->shared;

    if (presence_claim(queue->fd, QUEUE_PRESENCE_REPAIR, PRESENCE_EXCLUSIVE) == -1)
        return; /* a new consumer is coming in: the next look at it decides */
    if (!queue_peer_present(queue)) {
        // shmlab:cut 7 (challenge) Work out the number of unread frames from the indices; let count, EMPTY, FULL
        // shmlab:text and MUTEX say the same (semaphore_set). Equal indices: full or empty? What a consumer does in
        // shmlab:text which order tells.
        // shmlab:give (void)semaphore_set;
        // shmlab:give (void)shared;
        // shmlab:give (void)held;
        int unread =
            (slot_index(shared->write_idx) - slot_index(shared->read_idx) + QUEUE_SLOTS) % QUEUE_SLOTS;
        if (unread == 0 && shared->count == QUEUE_SLOTS)
            unread =
                QUEUE_SLOTS; /* equal indices: full or empty; a consumer steps on before it counts down */
        shared->count = unread;
        semaphore_set(queue->empty, QUEUE_SLOTS - held - unread);
        semaphore_set(queue->full, unread);
        semaphore_set(queue->mutex, 1);
        // shmlab:end
        queue->peer_seen = false;
        presence_release(queue->fd, QUEUE_PRESENCE_KNOWN); /* now the next one may come */
    }
    presence_release(queue->fd, QUEUE_PRESENCE_REPAIR);
}

/* Look whether the other side is there; true when it was and is not any more. */
static bool peer_lost(struct queue *queue)
{
    bool present = queue_peer_present(queue);
    bool lost = queue->peer_seen && !present;

    if (present && !queue->peer_seen) {
        queue->peer_seen = true;
        if (queue->producer)
            presence_claim(queue->fd, QUEUE_PRESENCE_KNOWN, PRESENCE_EXCLUSIVE); /* see queue_await_known */
    }
    return lost;
}

/* Take MUTEX. Not given up at once for a signal: it is only ever held for nanoseconds, unless its holder is
 * dead. */
static enum queue_end queue_lock(struct queue *queue, int held)
{
    struct deadline stopped = deadline_in(1), stuck = deadline_in(stuck_seconds);

    while (!semaphore_wait(queue, queue->mutex, slice_seconds)) {
        if (peer_lost(queue)) {
            if (!queue->producer)
                return QUEUE_DIED;
            queue_repair(queue, held);
        }
        if (deadline_passed(stop_signal() != 0 ? &stopped : &stuck))
            return QUEUE_STUCK;
    }
    return QUEUE_DONE;
}

enum queue_end queue_acquire_free(struct queue *queue, struct queue_slot **slot, double seconds)
{
    // shmlab:cut 3 Wait for a token of EMPTY, in slices (slice_wait) of slice_seconds, at most `seconds`. Before
    // shmlab:text each slice look at the consumer: when it is lost (peer_lost), repair what it left behind
    // shmlab:text (queue_repair, no slot held) and return QUEUE_GONE. With the token in hand, *slot is the slot at
    // shmlab:text write_idx (slot_index: others may have written anything there). No lock is held on return.
    // shmlab:give (void)slice_wait;
    // shmlab:give (void)slot_index;
    // shmlab:give (void)peer_lost;
    // shmlab:give (void)queue;
    // shmlab:give (void)seconds;
    // shmlab:give *slot = NULL;
    // shmlab:give return QUEUE_TIMEOUT;
    for (;; seconds -= slice_seconds) {
        if (peer_lost(queue)) {
            queue_repair(queue, 0);
            return QUEUE_GONE;
        }
        enum queue_end result = slice_wait(queue, queue->empty, seconds);
        if (result == QUEUE_DONE)
            break;
        if (result == QUEUE_STOPPED)
            return result;
        if (seconds <= slice_seconds)
            return QUEUE_TIMEOUT;
    }
    *slot = &queue->shared->slots[slot_index(queue->shared->write_idx)];
    return QUEUE_DONE;
    // shmlab:end
}

/* slide:publish */
enum queue_end queue_publish(struct queue *queue)
{
    // shmlab:cut 4 Under MUTEX (queue_lock, one slot held; whatever it returns but QUEUE_DONE is returned) let
    // shmlab:text write_idx go on to the next slot, after slot 4 to slot 0, and count one more frame. Give MUTEX
    // shmlab:text back, then tell the consumer: FULL.
    // shmlab:give (void)queue_lock;
    // shmlab:give (void)queue;
    // shmlab:give return QUEUE_STUCK;
    struct yolo_queue *shared = queue->shared;

    enum queue_end result = queue_lock(queue, 1);
    if (result != QUEUE_DONE)
        return result;
    shared->write_idx = (slot_index(shared->write_idx) + 1) % QUEUE_SLOTS;
    shared->count++;
    sem_post(queue->mutex);
    /* pairs with the wait in queue_acquire_full: the slot is complete for who gets past it */
    sem_post(queue->full);
    return QUEUE_DONE;
    // shmlab:end
}
/* slide:end */

/*
 * Touch no semaphore before the producer knows us: only then does it notice our end, however soon that comes,
 * and put right what we may leave behind. A producer that holds no role, or has ended, is not waited for.
 */
static enum queue_end queue_await_known(struct queue *queue, double seconds)
{
    struct deadline deadline = deadline_in(seconds);

    while (!queue->known) {
        bool present = queue_peer_present(queue);

        queue->peer_seen = queue->peer_seen || present;
        queue->known = !present || presence_held(queue->fd, QUEUE_PRESENCE_KNOWN) == 1;
        if (!queue->known && deadline_passed(&deadline))
            return QUEUE_TIMEOUT;
        if (!queue->known && !stop_sleep(retry_seconds))
            return QUEUE_STOPPED;
    }
    return QUEUE_DONE;
}

enum queue_end queue_acquire_full(struct queue *queue, const struct queue_slot **slot, double seconds)
{
    enum queue_end known = queue_await_known(queue, seconds);
    if (known != QUEUE_DONE)
        return known;
    // shmlab:cut 5 Wait for a token of FULL, in slices, at most `seconds`. After a slice without one the producer
    // shmlab:text may be gone: lost (peer_lost), or its name leads no longer here (presence_current) and nobody
    // shmlab:text holds its role. Look at FULL once more then, without waiting, since what it published before it
    // shmlab:text went is yours; only when FULL is empty return QUEUE_DIED (the name is still there: nobody cleaned
    // shmlab:text up) or QUEUE_ENDED. With the token in hand, *slot is the slot at read_idx.
    // shmlab:give (void)queue;
    // shmlab:give (void)seconds;
    // shmlab:give *slot = NULL;
    // shmlab:give return QUEUE_TIMEOUT;
    for (bool gone = false;; seconds -= slice_seconds) {
        enum queue_end result = slice_wait(queue, queue->full, gone ? 0 : seconds);
        if (result == QUEUE_DONE)
            break;
        if (result == QUEUE_STOPPED)
            return result;
        bool current = presence_current(queue->fd, queue->shm_name);
        if (gone) /* and FULL was looked at since: everything is read */
            return current ? QUEUE_DIED : QUEUE_ENDED;
        gone = peer_lost(queue) || (!current && !queue_peer_present(queue));
        if (!gone && seconds <= slice_seconds)
            return QUEUE_TIMEOUT;
    }
    *slot = &queue->shared->slots[slot_index(queue->shared->read_idx)];
    return QUEUE_DONE;
    // shmlab:end
}

enum queue_end queue_release(struct queue *queue)
{
    // shmlab:cut 6 The other half: under MUTEX read_idx goes on and count goes down, in this order (queue_repair
    // shmlab:text relies on it). Give MUTEX back, then tell the producer: EMPTY. QUEUE_DIED from queue_lock is no
    // shmlab:text error here: a dead producer's MUTEX is yours.
    // shmlab:give (void)queue;
    // shmlab:give return QUEUE_STUCK;
    struct yolo_queue *shared = queue->shared;

    enum queue_end locked = queue_lock(queue, 1);
    /* QUEUE_DIED: MUTEX was the dead producer's, and no other one comes to this queue. So it is ours now, and
     * what was published is read on, each frame once. */
    if (locked != QUEUE_DONE && locked != QUEUE_DIED)
        return locked;
    /* slide:release */
    /* SIGKILL may fall between the two, and queue_repair relies on their order: the compiler must keep it. */
    __atomic_store_n(&shared->read_idx, (slot_index(shared->read_idx) + 1) % QUEUE_SLOTS, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&shared->count, shared->count - 1, __ATOMIC_RELAXED);
    sem_post(queue->mutex);
    /* pairs with the wait in queue_acquire_free: our reading is over for who gets past it */
    sem_post(queue->empty);
    return QUEUE_DONE;
    /* slide:end */
    // shmlab:end
}

static int queue_unread(const struct queue *queue)
{
    int value = 0;

    sem_getvalue(queue->full, &value);
    return value;
}

enum queue_end queue_drain(struct queue *queue, double seconds)
{
    struct deadline deadline = deadline_in(seconds);

    while (queue_unread(queue) > 0 && !queue_peer_present(queue) && queue_named(queue)) {
        if (deadline_passed(&deadline))
            return QUEUE_TIMEOUT;
        if (!stop_sleep(retry_seconds))
            return QUEUE_STOPPED;
    }
    return QUEUE_DONE;
}

/*
 * The producer's objects, also when somebody has removed the name: then the semaphores are still there. The
 * name is ours again meanwhile, so that nobody makes a queue, and semaphores for it, at the same time.
 */
static void objects_remove(const struct queue *queue)
{
    bool created;

    if (queue_named(queue)) {
        objects_unlink(queue);
        return;
    }
    sem_t *left = sem_open(queue->mutex_name, 0); /* a producer that ends has removed it before the name */
    if (left == SEM_FAILED)
        return;
    sem_close(left);
    int fd = presence_open(queue->shm_name, 0600, QUEUE_PRESENCE_PRODUCER, &created);
    if (fd == -1) /* a younger queue: the semaphores are its */
        return;
    if (created)
        objects_unlink(queue);
    close(fd);
}

int queue_close(struct queue *queue)
{
    int unread = 0;

    if (queue->producer) {
        unread = queue_peer_present(queue) ? 0 : queue_unread(queue);
        objects_remove(queue);
    } else if (queue->peer_seen &&
               presence_claim(queue->fd, QUEUE_PRESENCE_PRODUCER, PRESENCE_EXCLUSIVE) == 0) {
        /* The producer that we saw is gone, and no other one has claimed its objects: if it died, they are
         * still there. */
        unread = queue_named(queue) ? queue_unread(queue) : 0;
        objects_remove(queue);
    }
    handles_close(queue);
    return unread;
}
