/*
 * Lab 4, the bounded buffer: the checks.
 *
 * Many of them are the other side themselves: they hold the semaphores, take and put by the published
 * protocol, and look at the values while the student's program waits. Two run the student's program
 * instruction by instruction (watch.h) and demand that head, tail, count and slots change only while MUTEX is
 * taken.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "compile.h"
#include "lab4_board.h"
#include "objects.h"
#include "shmlab/bounded_buffer.h"
#include "shmlab/presence.h"
#include "watch.h"
#include "weave.h"

enum { STEPS_MAX = 2000000, DRAIN_STEPS = 256, CROWD = 2, CROWD_ITEMS = 300 };

static const char endless[] = "1000000000";
static const char order_text[] =
    "wait EMPTY, wait MUTEX, fill slots[tail], advance tail, count++, post MUTEX, post FULL";

/* The four objects of a prefix, as the check sees them. */
struct store {
    const char *prefix, *shm_name, *empty_name, *full_name, *mutex_name;
    unsigned capacity;
    size_t size;
    int fd; /* -1: the check is not present */
    struct bounded_buffer *shared;
    sem_t *empty, *full, *mutex;
};

static struct store store_draw(struct check *check, unsigned capacity)
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

static struct program *producer_start(struct check *check, const struct store *store, const char *items, const char *id)
{
    return START(check, "producer", "--prefix", store->prefix, "--items", items, "--id", id, "--capacity",
                 check_text(check, "%u", store->capacity), "--timeout", "3600");
}

static struct program *consumer_start(struct check *check, const struct store *store, const char *program,
                                      const char *items)
{
    return START(check, program, "--prefix", store->prefix, "--items", items, "--timeout", "3600");
}

/* Be present, so that nobody else is the last one out. */
static void store_hold(struct check *check, struct store *store)
{
    store->fd = shm_open(store->shm_name, O_RDWR, 0);
    if (store->fd == -1 || presence_claim(store->fd, BUFFER_PRESENCE, PRESENCE_SHARED) == -1)
        check_broken(check, "cannot be present at %s", store->shm_name);
    check_note(check, "the check is present at %s, so that it stays", store->shm_name);
}

static void store_leave(struct store *store)
{
    close(store->fd);
    store->fd = -1;
}

/* Open what a program has made. */
static void store_open(struct check *check, struct store *store)
{
    const char *const names[] = {store->empty_name, store->full_name, store->mutex_name};
    sem_t **const semaphores[] = {&store->empty, &store->full, &store->mutex};

    store->shared = posix_map(check, store->shm_name, store->size);
    for (size_t i = 0; i < 3; i++) {
        *semaphores[i] = semaphore_open(check, names[i]);
        REQUIRE(check, *semaphores[i] != NULL, .expected = check_text(check, "a semaphore %s", names[i]),
                .found = "none");
    }
}

/* A buffer of the check's own. */
static struct store store_make(struct check *check, unsigned capacity)
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

static int value_of(sem_t *semaphore)
{
    int value = -1;

    sem_getvalue(semaphore, &value);
    return value;
}

static void values_require(struct check *check, const struct store *store, int empty, int full, int mutex,
                           const char *when)
{
    int found[] = {value_of(store->empty), value_of(store->full), value_of(store->mutex)};

    REQUIRE(check, found[0] == empty && found[1] == full && found[2] == mutex,
            .expected = check_text(check, "EMPTY %d, FULL %d, MUTEX %d %s", empty, full, mutex, when),
            .found = check_text(check, "EMPTY %d, FULL %d, MUTEX %d", found[0], found[1], found[2]));
}

static struct buffer_message message_make(int producer, int sequence)
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

static void message_require(struct check *check, const struct buffer_message *found, int producer, int sequence,
                            const char *where)
{
    struct buffer_message wanted = message_make(producer, sequence);

    REQUIRE(check, memcmp(&wanted, found, sizeof wanted) == 0,
            .expected = check_text(check, "%s: %s, zero behind it", where, message_text(check, &wanted)),
            .found = memcmp(wanted.text, found->text, strlen(wanted.text) + 1) == 0 &&
                             wanted.producer == found->producer && wanted.sequence == found->sequence
                         ? "the bytes behind the NUL are not zero"
                         : message_text(check, found));
}

static void semaphore_take(struct check *check, sem_t *semaphore, struct program *other, const char *what)
{
    AWAIT(check, sem_trywait(semaphore) == 0, what)
    {
        if (!program_runs(other))
            FAIL(check, .expected = what,
                 .found = check_text(check, "%s ended; it printed:\n%s", other->short_name, program_output(other)));
    }
}

/* Take the oldest message, by the protocol. */
static struct buffer_message store_take(struct check *check, const struct store *store, struct program *producer)
{
    struct bounded_buffer *shared = store->shared;

    semaphore_take(check, store->full, producer, "the producer posts FULL");
    semaphore_take(check, store->mutex, producer, "the producer gives MUTEX back");
    struct buffer_message message = shared->slots[shared->head % store->capacity];
    shared->head = (shared->head + 1) % store->capacity;
    shared->count--;
    sem_post(store->mutex);
    sem_post(store->empty);
    return message;
}

/* Put a message, by the protocol. */
static void store_put(struct check *check, const struct store *store, struct program *consumer,
                      const struct buffer_message *message)
{
    struct bounded_buffer *shared = store->shared;

    semaphore_take(check, store->empty, consumer, "the consumer posts EMPTY");
    semaphore_take(check, store->mutex, consumer, "the consumer gives MUTEX back");
    shared->slots[shared->tail % store->capacity] = *message;
    shared->tail = (shared->tail + 1) % store->capacity;
    shared->count++;
    sem_post(store->mutex);
    sem_post(store->full);
}

static void header_require(struct check *check, const struct store *store, unsigned head, unsigned tail, unsigned count,
                           const char *when)
{
    const struct bounded_buffer *shared = store->shared;

    REQUIRE(check, shared->head == head && shared->tail == tail && shared->count == count,
            .expected = check_text(check, "head %u, tail %u, count %u %s", head, tail, count, when),
            .found = check_text(check, "head %u, tail %u, count %u", shared->head, shared->tail, shared->count));
}

