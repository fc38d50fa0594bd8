/*
 * Lab 4, the bounded buffer: a put, and a get. Two of these checks run the student's program instruction by
 * instruction (watch.h) and demand that head, tail, count and slots change only while MUTEX is taken.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab4_store.h"
#include "objects.h"
#include "peers.h"
#include "todo.h"
#include "watch.h"

enum { STEPS_MAX = 2000000, DRAIN_STEPS = 256 };
static const char order_text[] =
    "wait EMPTY, wait MUTEX, fill slots[tail], advance tail, count++, post MUTEX, post FULL";
static const char get_text[] = "wait FULL, wait MUTEX, copy slots[head], advance head, count--, post MUTEX, post EMPTY";

/* ---- The producer's side: buffer_create, buffer_put ---- */

/* A new buffer before anything is put in: a wrong first value must not become a wait forever. */
static struct program *buffer_begun(struct check *check, struct store *store, const char *mode)
{
    struct program *peer = START(check, "lab4_peer");
    const char *answer = peer_ask(peer, "create %s %u %s", store->prefix, store->capacity, mode);

    if (strcmp(answer, "0") != 0)
        FAIL(check, .expected = "buffer_create makes a buffer", .found = program_output(peer),
             .next = todo_next(check, "buffer.c", "nothing creates %s yet", 1, "the message says which call failed"));
    store_open(check, store);
    return peer;
}

void lab4_objects(struct check *check)
{
    struct store store = store_draw(check, 5);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_initialise("),
           .cause = "EMPTY counts free slots, FULL counts messages, MUTEX is a lock that is open",
           .next = "EMPTY begins with the capacity, FULL with 0, MUTEX with 1");
    struct program *peer = buffer_begun(check, &store, "0600");
    store_values_require(check, &store, 5, 0, 1, "in a new buffer of five slots");
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .next = todo_next(check, "buffer.c", "(void)message;", 4, order_text));
    for (int i = 1; i <= 3; i++) {
        peer_require(peer, check_text(check, "put %d of 3 into five slots gives", i), peer_ask(peer, "put %d 20", i),
                     "done");
        store_values_require(check, &store, 5 - i, i, 1, check_text(check, "after %d puts into five slots", i));
        store_header_require(check, &store, 0, (unsigned)i, (unsigned)i, check_text(check, "after %d puts", i));
        store_message_require(check, &store.shared->slots[i - 1], 1, i, check_text(check, "slot %d", i - 1));
    }
    check_pardon_leaks(check); /* of those who leave: last_out */
    peer_ask(peer, "close");
    peer_finish(peer);
}

static void mode_require(struct check *check, const char *name, unsigned mode)
{
    struct stat info = {0};
    const char *path = check_text(check, "/dev/shm/sem.%s", name + 1); /* sem_overview(7) */

    REQUIRE(check, stat(path, &info) == 0 && (info.st_mode & 0777) == mode,
            .expected = check_text(check, "%s has mode %04o, as --mode said", name, mode),
            .found = check_text(check, "mode %04o", info.st_mode & 0777),
            .cause = "sem_open takes the umask's bits away from the mode; or the mode is not what --mode says",
            .next = "umask(0) around sem_open, and `mode` as it was given");
}

/* The umask of another process: proc_pid_status(5). */
static unsigned umask_of(struct check *check, const struct program *program)
{
    size_t length;
    const char *text = check_read(check, check_text(check, "/proc/%d/status", (int)program->pid), &length);
    const char *line = text != NULL ? strstr(text, "Umask:") : NULL;

    if (line == NULL)
        check_skip(check, "/proc does not tell a process's umask here");
    return (unsigned)strtoul(line + strlen("Umask:"), NULL, 8);
}

void lab4_mode(struct check *check)
{
    static const struct {
        mode_t mask;
        const char *text;
        unsigned mode;
    } cases[] = {{022, "0660", 0660}, {077, "0604", 0604}, {0, "0600", 0600}};

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "sem_t *semaphore_create("));
    check_pardon_leaks(check);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store store = store_draw(check, 2);
        umask(cases[i].mask); /* of the program, too */
        struct program *peer = buffer_begun(check, &store, cases[i].text);
        mode_require(check, store.empty_name, cases[i].mode);
        mode_require(check, store.full_name, cases[i].mode);
        mode_require(check, store.mutex_name, cases[i].mode);
        REQUIRE(check, umask_of(check, peer) == cases[i].mask,
                .expected = check_text(check, "the process's umask is %04o again", cases[i].mask),
                .found =
                    check_text(check, "%04o: all that it creates from now on has other bits", umask_of(check, peer)),
                .cause = "the umask was changed for sem_open, and not set back",
                .next = "mode_t mask = umask(0); ... umask(mask);");
        peer_ask(peer, "close");
        peer_finish(peer);
    }
}

