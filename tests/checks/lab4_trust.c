/*
 * Lab 4, the bounded buffer: a program that may write to the object may write any number there, at any moment. And the
 * four names may lead to another buffer by the time that somebody leaves.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab4_store.h"
#include "objects.h"
#include "peers.h"
#include "shmlab/presence.h"
#include "watch.h"

#define PEER "lab4_peer"

enum { SLOTS = 3 };

/* What somebody writes into the header. */
struct lie {
    const char *member;
    size_t at;
    uint32_t value;
};

#define LIE(member, value)                                        \
    {                                                             \
#member, offsetof(struct bounded_buffer, member), (value) \
    }

static const char *lie_text(struct check *check, const struct lie *lie)
{
    return check_text(check, "with %s %u in shared memory", lie->member, lie->value);
}

static void lie_tell(const struct store *store, const struct lie *lie)
{
    memcpy((char *)store->shared + lie->at, &lie->value, sizeof lie->value);
}

/* Nothing was written after the last slot: the rest of the page is zero, as the kernel gave it. */
static void outside_require(struct check *check, const struct store *store, const char *when)
{
    const unsigned char *bytes = (const unsigned char *)store->shared;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    for (size_t i = store->size; i < page; i++)
        REQUIRE(check, bytes[i] == 0,
                .expected = check_text(check, "%s nothing is written after the last slot, byte %zu", when, store->size),
                .found = check_text(check, "byte %zu was written", i));
}

/* The peer's answer to a step that met the lie; it must have come back, and given MUTEX back. */
static const char *lied_ask(struct program *peer, const struct store *store, const struct lie *lie, const char *command)
{
    struct check *check = peer->check;
    const char *when = lie_text(check, lie);

    peer_tell(peer, "%s", command);
    const char *answer = peer_heard(peer);
    bool over = peer->process.output == -1; /* its end has closed it */
    if (answer == NULL)
        FAIL(check, .expected = check_text(check, "%s buffer_%.3s comes back", when, command),
             .found = over ? check_text(check, "it ended: %s", status_text(check, program_wait(peer))) : "it does not");
    outside_require(check, store, when);
    REQUIRE(check, token_count(store->mutex) == 1, .expected = check_text(check, "%s MUTEX is given back", when),
            .found =
                check_text(check, "buffer_%.3s gives %s, and MUTEX is %d", command, answer, token_count(store->mutex)),
            .cause = "a return between the wait for MUTEX and its post");
    return answer;
}

static struct program *peer_start(struct check *check, const struct store *store)
{
    struct program *peer = START(check, PEER);

    peer_require(peer, "to join a buffer that is there gives",
                 peer_ask(peer, "create %s %u 0600", store->prefix, store->capacity), "0");
    return peer;
}

static void put_lied(struct check *check, const struct lie *lie)
{
    struct store store = store_make(check, SLOTS);
    struct program *peer = peer_start(check, &store);

    lie_tell(&store, lie);
    const char *answer = lied_ask(peer, &store, lie, "put 1 20");
    REQUIRE(check, strcmp(answer, "done") != 0 || store.shared->tail < SLOTS,
            .expected = check_text(check, "%s a put leaves tail at 0, 1 or 2", lie_text(check, lie)),
            .found = check_text(check, "tail %u", store.shared->tail));
    peer_ask(peer, "close");
    peer_finish(peer);
}

static void get_lied(struct check *check, const struct lie *lie)
{
    struct store store = store_make(check, SLOTS);
    struct program *peer = peer_start(check, &store);
    struct buffer_message message = store_message(1, 1);

    store_put(check, &store, peer, &message);
    lie_tell(&store, lie);
    const char *answer = lied_ask(peer, &store, lie, "get 20");
    REQUIRE(check, strncmp(answer, "done", 4) != 0 || store.shared->head < SLOTS,
            .expected = check_text(check, "%s a get leaves head at 0, 1 or 2", lie_text(check, lie)),
            .found = check_text(check, "head %u", store.shared->head));
    peer_ask(peer, "close");
    peer_finish(peer);
}

/* A text that does not end. */
static void text_lied(struct check *check)
{
    struct store store = store_make(check, SLOTS);
    struct program *peer = peer_start(check, &store);
    struct buffer_message message = {.producer = 7, .sequence = 8};

    memset(message.text, 'x', sizeof message.text);
    store_put(check, &store, peer, &message);
    const char *answer = peer_ask(peer, "get 20");
    REQUIRE(check, strstr(answer, "no NUL") == NULL,
            .expected = "a text that has no NUL in shared memory has one when buffer_get returns",
            .found = "message->text does not end: a program that prints it reads on in other memory",
            .cause = "the bytes were believed: nobody promises that a producer stored a NUL",
            .next = "message->text[sizeof message->text - 1] = '\\0'");
    peer_ask(peer, "close");
    peer_finish(peer);
}