static void store_gone(struct check *check, const struct store *store, const char *when)
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

/* ---- The producer's side: buffer_create, buffer_put ---- */

static void mode_require(struct check *check, const char *name)
{
    struct stat info;
    const char *path = check_text(check, "/dev/shm/sem.%s", name + 1); /* sem_overview(7) */

    REQUIRE(check, stat(path, &info) == 0 && (info.st_mode & 0777) == 0660,
            .expected = check_text(check, "%s has mode 0660, as --mode said", name),
            .found = check_text(check, "mode %04o", info.st_mode & 0777),
            .cause = "sem_open takes the umask's bits away from the mode", .next = "umask(0) around sem_open");
}

static void objects(struct check *check)
{
    struct store store = store_draw(check, 5);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "sem_t *semaphore_create("),
           .next = "EMPTY begins with the capacity, FULL with 0, MUTEX with 1; a put takes one from EMPTY and gives "
                   "one to FULL");
    umask(022); /* of the program, too */
    struct program *producer = START(check, "producer", "--prefix", store.prefix, "--items", "3", "--capacity", "5",
                                     "--mode", "0660", "--timeout", "3600");
    program_expect(producer, "put item 3 of producer 1");
    store_open(check, &store);
    values_require(check, &store, 2, 3, 1, "after three puts into five slots");
    header_require(check, &store, 0, 3, 3, "after three puts");
    for (int i = 0; i < 3; i++)
        message_require(check, &store.shared->slots[i], 1, i + 1, check_text(check, "slot %d", i));
    mode_require(check, store.empty_name);
    mode_require(check, store.full_name);
    mode_require(check, store.mutex_name);
    for (int i = 0; i < 3; i++)
        store_take(check, &store, producer);
    program_ends(producer, 0);
}

static void put(struct check *check)
{
    struct store store = store_draw(check, 3);
    struct program *producer = producer_start(check, &store, "7", "12");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("), .next = order_text);
    program_expect(producer, "put item 1");
    store_open(check, &store);
    for (int number = 1; number <= 7; number++) {
        struct buffer_message message = store_take(check, &store, producer);
        message_require(check, &message, 12, number, check_text(check, "message %d", number));
    }
    program_ends(producer, 0);
    header_require(check, &store, 7 % 3, 7 % 3, 0, "when seven messages went through three slots");
    values_require(check, &store, 3, 0, 1, "when all is taken");
}

static void full(struct check *check)
{
    struct store store = store_draw(check, 2);
    struct program *producer = producer_start(check, &store, "5", "1");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "the producer does not wait for EMPTY, or waits for it while it holds MUTEX: then no consumer can "
                    "ever make room",
           .next = order_text);
    program_expect(producer, "put item 2");
    store_open(check, &store);
    for (int number = 3; number <= 5; number++) {
        unsigned oldest = ((unsigned)number - 3) % 2;
        AWAIT(check, value_of(store.full) == 2 || !program_runs(producer), "the producer fills the buffer");
        watch_waits(producer, "while the buffer is full");
        values_require(check, &store, 0, 2, 1, "while the producer waits for room");
        header_require(check, &store, oldest, oldest, 2, "while the producer waits for room");
        message_require(check, &store.shared->slots[oldest], 1, number - 2, "the oldest message, not taken yet");
        store_take(check, &store, producer);
    }
    store_take(check, &store, producer);
    store_take(check, &store, producer);
    program_ends(producer, 0);
}

/* Nothing in the buffer changes as long as the check holds MUTEX. */
static void mutex(struct check *check)
{
    struct store store = store_draw(check, 2);
    struct program *producer = producer_start(check, &store, "3", "1");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "two producers that are in there at once take the same slot, and one message is lost",
           .next = order_text);
    program_expect(producer, "put item 2");
    store_open(check, &store);
    watch_waits(producer, "while the buffer is full");
    const struct buffer_message first = store.shared->slots[0];
    semaphore_take(check, store.mutex, producer, "the producer gives MUTEX back");
    check_note(check, "the check holds MUTEX and makes room");
    sem_wait(store.full);
    store.shared->head = 1;
    store.shared->count = 1;
    sem_post(store.empty);
    AWAIT(check, value_of(store.empty) == 0 || !program_runs(producer), "the producer takes the free slot from EMPTY");
    watch_waits(producer, "while somebody else holds MUTEX");
    header_require(check, &store, 1, 0, 1, "while the check holds MUTEX");
    REQUIRE(check, memcmp(&first, &store.shared->slots[0], sizeof first) == 0,
            .expected = "the slot is not touched while the check holds MUTEX", .found = "it has changed");
    sem_post(store.mutex);
    for (int number = 2; number <= 3; number++)
        store_take(check, &store, producer);
    program_ends(producer, 0);

    store = store_make(check, 2);
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("),
           .cause = "two consumers that are in there at once take the same message",
           .next = "wait FULL, wait MUTEX, copy slots[head], advance head, count--, post MUTEX, post EMPTY");
    struct program *consumer = consumer_start(check, &store, "consumer", "2");
    struct buffer_message message = message_make(3, 4);
    store_put(check, &store, consumer, &message);
    program_expect(consumer, "got item 4 of producer 3");
    watch_waits(consumer, "while the buffer is empty");
    sem_wait(store.mutex);
    check_note(check, "the check holds MUTEX, and a message is there");
    store.shared->slots[1] = message_make(5, 6);
    store.shared->tail = 0;
    store.shared->count = 1;
    sem_wait(store.empty);
    sem_post(store.full);
    AWAIT(check, value_of(store.full) == 0 || !program_runs(consumer), "the consumer takes the message from FULL");
    watch_waits(consumer, "while somebody else holds MUTEX");
    header_require(check, &store, 1, 0, 1, "while the check holds MUTEX");
    sem_post(store.mutex);
    program_expect(consumer, "got item 6 of producer 5");
    program_ends(consumer, 0);
}