void lab4_put(struct check *check)
{
    struct store store = store_draw(check, 3);
    struct program *producer = store_producer(check, &store, "7", "12");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("), .next = order_text);
    program_expect(producer, "put item 1");
    store_open(check, &store);
    for (int number = 1; number <= 7; number++) {
        struct buffer_message message = store_take(check, &store, producer);
        store_message_require(check, &message, 12, number, check_text(check, "message %d", number));
    }
    program_ends(producer, 0);
    store_header_require(check, &store, 7 % 3, 7 % 3, 0, "when seven messages went through three slots");
    store_values_require(check, &store, 3, 0, 1, "when all is taken");
}

void lab4_full(struct check *check)
{
    struct store store = store_draw(check, 2);
    struct program *producer = store_producer(check, &store, "5", "1");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "the producer does not wait for EMPTY, or waits for it while it holds MUTEX: then no consumer can "
                    "ever make room",
           .next = order_text);
    program_expect(producer, "put item 2");
    store_open(check, &store);
    for (int number = 3; number <= 5; number++) {
        unsigned oldest = ((unsigned)number - 3) % 2;
        AWAIT(check, token_count(store.full) == 2 || !program_runs(producer), "the producer fills the buffer");
        watch_waits(producer, "while the buffer is full");
        store_values_require(check, &store, 0, 2, 1, "while the producer waits for room");
        store_header_require(check, &store, oldest, oldest, 2, "while the producer waits for room");
        store_message_require(check, &store.shared->slots[oldest], 1, number - 2, "the oldest message, not taken yet");
        store_take(check, &store, producer);
    }
    store_take(check, &store, producer);
    store_take(check, &store, producer);
    program_ends(producer, 0);
}

void lab4_mutex(struct check *check)
{
    struct store store = store_draw(check, 2);
    struct program *producer = store_producer(check, &store, "3", "1");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "two producers that are in there at once take the same slot, and one message is lost",
           .next = order_text);
    program_expect(producer, "put item 2");
    store_open(check, &store);
    watch_waits(producer, "while the buffer is full");
    const struct buffer_message first = store.shared->slots[0];
    store_wait(check, store.mutex, producer, "the producer gives MUTEX back");
    check_note(check, "the check holds MUTEX and makes room");
    sem_wait(store.full);
    store.shared->head = 1;
    store.shared->count = 1;
    sem_post(store.empty);
    AWAIT(check, token_count(store.empty) == 0 || !program_runs(producer),
          "the producer takes the free slot from EMPTY");
    watch_waits(producer, "while somebody else holds MUTEX");
    store_header_require(check, &store, 1, 0, 1, "while the check holds MUTEX");
    REQUIRE(check, memcmp(&first, &store.shared->slots[0], sizeof first) == 0,
            .expected = "the slot is not touched while the check holds MUTEX", .found = "it has changed");
    sem_post(store.mutex);
    for (int number = 2; number <= 3; number++)
        store_take(check, &store, producer);
    program_ends(producer, 0);

    store = store_make(check, 2);
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("),
           .cause = "two consumers that are in there at once take the same message", .next = get_text);
    struct program *consumer = store_consumer(check, &store, "consumer", "2");
    struct buffer_message message = store_message(3, 4);
    store_put(check, &store, consumer, &message);
    program_expect(consumer, "got item 4 of producer 3");
    watch_waits(consumer, "while the buffer is empty");
    sem_wait(store.mutex);
    check_note(check, "the check holds MUTEX, and a message is there");
    store.shared->slots[1] = store_message(5, 6);
    store.shared->tail = 0;
    store.shared->count = 1;
    sem_wait(store.empty);
    sem_post(store.full);
    AWAIT(check, token_count(store.full) == 0 || !program_runs(consumer), "the consumer takes the message from FULL");
    watch_waits(consumer, "while somebody else holds MUTEX");
    store_header_require(check, &store, 1, 0, 1, "while the check holds MUTEX");
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
    int mutex_before = token_count(store->mutex);
    enum step_result result = watch_step(program);

    if (result == STEP_ENDED)
        FAIL(check, .expected = check_text(check, "%s goes on", program->short_name), .found = "it ended");
    if (result == STEP_BLOCKED)
        FAIL(check, .expected = check_text(check, "%s comes through: nobody else holds anything", program->short_name),
             .found = "it waits forever");
    if (guarded_same(store, before))
        return;
    REQUIRE(check, mutex_before == 0, .expected = "head, tail, count and slots change only while MUTEX is taken",
            .found = check_text(check, "%s while MUTEX was free", guarded_difference(check, store, before)),
            .cause = "a line before the wait for MUTEX, or after its post, that touches the buffer: what two "
                     "processes count at once is counted once");
    memcpy(before, store->shared, store->size);
}