void lab4_distrust(struct check *check)
{
    static const struct lie put_lies[] = {LIE(tail, SLOTS),    LIE(tail, 40),    LIE(tail, 0x7fffffff),
                                          LIE(capacity, 1024), LIE(capacity, 0), LIE(count, 0xffffffff)};
    static const struct lie get_lies[] = {LIE(head, SLOTS),    LIE(head, 40),    LIE(head, 0x7fffffff),
                                          LIE(capacity, 1024), LIE(capacity, 0), LIE(count, 0)};

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "a number in shared memory is used as it is there: others may write any",
           .next = "shared->tail %% buffer->capacity: capacity as it was checked when the buffer was opened");
    for (size_t i = 0; i < sizeof put_lies / sizeof put_lies[0]; i++)
        put_lied(check, &put_lies[i]);
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("),
           .cause = "a number in shared memory is used as it is there: others may write any",
           .next = "shared->head %% buffer->capacity: capacity as it was checked when the buffer was opened");
    for (size_t i = 0; i < sizeof get_lies / sizeof get_lies[0]; i++)
        get_lied(check, &get_lies[i]);
    text_lied(check);
}

static void python_lied(struct check *check, const struct lie *lie)
{
    struct store store = store_make(check, SLOTS);
    struct program *consumer = store_consumer(check, &store, "consumer.py", "1");
    const char *when = lie_text(check, lie);

    watch_waits(consumer, "while the buffer is empty");
    store.shared->slots[0] = store_message(1, 1);
    store.shared->tail = store.shared->count = 1;
    sem_wait(store.empty);
    lie_tell(&store, lie);
    sem_post(store.full);
    int status = program_wait(consumer);
    outside_require(check, &store, when);
    REQUIRE(check, !program_said(consumer, "Traceback"),
            .expected = check_text(check, "%s consumer.py goes on, or says what is wrong", when),
            .found = program_output(consumer));
    REQUIRE(check, token_count(store.mutex) == 1,
            .expected = check_text(check, "%s consumer.py gives MUTEX back before it ends", when),
            .found = check_text(check, "MUTEX %d", token_count(store.mutex)),
            .cause = "an error between the wait for MUTEX and its post: nobody gets in any more",
            .next = "try: item = self._take_slot() finally: self._mutex.post()");
    REQUIRE(check, status == 1 || (store.shared->head < SLOTS && store.shared->count <= SLOTS),
            .expected = check_text(check, "%s consumer.py refuses, or leaves head below %d and count at most %d", when,
                                   SLOTS, SLOTS),
            .found = check_text(check, "it ended with %s; head %u, count %u", status_text(check, status),
                                store.shared->head, store.shared->count));
}

void lab4_python_distrust(struct check *check)
{
    static const struct lie lies[] = {LIE(head, SLOTS), LIE(head, 0xffffffff), LIE(capacity, 1024), LIE(count, 0),
                                      LIE(count, SLOTS + 1)};

    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def _take_slot("),
           .cause = "a number in shared memory is used as it is there: others may write any",
           .next = "compare head with self.capacity, and count with 1 to self.capacity, before anything is taken");
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
        python_lied(check, &lies[i]);
}

/* ---- Names that lead elsewhere by now ---- */

/* Somebody has removed the four names and made a buffer of her own under them. */
static void names_replace(struct check *check, const struct store *store)
{
    posix_remove(check, store->shm_name);
    semaphore_remove(check, store->empty_name);
    semaphore_remove(check, store->full_name);
    semaphore_remove(check, store->mutex_name);
    posix_create(check, store->shm_name, store->size, 0600);
    semaphore_create(check, store->empty_name, store->capacity);
    semaphore_create(check, store->full_name, 0);
    semaphore_create(check, store->mutex_name, 1);
    check_note(check, "the four names lead to another buffer now");
}

static void younger_require(struct check *check, const struct store *store, const char *who)
{
    const char *const semaphores[] = {store->empty_name, store->full_name, store->mutex_name};
    const char *gone = posix_look(check, store->shm_name).exists ? NULL : store->shm_name;

    for (size_t i = 0; i < 3 && gone == NULL; i++)
        if (!semaphore_exists(check, semaphores[i]))
            gone = semaphores[i];
    REQUIRE(check, gone == NULL,
            .expected = check_text(check, "%s leaves, and the younger buffer under its four names stays", who),
            .found = check_text(check, "%s was removed", gone));
}