/* What nobody may change without MUTEX. */
static bool guarded_same(const struct store *store, const void *before)
{
    return memcmp(before, store->shared, store->size) == 0;
}

static const char *guarded_difference(struct check *check, const struct store *store, const void *before)
{
    const struct bounded_buffer *old = before;

    if (old->count != store->shared->count)
        return check_text(check, "count went from %u to %u", old->count, store->shared->count);
    if (old->tail != store->shared->tail)
        return check_text(check, "tail went from %u to %u", old->tail, store->shared->tail);
    if (old->head != store->shared->head)
        return check_text(check, "head went from %u to %u", old->head, store->shared->head);
    return "a slot was written";
}

/* One more instruction; whatever it changed, it must have changed with MUTEX taken. */
static void guarded_step(struct check *check, const struct store *store, struct program *program, void *before)
{
    int mutex_before = value_of(store->mutex);
    enum step_result result = watch_step(program);

    if (result == STEP_ENDED)
        FAIL(check, .expected = check_text(check, "%s goes on", program->short_name), .found = "it ended");
    if (result == STEP_BLOCKED)
        FAIL(check, .expected = check_text(check, "%s comes through: nobody else holds anything", program->short_name),
             .found = "it waits for ever");
    if (guarded_same(store, before))
        return;
    REQUIRE(check, mutex_before == 0, .expected = "head, tail, count and slots change only while MUTEX is taken",
            .found = check_text(check, "%s while MUTEX was free", guarded_difference(check, store, before)),
            .cause = "a line in front of the wait for MUTEX, or behind its post, that touches the buffer: what two "
                     "processes count at once is counted once");
    memcpy(before, store->shared, store->size);
}

