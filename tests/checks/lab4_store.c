/* Lab 4, the bounded buffer: the objects, and both sides of the protocol, as the check has them. */
#define _GNU_SOURCE
#include "lab4_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "objects.h"
#include "shmlab/presence.h"

struct store store_draw(struct check *check, unsigned capacity)
{
    const char *prefix = check_prefix(check);
    struct store store = {.prefix = prefix,
                          .shm_name = check_text(check, "/%s_buffer", prefix),
                          .empty_name = check_text(check, "/%s_empty", prefix),
                          .full_name = check_text(check, "/%s_full", prefix),
                          .mutex_name = check_text(check, "/%s_mutex", prefix),
                          .capacity = capacity,
                          .size = sizeof(struct bounded_buffer) + capacity * sizeof(struct buffer_message),
                          .fd = -1};

    check_varies(check, "buffer", store.shm_name);
    check_varies(check, "empty", store.empty_name);
    check_varies(check, "full", store.full_name);
    check_varies(check, "mutex", store.mutex_name);
    return store;
}

struct program *store_producer(struct check *check, const struct store *store, const char *items, const char *id)
{
    return START(check, "producer", "--prefix", store->prefix, "--items", items, "--id", id, "--capacity",
                 check_text(check, "%u", store->capacity), "--timeout", "3600");
}

struct program *store_consumer(struct check *check, const struct store *store, const char *program, const char *items)
{
    return START(check, program, "--prefix", store->prefix, "--items", items, "--timeout", "3600");
}

void store_hold(struct check *check, struct store *store)
{
    store->fd = shm_open(store->shm_name, O_RDWR, 0);
    if (store->fd == -1 || presence_claim(store->fd, BUFFER_PRESENCE, PRESENCE_SHARED) == -1)
        check_broken(check, "cannot be present at %s", store->shm_name);
    check_note(check, "the check is present at %s, so that it stays", store->shm_name);
}

void store_leave(struct store *store)
{
    close(store->fd);
    store->fd = -1;
}

void store_open(struct check *check, struct store *store)
{
    const char *const names[] = {store->empty_name, store->full_name, store->mutex_name};
    sem_t **const semaphores[] = {&store->empty, &store->full, &store->mutex};

    store->shared = posix_map(check, store->shm_name, store->size);
    for (size_t i = 0; i < 3; i++) {
        *semaphores[i] = semaphore_open(check, names[i]);
        if (*semaphores[i] == NULL)
            semaphore_missing(check, names[i]);
    }
}

struct store store_make(struct check *check, unsigned capacity)
{
    struct store store = store_draw(check, capacity);

    store.shared = posix_create(check, store.shm_name, store.size, 0600);
    store_hold(check, &store);
    store.empty = semaphore_create(check, store.empty_name, capacity);
    store.full = semaphore_create(check, store.full_name, 0);
    store.mutex = semaphore_create(check, store.mutex_name, 1);
    *store.shared = (struct bounded_buffer){
        .version = BUFFER_VERSION, .element_size = sizeof(struct buffer_message), .capacity = capacity};
    __atomic_store_n(&store.shared->magic, BUFFER_MAGIC, __ATOMIC_RELEASE);
    return store;
}

int token_count(sem_t *semaphore)
{
    int value = -1;

    sem_getvalue(semaphore, &value);
    return value;
}

void store_values_require(struct check *check, const struct store *store, int empty, int full, int mutex,
                          const char *when)
{
    int found[] = {token_count(store->empty), token_count(store->full), token_count(store->mutex)};

    REQUIRE(check, found[0] == empty && found[1] == full && found[2] == mutex,
            .expected = check_text(check, "EMPTY %d, FULL %d, MUTEX %d %s", empty, full, mutex, when),
            .found = check_text(check, "EMPTY %d, FULL %d, MUTEX %d", found[0], found[1], found[2]));
}

struct buffer_message store_message(int producer, int sequence)
{
    struct buffer_message message = {.producer = producer, .sequence = sequence};

    snprintf(message.text, sizeof message.text, BUFFER_TEXT_FORMAT, sequence, producer);
    return message;
}

static const char *message_text(struct check *check, const struct buffer_message *message)
{
    return check_text(check, "producer %d, sequence %d, \"%.*s\"", message->producer, message->sequence,
                      BUFFER_TEXT_CAPACITY, message->text);
}

void store_message_require(struct check *check, const struct buffer_message *found, int producer, int sequence,
                           const char *where)
{
    struct buffer_message wanted = store_message(producer, sequence);

    REQUIRE(check, memcmp(&wanted, found, sizeof wanted) == 0,
            .expected = check_text(check, "%s: %s, zero after it", where, message_text(check, &wanted)),
            .found = memcmp(wanted.text, found->text, strlen(wanted.text) + 1) == 0 &&
                             wanted.producer == found->producer && wanted.sequence == found->sequence
                         ? "the bytes after the NUL are not zero"
                         : message_text(check, found));
}

void store_wait(struct check *check, sem_t *semaphore, struct program *other, const char *what)
{
    AWAIT(check, sem_trywait(semaphore) == 0, what)
    {
        if (!program_runs(other))
            FAIL(check, .expected = what,
                 .found = check_text(check, "%s ended; it printed:\n%s", other->short_name, program_output(other)));
    }
}

struct buffer_message store_take(struct check *check, const struct store *store, struct program *producer)
{
    struct bounded_buffer *shared = store->shared;

    store_wait(check, store->full, producer, "the producer posts FULL");
    store_wait(check, store->mutex, producer, "the producer gives MUTEX back");
    struct buffer_message message = shared->slots[shared->head % store->capacity];
    shared->head = (shared->head + 1) % store->capacity;
    shared->count--;
    sem_post(store->mutex);
    sem_post(store->empty);
    return message;
}

void store_put(struct check *check, const struct store *store, struct program *consumer,
               const struct buffer_message *message)
{
    struct bounded_buffer *shared = store->shared;

    store_wait(check, store->empty, consumer, "the consumer posts EMPTY");
    store_wait(check, store->mutex, consumer, "the consumer gives MUTEX back");
    shared->slots[shared->tail % store->capacity] = *message;
    shared->tail = (shared->tail + 1) % store->capacity;
    shared->count++;
    sem_post(store->mutex);
    sem_post(store->full);
}

void store_header_require(struct check *check, const struct store *store, unsigned head, unsigned tail, unsigned count,
                          const char *when)
{
    const struct bounded_buffer *shared = store->shared;

    REQUIRE(check, shared->head == head && shared->tail == tail && shared->count == count,
            .expected = check_text(check, "head %u, tail %u, count %u %s", head, tail, count, when),
            .found = check_text(check, "head %u, tail %u, count %u", shared->head, shared->tail, shared->count));
}

void store_gone(struct check *check, const struct store *store, const char *when)
{
    const char *left = "";

    if (posix_look(check, store->shm_name).exists)
        left = check_text(check, "%s ", store->shm_name);
    if (semaphore_exists(check, store->empty_name))
        left = check_text(check, "%s%s ", left, store->empty_name);
    if (semaphore_exists(check, store->full_name))
        left = check_text(check, "%s%s ", left, store->full_name);
    if (semaphore_exists(check, store->mutex_name))
        left = check_text(check, "%s%s ", left, store->mutex_name);
    REQUIRE(check, left[0] == '\0', .expected = check_text(check, "none of the four objects %s", when),
            .found = check_text(check, "still there: %s", left));
}