void lab4_put_order(struct check *check)
{
    struct store store = store_draw(check, 1);
    struct program *producer = store_producer(check, &store, "2", "1");
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
            if (over || token_count(store.full) == 0 || token_count(store.mutex) == 0)
                continue;
            over = true; /* a consumer that waits for FULL and then for MUTEX would be in now */
            store_message_require(check, &store.shared->slots[0], 1, 2,
                                  "the slot, at the very instruction that lets consumers in");
            store_header_require(check, &store, 0, 0, 1, "at the very instruction that lets consumers in");
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

void consumer_gets(struct check *check, const char *program, int items)
{
    struct store store = store_make(check, 3);
    struct program *consumer = store_consumer(check, &store, program, check_text(check, "%d", items));

    srandom((unsigned)getpid());
    for (int number = 1; number <= items; number++) {
        struct buffer_message message = message_draw(check, number);
        store_put(check, &store, consumer, &message);
        program_expect(consumer, check_text(check, "got %s\n", message.text));
    }
    program_ends(consumer, 0);
    store_header_require(check, &store, (unsigned)items % 3, (unsigned)items % 3, 0, "when all is taken");
    store_values_require(check, &store, 3, 0, 1, "when all is taken");
}

/* One message, got by a peer: whether buffer_get is written shows at once, and not when a program has waited in vain.
 */
static void get_once(struct check *check)
{
    struct store store = store_make(check, 2);
    struct program *peer = START(check, "lab4_peer");
    struct buffer_message message = message_draw(check, 1);
    const char *expected = check_text(check, "done %d %d %s", message.producer, message.sequence, message.text);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("));
    peer_require(peer, "buffer_join gives", peer_ask(peer, "join %s", store.prefix), "0");
    store_put(check, &store, peer, &message);
    const char *found = peer_ask(peer, "get 20");
    REQUIRE(check, strcmp(found, expected) == 0,
            .expected = check_text(check, "with one message in the buffer buffer_get gives: %s", expected),
            .found = check_text(check, "%s", found),
            .next = todo_next(check, "buffer.c", "*message = (struct buffer_message){.producer = 0};", 5, get_text));
    peer_ask(peer, "close");
    peer_finish(peer);
}

void lab4_get(struct check *check)
{
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("), .next = get_text);
    consumer_gets(check, "consumer", 7);
}

void consumer_waits(struct check *check, const char *program)
{
    struct store store = store_make(check, 2);
    struct program *consumer = store_consumer(check, &store, program, "3");

    for (int number = 1; number <= 3; number++) {
        struct buffer_message message = store_message(4, number);
        watch_waits(consumer, "while the buffer is empty");
        store_values_require(check, &store, 2, 0, 1, "while the consumer waits for a message");
        store_header_require(check, &store, (unsigned)(number - 1) % 2, (unsigned)(number - 1) % 2, 0,
                             "while the consumer waits for a message");
        store_put(check, &store, consumer, &message);
        program_expect(consumer, check_text(check, "got %s\n", message.text));
    }
    program_ends(consumer, 0);
}

void lab4_empty(struct check *check)
{
    get_once(check);
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("),
           .cause = "the consumer does not wait for FULL, or waits for it while it holds MUTEX: then no producer can "
                    "ever put anything",
           .next = get_text);
    consumer_waits(check, "consumer");
}

void lab4_get_order(struct check *check)
{
    struct store store = store_make(check, 1);
    struct program *consumer = store_consumer(check, &store, "consumer", "2");
    struct buffer_message first = message_draw(check, 1), second = message_draw(check, 2);
    void *before = check_memory(check, store.size);
    bool over = false;

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("), .next = get_text);
    store_put(check, &store, consumer, &first);
    program_expect(consumer, check_text(check, "got %s\n", first.text));
    watch_waits(consumer, "while the buffer is empty");
    watch_seize(consumer);
    store_put(check, &store, consumer, &second);
    memcpy(before, store.shared, store.size);
    const char *line = check_text(check, "got %s\n", second.text);
    for (long steps = 0; !program_said(consumer, line); steps++) {
        for (int i = 0; i < DRAIN_STEPS && program_runs(consumer); i++) {
            int value = token_count(store.mutex);
            guarded_step(check, &store, consumer, before);
            bool left = value == 0 && token_count(store.mutex) == 1; /* this instruction has given MUTEX back */
            if (over || (!left && token_count(store.empty) == 0))
                continue;
            over = true;
            store_header_require(check, &store, 0, 0, 0, "when the consumer lets others in");
            check_note(check, "others may write now: the check overwrites the slot at once");
            memset(&store.shared->slots[0], '#', sizeof store.shared->slots[0]);
            memcpy(before, store.shared, store.size);
        }
        if (program_said(consumer, "####"))
            FAIL(check, .expected = check_text(check, "\"%s\"", second.text),
                 .found = "what was written into the slot after the consumer had let others in",
                 .cause = "the message is copied after the post of MUTEX or EMPTY");
        if (steps > STEPS_MAX / DRAIN_STEPS)
            FAIL(check, .expected = "the consumer gets the second message",
                 .found = check_text(check, "it did not; it printed:\n%s", program_output(consumer)));
    }
    watch_release(consumer);
    program_ends(consumer, 0);
}