static void put_order(struct check *check)
{
    struct store store = store_draw(check, 1);
    struct program *producer = producer_start(check, &store, "2", "1");
    void *before = check_memory(check, store.size);
    bool over = false;

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("), .next = order_text);
    program_expect(producer, "put item 1");
    store_open(check, &store);
    watch_waits(producer, "while the buffer is full");
    watch_seize(producer);
    store_take(check, &store, producer);
    memcpy(before, store.shared, store.size);
    for (long steps = 0; !program_said(producer, "put item 2"); steps++) {
        for (int i = 0; i < DRAIN_STEPS; i++) {
            guarded_step(check, &store, producer, before);
            if (over || value_of(store.full) == 0 || value_of(store.mutex) == 0)
                continue;
            over = true; /* a consumer that waits for FULL and then for MUTEX would be in now */
            message_require(check, &store.shared->slots[0], 1, 2,
                            "the slot, at the very instruction that lets consumers in");
            header_require(check, &store, 0, 0, 1, "at the very instruction that lets consumers in");
        }
        if (steps > STEPS_MAX / DRAIN_STEPS)
            FAIL(check, .expected = "the producer puts its second item",
                 .found = "it did not, in two million instructions");
    }
    watch_release(producer);
    store_take(check, &store, producer);
    program_ends(producer, 0);
}

/* ---- The consumer's side: buffer_get ---- */

static struct buffer_message message_draw(struct check *check, int sequence)
{
    struct buffer_message message = {.producer = 7, .sequence = sequence};
    const char *word = check_text(check, "%08lx", random());

    check_varies(check, "word", word);
    snprintf(message.text, sizeof message.text, "parcel %d, %s", sequence, word);
    return message;
}

static void get_with(struct check *check, const char *program, int items)
{
    struct store store = store_make(check, 3);
    struct program *consumer = consumer_start(check, &store, program, check_text(check, "%d", items));

    srandom((unsigned)getpid());
    for (int number = 1; number <= items; number++) {
        struct buffer_message message = message_draw(check, number);
        store_put(check, &store, consumer, &message);
        program_expect(consumer, check_text(check, "got %s\n", message.text));
    }
    program_ends(consumer, 0);
    header_require(check, &store, (unsigned)items % 3, (unsigned)items % 3, 0, "when all is taken");
    values_require(check, &store, 3, 0, 1, "when all is taken");
}

static void get(struct check *check)
{
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("),
           .next = "wait FULL, wait MUTEX, copy slots[head], advance head, count--, post MUTEX, post EMPTY");
    get_with(check, "consumer", 7);
}

static void empty_with(struct check *check, const char *program)
{
    struct store store = store_make(check, 2);
    struct program *consumer = consumer_start(check, &store, program, "3");

    for (int number = 1; number <= 3; number++) {
        struct buffer_message message = message_make(4, number);
        watch_waits(consumer, "while the buffer is empty");
        values_require(check, &store, 2, 0, 1, "while the consumer waits for a message");
        header_require(check, &store, (unsigned)(number - 1) % 2, (unsigned)(number - 1) % 2, 0,
                       "while the consumer waits for a message");
        store_put(check, &store, consumer, &message);
        program_expect(consumer, check_text(check, "got %s\n", message.text));
    }
    program_ends(consumer, 0);
}

static void empty(struct check *check)
{
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("),
           .cause = "the consumer does not wait for FULL, or waits for it while it holds MUTEX: then no producer can "
                    "ever put anything",
           .next = "wait FULL, wait MUTEX, copy slots[head], advance head, count--, post MUTEX, post EMPTY");
    empty_with(check, "consumer");
}

static void get_order(struct check *check)
{
    struct store store = store_make(check, 1);
    struct program *consumer = consumer_start(check, &store, "consumer", "2");
    struct buffer_message first = message_draw(check, 1), second = message_draw(check, 2);
    void *before = check_memory(check, store.size);
    bool over = false;

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("),
           .next = "wait FULL, wait MUTEX, copy slots[head], advance head, count--, post MUTEX, post EMPTY");
    store_put(check, &store, consumer, &first);
    program_expect(consumer, check_text(check, "got %s\n", first.text));
    watch_waits(consumer, "while the buffer is empty");
    watch_seize(consumer);
    store_put(check, &store, consumer, &second);
    memcpy(before, store.shared, store.size);
    const char *line = check_text(check, "got %s\n", second.text);
    for (long steps = 0; !program_said(consumer, line); steps++) {
        for (int i = 0; i < DRAIN_STEPS && program_runs(consumer); i++) {
            int value = value_of(store.mutex);
            guarded_step(check, &store, consumer, before);
            bool left = value == 0 && value_of(store.mutex) == 1; /* this instruction has given MUTEX back */
            if (over || (!left && value_of(store.empty) == 0))
                continue;
            over = true;
            header_require(check, &store, 0, 0, 0, "when the consumer lets others in");
            check_note(check, "others may write now: the check overwrites the slot at once");
            memset(&store.shared->slots[0], '#', sizeof store.shared->slots[0]);
            memcpy(before, store.shared, store.size);
        }
        if (program_said(consumer, "####"))
            FAIL(check, .expected = check_text(check, "\"%s\"", second.text),
                 .found = "what was written into the slot after the consumer had let others in",
                 .cause = "the message is copied behind the post of MUTEX or EMPTY");
        if (steps > STEPS_MAX / DRAIN_STEPS)
            FAIL(check, .expected = "the consumer gets the second message",
                 .found = check_text(check, "it did not; it printed:\n%s", program_output(consumer)));
    }
    watch_release(consumer);
    program_ends(consumer, 0);
}

/* ---- Several of each ---- */

/* Every item of every producer once, and in each consumer's output a producer's items in their order. */
static void items_require(struct check *check, struct program *const consumers[], int count)
{
    unsigned char seen[CROWD + 1][CROWD_ITEMS + 1] = {{0}};

    for (int c = 0; c < count; c++) {
        int last[CROWD + 1] = {0};
        const char *at = program_output(consumers[c]);
        while ((at = strstr(at, "got ")) != NULL) {
            int item = 0, producer = 0;
            int fields = sscanf(at, "got item %d of producer %d", &item, &producer);
            REQUIRE(check, fields == 2 && producer >= 1 && producer <= CROWD && item >= 1 && item <= CROWD_ITEMS,
                    .expected = "items that a producer has put", .found = "something else");
            REQUIRE(check, seen[producer][item]++ == 0, .expected = "every item once", .found = "an item came twice",
                    .cause = "two consumers took the same slot: head moved without MUTEX");
            REQUIRE(check, item > last[producer], .expected = "each producer's items in their order",
                    .found = "an earlier item behind a later one");
            last[producer] = item;
            at++;
        }
    }
    for (int producer = 1; producer <= CROWD; producer++)
        for (int item = 1; item <= CROWD_ITEMS; item++)
            REQUIRE(check, seen[producer][item] == 1, .expected = "every item once", .found = "an item is missing",
                    .cause = "two producers took the same slot: tail moved without MUTEX");
}

static void crowd(struct check *check, const struct store *store, const char *second_consumer)
{
    const char *items = check_text(check, "%d", CROWD_ITEMS);
    struct program *consumers[CROWD], *producers[CROWD];

    consumers[0] = consumer_start(check, store, "consumer", items);
    producers[0] = producer_start(check, store, items, "1");
    producers[1] = producer_start(check, store, items, "2");
    consumers[1] = consumer_start(check, store, second_consumer, items);
    for (int i = 0; i < CROWD; i++) {
        AWAIT(check, !program_runs(consumers[i]), "the consumers have all items"); /* all outputs flow */
        program_ends(consumers[i], 0);
    }
    for (int i = 0; i < CROWD; i++)
        program_ends(producers[i], 0);
    items_require(check, consumers, CROWD);
}

static void nothing_lost(struct check *check)
{
    struct store store = store_draw(check, 3);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("));
    crowd(check, &store, "consumer");
    store_gone(check, &store, "when all four have ended");
}

static void python_beside(struct check *check)
{
    struct store store = store_draw(check, 3);

    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def take("));
    crowd(check, &store, "consumer.py");
    store_gone(check, &store, "when all four have ended");
}

static void values(struct check *check)
{
    struct store store = store_make(check, 3);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "on some path a semaphore is waited for and not posted, or posted and not waited for");
    crowd(check, &store, "consumer");
    values_require(check, &store, 3, 0, 1, "when two producers and two consumers have done their work");
    REQUIRE(check, store.shared->count == 0 && store.shared->head == store.shared->tail,
            .expected = "count 0, and head equals tail",
            .found = check_text(check, "count %u, head %u, tail %u", store.shared->count, store.shared->head,
                                store.shared->tail));
}

/* ---- When things go wrong ---- */

static void gives_back_with(struct check *check, const char *program)
{
    struct store store = store_make(check, 2);
    struct program *consumer = consumer_start(check, &store, program, "1");

    watch_waits(consumer, "while the buffer is empty");
    sem_wait(store.mutex);
    sem_wait(store.empty);
    store.shared->slots[0] = message_make(1, 1);
    store.shared->tail = 1;
    store.shared->count = 1;
    sem_post(store.full);
    AWAIT(check, value_of(store.full) == 0 || !program_runs(consumer), "the consumer takes the message from FULL");
    watch_waits(consumer, "while somebody else holds MUTEX");
    program_signal(consumer, SIGINT);
    program_ends(consumer, 1);
    values_require(check, &store, 1, 1, 0, "when the consumer was stopped while it waited for MUTEX");
    header_require(check, &store, 0, 1, 1, "when the consumer was stopped while it waited for MUTEX");
}

static void gives_back(struct check *check)
{
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("),
           .cause = "the message was taken from FULL, and not from the buffer: FULL counts one too few for ever",
           .next = "if MUTEX does not come: sem_post(buffer->full), then return what the wait said");
    gives_back_with(check, "consumer");

    struct store store = store_make(check, 2);
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "a slot was taken from EMPTY, and not used: EMPTY counts one too few for ever",
           .next = "if MUTEX does not come: sem_post(buffer->empty), then return what the wait said");
    sem_wait(store.mutex);
    struct program *producer = producer_start(check, &store, "1", "1");
    AWAIT(check, value_of(store.empty) == 1 || !program_runs(producer), "the producer takes a slot from EMPTY");
    watch_waits(producer, "while somebody else holds MUTEX");
    program_signal(producer, SIGINT);
    program_ends(producer, 1);
    values_require(check, &store, 2, 0, 0, "when the producer was stopped while it waited for MUTEX");
}

static void killed(struct check *check)
{
    struct store store = store_draw(check, 2);
    struct program *victim = producer_start(check, &store, "9", "1");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "a process that waits must hold nothing that others need",
           .next = "wait for EMPTY (or FULL) first, and for MUTEX then");
    program_expect(victim, "put item 2");
    store_open(check, &store);
    store_hold(check, &store);
    watch_waits(victim, "while the buffer is full");
    program_signal(victim, SIGKILL);
    program_wait(victim);
    values_require(check, &store, 0, 2, 1, "when a producer was killed that waited for room");

    struct program *consumer = consumer_start(check, &store, "consumer", "5");
    program_expect(consumer, "got item 2 of producer 1");
    watch_waits(consumer, "while the buffer is empty");
    program_signal(consumer, SIGKILL);
    program_wait(consumer);
    values_require(check, &store, 2, 0, 1, "when a consumer was killed that waited for a message");

    struct program *producer = producer_start(check, &store, "4", "2");
    consumer = consumer_start(check, &store, "consumer", "4");
    program_expect(consumer, "got item 4 of producer 2");
    program_ends(consumer, 0);
    program_ends(producer, 0);
    store_leave(&store);
}