void lab4_younger(struct check *check)
{
    struct store store = store_make(check, SLOTS);
    struct program *peer = peer_start(check, &store);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "unsigned buffer_close("),
           .cause = "a process that is alone at an old object removes names that lead to another one by now",
           .next = "presence_current(buffer->fd, buffer->shm_name) before objects_unlink");
    names_replace(check, &store);
    store_leave(&store);
    peer_ask(peer, "close");
    peer_finish(peer);
    younger_require(check, &store, "the last one out");
}

/* Of two that leave together the second must find itself alone: so nobody is present any more when it asks. */
static void python_released(struct check *check)
{
    struct store store = store_make(check, 2);
    struct program *consumer = store_consumer(check, &store, "consumer.py", "1");
    long call = -1, entered = -1;

    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def close("),
           .cause = "of two that leave together each finds the other one still present, and nobody removes the objects",
           .next = "presence.release(...) first, then presence.claim(..., presence.EXCLUSIVE)");
    watch_waits(consumer, "while the buffer is empty");
    REQUIRE(check, presence_held(store.fd, BUFFER_PRESENCE) == 1, .expected = "consumer.py is present while it waits",
            .found = "nobody else holds a lock on byte BUFFER_PRESENCE");
    watch_seize(consumer);
    const struct buffer_message message = store_message(1, 1);
    store_put(check, &store, consumer, &message); /* its only one: it leaves */
    while (presence_held(store.fd, BUFFER_PRESENCE) == 1) {
        if (call != -1)
            entered = call;
        if (watch_call(consumer, &call) == STEP_ENDED)
            FAIL(check, .expected = "consumer.py gives up its presence when it leaves",
                 .found = "it ended, and is still present");
    }
    REQUIRE(check, entered == SYS_fcntl,
            .expected = "consumer.py gives up its presence before it asks whether it is alone",
            .found = "it kept it until the object was closed");
    watch_release(consumer);
    program_ends(consumer, 0);
}

void lab4_python_last_out(struct check *check)
{
    struct store store = store_draw(check, 2);
    struct program *producer = store_producer(check, &store, "4", "1");

    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def close("),
           .cause = "each process that leaves removes the names, though others still use the objects",
           .next = "as buffer_close in buffer.c: presence.release, then presence.claim alone, then still_named");
    program_expect(producer, "put item 2");
    struct program *consumer = store_consumer(check, &store, "consumer.py", "1");
    program_ends(consumer, 0);
    REQUIRE(check, posix_look(check, store.shm_name).exists && semaphore_exists(check, store.mutex_name),
            .expected = "the objects stay when consumer.py leaves: the producer uses them", .found = "they are gone");
    consumer = store_consumer(check, &store, "consumer.py", "4");
    program_expect(consumer, "got item 4");
    program_ends(producer, 0);
    program_signal(consumer, SIGINT);
    program_ends(consumer, 1);
    store_gone(check, &store, "when a Python consumer was the last one out");

    store = store_make(check, 2);
    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def close("),
           .cause = "a process that is alone at an old object removes names that lead to another one by now",
           .next = "self._memory.still_named() before self._names.remove()");
    consumer = store_consumer(check, &store, "consumer.py", "1");
    watch_waits(consumer, "while the buffer is empty");
    names_replace(check, &store);
    store_leave(&store);
    program_signal(consumer, SIGINT);
    program_ends(consumer, 1);
    younger_require(check, &store, "consumer.py");
    python_released(check);
}

/* What nobody has taken is lost with the objects: the last one out tells how many. */
void lab4_lost(struct check *check)
{
    struct store store = store_make(check, SLOTS);
    struct program *peer = peer_start(check, &store);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "unsigned buffer_close("),
           .cause = "the messages that are left were not counted, or when the names were gone already",
           .next = "lost = buffer_count(buffer); then objects_unlink(buffer)");
    peer_ask(peer, "put 1 20");
    peer_ask(peer, "put 2 20");
    store_leave(&store);
    peer_require(peer, "with two messages in the buffer buffer_close of the last one out gives",
                 peer_ask(peer, "close"), "2");
    peer_finish(peer);

    store = store_make(check, SLOTS);
    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def close("),
           .next = "lost = self._full.value(), before self._names.remove()");
    struct program *consumer = store_consumer(check, &store, "consumer.py", "1");
    watch_waits(consumer, "while the buffer is empty");
    store_leave(&store);
    sem_wait(store.mutex); /* so that it takes the first when both are there */
    for (int i = 0; i < 2; i++) {
        store.shared->slots[i] = store_message(1, i + 1);
        sem_wait(store.empty);
        sem_post(store.full);
    }
    store.shared->tail = store.shared->count = 2;
    sem_post(store.mutex);
    program_expect(consumer, "got item 1");
    program_wait(consumer);
    REQUIRE(check, program_said(consumer, "1 item"),
            .expected = "consumer.py, the last one out, says that 1 item was left", .found = program_output(consumer));
}