static void signals(struct check *check)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "semaphore_wait(sem_t"),
           .cause = "a wait that is interrupted (EINTR) is taken for success, or begun again for ever",
           .next = "after EINTR, and before every slice, ask stop_signal()");
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct store store = store_draw(check, 1);
        struct program *producer = producer_start(check, &store, "3", "1");

        program_expect(producer, "put item 1");
        store_open(check, &store);
        watch_waits(producer, "while the buffer is full");
        program_signal(producer, numbers[i]);
        program_ends(producer, 1);
        REQUIRE(check, !program_said(producer, "put item 2"), .expected = "no item is put into a full buffer",
                .found = program_output(producer));
        store_gone(check, &store, check_text(check, "after SIG%s to the only process", sigabbrev_np(numbers[i])));
    }
    struct store store = store_draw(check, 1);
    struct program *producer =
        START(check, "producer", "--prefix", store.prefix, "--items", "3", "--capacity", "1", "--timeout", "0");
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "semaphore_wait(sem_t"),
           .cause = "a wait without a limit: nobody will ever come", .next = "count down seconds by every slice");
    program_ends(producer, 1);
}

/* It ends with status 1. What it printed, which nobody has counted, stays out of the finding. */
static void end_require(struct check *check, struct program *program)
{
    int status = program_wait(program);

    REQUIRE(check, status == 1, .expected = check_text(check, "%s ends with exit status 1", program->short_name),
            .found = status_text(check, status));
}

static void last_out(struct check *check)
{
    struct store store = store_draw(check, 2);
    struct program *producer = producer_start(check, &store, endless, "1");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "unsigned buffer_close("),
           .cause = "whoever leaves removes the names, though others still use the objects: those who come later get "
                    "other ones",
           .next = "give up the presence, then try to claim it alone: only then you are the last");
    program_expect(producer, "put item 1");
    store_open(check, &store);
    struct program *consumer = consumer_start(check, &store, "consumer", "3");
    program_ends(consumer, 0);
    REQUIRE(check, posix_look(check, store.shm_name).exists && semaphore_exists(check, store.mutex_name),
            .expected = "the objects stay when the consumer leaves: the producer uses them", .found = "they are gone");
    consumer = consumer_start(check, &store, "consumer", endless);
    program_expect(consumer, "got item");
    program_signal(producer, SIGTERM);
    end_require(check, producer);
    REQUIRE(check, posix_look(check, store.shm_name).exists && semaphore_exists(check, store.mutex_name),
            .expected = "the objects stay when the producer leaves: a consumer uses them", .found = "they are gone");
    program_signal(consumer, SIGTERM);
    end_require(check, consumer);
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "unsigned buffer_close("),
           .cause = "nobody removes the objects: they live until the next boot",
           .next = "presence_claim(..., PRESENCE_EXCLUSIVE) succeeds for the last one out: objects_unlink");
    store_gone(check, &store, "when the last process has left");
}

static void stale_objects(struct check *check)
{
    struct store store = store_make(check, 2);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "sem_t *semaphore_create("),
           .cause = "sem_open without O_EXCL opens what is there, and ignores the value that it is given: sem_open(3)",
           .next = "sem_unlink first, then sem_open with O_CREAT | O_EXCL");
    sem_wait(store.mutex); /* as if its holder had been killed */
    sem_wait(store.empty);
    for (int i = 0; i < 3; i++)
        sem_post(store.full);
    check_note(check, "nobody is present any more: EMPTY 1, FULL 3, MUTEX 0 are left behind");
    store_leave(&store);
    struct program *producer = producer_start(check, &store, "2", "1");
    program_expect(producer, "put item 2");
    store_open(check, &store);
    values_require(check, &store, 0, 2, 1, "after two puts into a buffer made anew");
    for (int i = 0; i < 2; i++)
        store_take(check, &store, producer);
    program_ends(producer, 0);
}

static void errors(struct check *check)
{
    static const char *const faults[] = {"sem_open:1:EACCES", "sem_open:2:ENOSPC", "sem_open:3:EMFILE",
                                         "mmap:1:ENOMEM"};

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "sem_t *semaphore_create("),
           .next = "error_report_errno(NULL, \"sem_open(%s)\", name), and SEM_FAILED to the caller");
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct store store = store_draw(check, 2);
        check_inject(check, faults[i]);
        struct program *producer = producer_start(check, &store, "1", "1");
        check_inject(check, NULL);
        program_ends(producer, 1);
        const char *symbol = strrchr(faults[i], ':') + 1;
        REQUIRE(check, program_said(producer, symbol), .expected = check_text(check, "a message that names %s", symbol),
                .found = check_text(check, "it printed:\n%s", program_output(producer)));
        store_gone(check, &store, "after a start that failed");
    }
}

/* ---- Python ---- */

static void python_get(struct check *check)
{
    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def _take_slot("),
           .next = "compare with buffer_get: the protocol is the same, and so are the bytes");
    get_with(check, "consumer.py", 7);
}

static void python_waits(struct check *check)
{
    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def take("),
           .cause = "FULL first, then MUTEX; whoever does not come to MUTEX posts FULL again");
    empty_with(check, "consumer.py");
    gives_back_with(check, "consumer.py");

    struct store store = store_draw(check, 2);
    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def close("));
    struct program *producer = producer_start(check, &store, "2", "1");
    program_expect(producer, "put item 2");
    struct program *consumer = consumer_start(check, &store, "consumer.py", "3");
    program_expect(consumer, "got item 2");
    program_ends(producer, 0);
    program_signal(consumer, SIGINT);
    program_ends(consumer, 1);
    store_gone(check, &store, "when a Python consumer was the last one out");
}

static void sanitizers(struct check *check)
{
    check_sanitize(check);
    struct store store = store_draw(check, 2);
    struct program *producer = producer_start(check, &store, "5", "1");
    struct program *consumer = consumer_start(check, &store, "consumer", "5");

    program_wait(consumer);
    program_wait(producer);
    program_sanitized(producer);
    program_sanitized(consumer);
    program_ends(consumer, 0);
    program_ends(producer, 0);
}

/* ---- Every interleaving ---- */

/* Of three processes one may come when the others have gone: that it finds nobody is no mistake. One unforced
 * switch is enough to meet another one inside, and keeps the schedules few. */
#define CROWD_OPTIONS                                                           \
    {                                                                           \
        "--struct", "bounded_buffer", "--bound", "1", "--ignore", "exit-status" \
    }

static void race(struct check *check)
{
    CHECK_WEAVE(check, .title = "a producer and a consumer",
                .programs = {{"producer", "--items", "2", "--capacity", "1"}, {"consumer", "--items", "2"}},
                .options = {"--struct", "bounded_buffer"});
    CHECK_WEAVE(check, .title = "two producers and a consumer",
                .programs = {{"producer", "--items", "1", "--id", "1", "--capacity", "1"},
                             {"producer", "--items", "1", "--id", "2", "--capacity", "1"},
                             {"consumer", "--items", "2"}},
                .options = CROWD_OPTIONS);
    CHECK_WEAVE(check, .title = "a producer and two consumers",
                .programs = {{"producer", "--items", "2", "--capacity", "2"},
                             {"consumer", "--items", "1"},
                             {"consumer", "--items", "1"}},
                .options = CROWD_OPTIONS);
}

/* ---- The table ---- */

static const struct check_case cases[] = {
    CASE_BUILDS("Producer and consumer compile"),
    {.name = "objects",
     .points = 7,
     .title = "The producer makes the three semaphores with the right values and modes, and puts three items",
     .concept = "what a semaphore counts",
     .hints = {"A semaphore is a number that a wait takes one from, and a post gives one to. What does each of the "
               "three count?",
               "buffer.c: semaphore_create, buffer_initialise, semaphore_wait, buffer_put.",
               "sem_unlink(name); sem_open(name, O_CREAT | O_EXCL, mode, value); EMPTY capacity, FULL 0, MUTEX 1."},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = objects},
    {.name = "full",
     .points = 8,
     .title = "A full buffer makes the producer wait, and it holds nothing meanwhile",
     .concept = "waiting with empty hands",
     .hints = {"Who waits for room and keeps everybody else from making room waits for ever.",
               "buffer.c, buffer_put: first EMPTY, then MUTEX. Never the other way round.",
               "end = semaphore_wait(buffer->empty, seconds); ... end = buffer_lock(buffer, seconds);"},
     .needs = {"objects"},
     .limit = LIMIT_QUICK,
     .run = full},
    {.name = "put_order",
     .points = 6,
     .title = "Instruction by instruction: the producer changes the buffer only inside MUTEX, and posts FULL last",
     .concept = "the post publishes",
     .hints = {"Who is woken by FULL looks at once. What must be complete by then?",
               "buffer.c, buffer_put: is count++ inside? Is the slot filled before FULL is posted?", order_text},
     .needs = {"full"},
     .limit = LIMIT_QUICK,
     .run = put_order},
    {.name = "put",
     .points = 7,
     .title = "Seven items go through three slots, in order and to the byte",
     .concept = "a ring: the index wraps around",
     .hints = {"slots[] has a capacity that the header names; behind the last slot comes the first.",
               "buffer.c, buffer_put: which slot, which index, which count?",
               "shared->slots[tail] = *message; shared->tail = (tail + 1) % shared->capacity; shared->count++;"},
     .needs = {"put_order"},
     .limit = LIMIT_QUICK,
     .run = put},
    {.name = "empty",
     .points = 6,
     .title = "An empty buffer makes the consumer wait, and it holds nothing meanwhile",
     .concept = "waiting with empty hands",
     .hints = {"Who waits for a message and keeps everybody else from putting one waits for ever.",
               "buffer.c, buffer_get: first FULL, then MUTEX.",
               "end = semaphore_wait(buffer->full, seconds); ... then MUTEX."},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = empty},
    {.name = "get_order",
     .points = 5,
     .title = "Instruction by instruction: the consumer's copy is complete before it lets others in",
     .concept = "the post gives the slot away",
     .hints = {"When MUTEX is free and EMPTY posted, the slot is the next producer's.",
               "buffer.c, buffer_get: does anything read the slot behind a post?",
               "*message = shared->slots[head] between the wait for MUTEX and its post."},
     .needs = {"empty"},
     .limit = LIMIT_QUICK,
     .run = get_order},
    {.name = "get",
     .points = 7,
     .title = "The consumer takes seven messages through three slots, in order",
     .concept = "the other half of the protocol",
     .hints = {"A consumer is a producer of free slots.",
               "buffer.c, buffer_get: FULL and EMPTY change their roles, head takes tail's.",
               "*message = shared->slots[head]; shared->head = (head + 1) % shared->capacity; shared->count--;"},
     .needs = {"get_order"},
     .limit = LIMIT_QUICK,
     .run = get},
    {.name = "mutex",
     .points = 5,
     .title = "Nobody touches the buffer while somebody else holds MUTEX",
     .concept = "mutual exclusion",
     .hints = {"EMPTY and FULL count; they let several in at once. MUTEX lets in one.",
               "buffer.c: everything that reads or writes head, tail, count or a slot stands between the wait for "
               "MUTEX and its post.",
               "end = semaphore_wait(buffer->mutex, seconds); ... sem_post(buffer->mutex);"},
     .needs = {"full", "empty"},
     .limit = LIMIT_QUICK,
     .run = mutex},
    {.name = "gives_back",
     .points = 5,
     .title = "Who is stopped while waiting for MUTEX gives back what it took from EMPTY or FULL",
     .concept = "undoing half a step",
     .hints = {"Between the two waits you own a slot that you have not used.",
               "buffer.c, buffer_put and buffer_get: what happens when the second wait does not succeed?",
               "if (end != BUFFER_DONE) { sem_post(buffer->empty); return end; }"},
     .needs = {"mutex"},
     .limit = LIMIT_QUICK,
     .run = gives_back},
    {.name = "race",
     .points = 10,
     .title = "Under no interleaving do two processes touch the buffer at once, or wait for ever",
     .concept = "mutual exclusion under every order of steps",
     .hints = {"A wait and a post order what stands around them: everything before the post comes before everything "
               "behind the wait that it lets through.",
               "buffer.c: which line reads or writes head, tail, count or a slot outside of MUTEX? make replay4 "
               "shows the steps.",
               "Everything that names shared-> stands between buffer_lock and sem_post(buffer->mutex)."},
     .needs = {"full", "empty"},
     .limit = LIMIT_EXPLORE,
     .run = race},
    {.name = "last_out",
     .points = 5,
     .title = "The last one out removes the four objects, and nobody before",
     .concept = "lifetime of POSIX objects among many users",
     .hints = {"A name can be removed while others use the object. Those who come later then get another object.",
               "buffer.c, buffer_close; presence.h: who can claim the role alone is alone.",
               "presence_release(fd, BUFFER_PRESENCE); if (presence_claim(fd, BUFFER_PRESENCE, PRESENCE_EXCLUSIVE) == "
               "0 && presence_current(fd, name)) ..."},
     .needs = {"put", "get"},
     .limit = LIMIT_QUICK,
     .run = last_out},
    {.name = "killed",
     .points = 4,
     .title = "A process that is killed while it waits harms nobody",
     .concept = "SIGKILL at the wrong moment",
     .hints = {"A killed process posts nothing. What was in its hands is lost.",
               "buffer.c: what does a waiting process hold?",
               "Nothing, if it waits for EMPTY or FULL before it takes MUTEX."},
     .needs = {"full", "empty", "last_out"},
     .limit = LIMIT_QUICK,
     .run = killed},
    {.name = "nothing_lost",
     .points = 4,
     .title = "Two producers and two consumers lose nothing and double nothing",
     .concept = "correct for any number",
     .hints = {"What holds for one of each may fail for two: they may be in the same function at the same time.",
               "buffer.c: which lines must not be run by two at once?",
               "wait EMPTY, wait MUTEX, ..., post MUTEX, post FULL, on every path."},
     .needs = {"put", "get", "mutex", "last_out"},
     .limit = LIMIT_LONG,
     .run = nothing_lost},
    {.name = "values",
     .points = 4,
     .title = "After a run the semaphores have the values that they began with",
     .concept = "an invariant: EMPTY + FULL = capacity",
     .hints = {"Every wait has its post, on the other side. What is missing at the end is missing for ever.",
               "buffer.c: count waits and posts of each semaphore on every path through put and get.",
               "put: EMPTY -1, FULL +1. get: FULL -1, EMPTY +1. MUTEX: -1, +1."},
     .needs = {"nothing_lost"},
     .limit = LIMIT_LONG,
     .run = values},
    {.name = "signals",
     .points = 3,
     .title = "SIGINT, SIGTERM, SIGHUP and the time limit end a wait in order",
     .concept = "interrupted calls",
     .hints = {"A signal interrupts a wait: it returns -1 with EINTR, and nothing was taken.",
               "buffer.c, semaphore_wait: what do you do after EINTR, and after ETIMEDOUT?",
               "EINTR: look at stop_signal() again. ETIMEDOUT: seconds -= slice; if (seconds <= 0) return "
               "BUFFER_TIMEOUT;"},
     .needs = {"full", "empty", "last_out"},
     .limit = LIMIT_QUICK,
     .run = signals},
    {.name = "stale_objects",
     .points = 3,
     .title = "Semaphores that a killed run left behind do not spoil the next one",
     .concept = "state that outlives its process",
     .hints = {"sem_open with O_CREAT does not set the value of a semaphore that exists.",
               "buffer.c, semaphore_create is called only when nobody else is there.",
               "sem_unlink(name), then sem_open(name, O_CREAT | O_EXCL, mode, value)"},
     .needs = {"put"},
     .limit = LIMIT_QUICK,
     .run = stale_objects},
    {.name = "errors",
     .points = 1,
     .title = "A call that fails is named, and nothing is left behind",
     .concept = "every call may fail",
     .hints = {"sem_open returns SEM_FAILED, which is not NULL.",
               "buffer.c, semaphore_create: say which semaphore, and which error.",
               "if (semaphore == SEM_FAILED) error_report_errno(NULL, \"sem_open(%s)\", name);"},
     .needs = {"objects"},
     .limit = LIMIT_QUICK,
     .run = errors},
    {.name = "python_get",
     .points = 4,
     .title = "The Python consumer takes seven messages through three slots",
     .concept = "one protocol, two languages",
     .hints = {"ctypes gives you the same struct and the same semaphores.",
               "consumer.py, take and _take_slot: compare with buffer_get, line by line.",
               "BufferMessage.from_buffer_copy(self._bytes, HEADER_SIZE + head * MESSAGE_SIZE); header.head = (head + "
               "1) % self.capacity; header.count -= 1; del header"},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = python_get},
    {.name = "python_waits",
     .points = 2,
     .title = "The Python consumer waits with empty hands, gives back, and cleans up when it is the last",
     .concept = "the same duties in every language",
     .hints = {"Whatever happens between taking and giving, somebody must give back.", "consumer.py, take and close.",
               "if not wait(self._mutex, timeout): self._full.post(); ... finally: self._mutex.post()"},
     .needs = {"python_get", "last_out"},
     .limit = LIMIT_QUICK,
     .run = python_waits},
    {.name = "python_beside",
     .points = 1,
     .title = "C and Python consumers share one buffer with two producers",
     .concept = "a protocol is bytes and order, not a language",
     .hints = {"Nobody in there knows in which language the others are written.",
               "If the C consumers lose nothing, compare consumer.py with buffer.c.",
               "Order of the posts, and MUTEX around everything."},
     .needs = {"python_waits", "nothing_lost"},
     .limit = LIMIT_LONG,
     .run = python_beside},
    {.name = "rw_readers",
     .points = 6,
     .challenge = true,
     .title = "Two readers are inside together, and a writer waits until both have left",
     .concept = "a lock that several may hold",
     .hints = {"Reading disturbs nobody who reads. Whom does it disturb?",
               "rwlock.c: all three semaphores begin with 0; sem_op 0 waits until a semaphore is 0.",
               "{.sem_num = RWLOCK_WRITER, .sem_op = 0}, {.sem_num = RWLOCK_READERS, .sem_op = 1, ...} in one call"},
     .needs = {"nothing_lost"},
     .programs = {"board"},
     .limit = LIMIT_QUICK,
     .run = rwlock_readers},
    {.name = "rw_writer",
     .points = 5,
     .challenge = true,
     .title = "A writer is inside alone",
     .concept = "several operations as one step",
     .hints = {"Between \"nobody is inside\" and \"now I am\" somebody else may come.",
               "rwlock.c, rwlock_write_begin: semop takes an array, and does all of it or waits.",
               "READERS 0, WRITER 0, WRITER +1, WAITING -1, as four operations of one call."},
     .needs = {"rw_readers"},
     .programs = {"board"},
     .limit = LIMIT_QUICK,
     .run = rwlock_writer},
    {.name = "rw_fair",
     .points = 5,
     .challenge = true,
     .title = "As long as a writer waits no further reader comes in, and a writer that gives up is in nobody's way",
     .concept = "starvation",
     .hints = {"If a reader may always join those who are inside, when is nobody inside?",
               "rwlock.c: who sets WAITING, and who looks at it?",
               "{.sem_num = RWLOCK_WAITING, .sem_op = 0} is the first of the reader's three operations."},
     .needs = {"rw_writer"},
     .programs = {"board"},
     .limit = LIMIT_QUICK,
     .run = rwlock_fair},
    {.name = "rw_killed",
     .points = 6,
     .challenge = true,
     .title = "Whoever is killed, inside or waiting, keeps nobody out",
     .concept = "SEM_UNDO",
     .hints = {"A killed process gives nothing back. The kernel may do it instead.",
               "rwlock.c: which operations change a semaphore?",
               ".sem_flg = SEM_UNDO in all of them, those that give back included: semop(2)"},
     .needs = {"rw_writer"},
     .programs = {"board"},
     .limit = LIMIT_QUICK,
     .run = rwlock_killed},
    {.name = "rw_race",
     .points = 8,
     .challenge = true,
     .title = "Under no interleaving does a writer meet anybody, and no moment is a bad one to be killed",
     .concept = "every order of steps, and every moment to die",
     .hints = {"What holds when you try it may not hold in every order.",
               "The steps in the verdict tell who was inside, and who came in. make replay4 shows them again.",
               "Whatever belongs together is one call of semop, with SEM_UNDO."},
     .needs = {"rw_writer"},
     .programs = {"board"},
     .limit = LIMIT_EXPLORE,
     .run = rwlock_race},
    CASE_WARNINGS(1, "put", "get"),
    {.name = "sanitizers",
     .points = 1,
     .title = "AddressSanitizer and UBSan find nothing",
     .concept = "memory errors that do not show",
     .hints = {"An index that is not taken modulo the capacity writes behind the mapping.",
               "The report in the transcript begins with what happened, then come the lines of your files.",
               "tail % shared->capacity, head % shared->capacity"},
     .needs = {"put", "get", "last_out"},
     .limit = LIMIT_BUILD,
     .run = sanitizers},
    {.name = "leaks",
     .points = 1,
     .title = "No program of yours has left an object behind",
     .concept = "lifetime of POSIX objects: until somebody unlinks them",
     .hints = {"The list names what was left: shared memory and semaphores live in /dev/shm.",
               "`ls /dev/shm` shows them; a semaphore NAME is sem.NAME there.",
               "buffer.c, buffer_close: the last one out calls objects_unlink."},
     .needs = {"put", "get"},
     .limit = LIMIT_QUICK,
     .last = true,
     .run = check_leaks},
};

const struct lab lab4_semaphores = {
    .name = "lab4_semaphores",
    .title = "semaphores and the bounded buffer",
    .files = {"buffer.c", "consumer.py", "rwlock.c"},
    .programs = {{"producer", {"producer.c", "buffer.c", "options.c"}, LINK_COMMON},
                 {"consumer", {"consumer.c", "buffer.c", "options.c"}, LINK_COMMON},
                 {"board", {"board.c", "rwlock.c"}, LINK_COMMON}},
    .challenges = {"board"},
    .cases = cases,
    .case_count = sizeof cases / sizeof cases[0],
};
