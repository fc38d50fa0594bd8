/* Lab 4, the bounded buffer: when things go wrong, and who removes what; the Python consumer. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "compile.h"
#include "lab4_store.h"
#include "objects.h"
#include "peers.h"
#include "said.h"
#include "watch.h"

static const char endless[] = "1000000000";
/* ---- When things go wrong ---- */

void consumer_gives_back(struct check *check, const char *program)
{
    struct store store = store_make(check, 2);
    struct program *consumer = store_consumer(check, &store, program, "1");

    watch_waits(consumer, "while the buffer is empty");
    sem_wait(store.mutex);
    sem_wait(store.empty);
    store.shared->slots[0] = store_message(1, 1);
    store.shared->tail = 1;
    store.shared->count = 1;
    sem_post(store.full);
    AWAIT(check, token_count(store.full) == 0 || !program_runs(consumer), "the consumer takes the message from FULL");
    watch_waits(consumer, "while somebody else holds MUTEX");
    program_signal(consumer, SIGINT);
    program_ends(consumer, 1);
    traceback_refuse(consumer);
    store_values_require(check, &store, 1, 1, 0, "when the consumer was stopped while it waited for MUTEX");
    store_header_require(check, &store, 0, 1, 1, "when the consumer was stopped while it waited for MUTEX");
}

void lab4_gives_back(struct check *check)
{
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("),
           .cause = "the message was taken from FULL, and not from the buffer: FULL counts one too few forever",
           .next = "if MUTEX does not come: sem_post(buffer->full), then return what the wait said");
    consumer_gives_back(check, "consumer");

    struct store store = store_make(check, 2);
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "a slot was taken from EMPTY, and not used: EMPTY counts one too few forever",
           .next = "if MUTEX does not come: sem_post(buffer->empty), then return what the wait said");
    sem_wait(store.mutex);
    struct program *producer = store_producer(check, &store, "1", "1");
    AWAIT(check, token_count(store.empty) == 1 || !program_runs(producer), "the producer takes a slot from EMPTY");
    watch_waits(producer, "while somebody else holds MUTEX");
    program_signal(producer, SIGINT);
    program_ends(producer, 1);
    store_values_require(check, &store, 2, 0, 0, "when the producer was stopped while it waited for MUTEX");
}

void lab4_killed(struct check *check)
{
    struct store store = store_draw(check, 2);
    struct program *victim = store_producer(check, &store, "9", "1");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "a process that waits must hold nothing that others need",
           .next = "wait for EMPTY (or FULL) first, and for MUTEX then");
    program_expect(victim, "put item 2");
    store_open(check, &store);
    store_hold(check, &store);
    watch_waits(victim, "while the buffer is full");
    program_signal(victim, SIGKILL);
    program_wait(victim);
    store_values_require(check, &store, 0, 2, 1, "when a producer was killed that waited for room");

    struct program *consumer = store_consumer(check, &store, "consumer", "5");
    program_expect(consumer, "got item 2 of producer 1");
    watch_waits(consumer, "while the buffer is empty");
    program_signal(consumer, SIGKILL);
    program_wait(consumer);
    store_values_require(check, &store, 2, 0, 1, "when a consumer was killed that waited for a message");

    struct program *producer = store_producer(check, &store, "4", "2");
    consumer = store_consumer(check, &store, "consumer", "4");
    program_expect(consumer, "got item 4 of producer 2");
    program_ends(consumer, 0);
    program_ends(producer, 0);
    store_leave(&store);
}

void lab4_signals(struct check *check)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "semaphore_wait(sem_t"),
           .cause = "a wait that is interrupted (EINTR) is taken for success, or begun again forever",
           .next = "after EINTR, and before every slice, ask stop_signal()");
    check_pardon_leaks(check); /* who removes what is for last_out */
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct store store = store_draw(check, 1);
        struct program *producer = store_producer(check, &store, "3", "1");

        program_expect(producer, "put item 1");
        store_open(check, &store);
        watch_waits(producer, "while the buffer is full");
        program_signal(producer, numbers[i]);
        program_ends(producer, 1);
        REQUIRE(check, !program_said(producer, "put item 2"), .expected = "no item is put into a full buffer",
                .found = program_output(producer));
    }
    struct store store = store_draw(check, 1);
    struct program *producer =
        START(check, "producer", "--prefix", store.prefix, "--items", "3", "--capacity", "1", "--timeout", "0");
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "semaphore_wait(sem_t"),
           .cause = "a wait without a limit: nobody will ever come", .next = "count down seconds by every slice");
    program_ends(producer, 1);
    lab4_limits(check);
}

/* It ends with status 1. What it printed, which nobody has counted, stays out of the finding. */
static void end_require(struct check *check, struct program *program)
{
    int status = program_wait(program);

    REQUIRE(check, status == 1, .expected = check_text(check, "%s ends with exit status 1", program->short_name),
            .found = status_text(check, status));
}

void lab4_last_out(struct check *check)
{
    struct store store = store_draw(check, 2);
    struct program *producer = store_producer(check, &store, endless, "1");

    ADVISE(
        check, .file = "buffer.c", .line = check_line(check, "buffer.c", "unsigned buffer_close("),
        .cause =
            "each process that leaves removes the names, though others still use the objects: those who come later get "
            "other ones",
        .next = "give up the presence, then try to claim it alone: only then you are the last");
    program_expect(producer, "put item 1");
    store_open(check, &store);
    struct program *consumer = store_consumer(check, &store, "consumer", "3");
    program_ends(consumer, 0);
    REQUIRE(check, posix_look(check, store.shm_name).exists && semaphore_exists(check, store.mutex_name),
            .expected = "the objects stay when the consumer leaves: the producer uses them", .found = "they are gone");
    consumer = store_consumer(check, &store, "consumer", endless);
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

void lab4_stale_objects(struct check *check)
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
    struct program *producer = store_producer(check, &store, "2", "1");
    program_expect(producer, "put item 2");
    store_open(check, &store);
    store_values_require(check, &store, 0, 2, 1, "after two puts into a buffer made again");
    for (int i = 0; i < 2; i++)
        store_take(check, &store, producer);
    program_ends(producer, 0);
}

void lab4_errors(struct check *check)
{
    static const struct {
        const char *fault;
        int number;
    } faults[] = {{"sem_open:1:EACCES", EACCES},
                  {"sem_open:2:ENOSPC", ENOSPC},
                  {"sem_open:3:EMFILE", EMFILE},
                  {"sem_open:0:EEXIST", EEXIST},
                  {"mmap:1:ENOMEM", ENOMEM}};

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "sem_t *semaphore_create("),
           .cause = "SEM_FAILED, which is not NULL, was not looked at",
           .next = "error_report_errno(NULL, \"sem_open(%s)\", name), and SEM_FAILED to the caller");
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct store store = store_draw(check, 2);
        const char *symbol = strrchr(faults[i].fault, ':') + 1;
        check_inject(check, faults[i].fault);
        struct program *producer = store_producer(check, &store, "1", "1");
        check_inject(check, NULL);
        program_ends(producer, 1);
        REQUIRE(check, program_names_error(producer, faults[i].number),
                .expected =
                    check_text(check, "a message that names %s: by its symbol, its number or strerror's words", symbol),
                .found = check_text(check, "it printed:\n%s", program_output(producer)));
        store_gone(check, &store, "after a start that failed");
    }
}

/* ---- Python ---- */

void lab4_python_get(struct check *check)
{
    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def _take_slot("),
           .next = "compare with buffer_get: the protocol is the same, and so are the bytes");
    consumer_gets(check, "consumer.py", 7);
}

void lab4_python_waits(struct check *check)
{
    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def take("),
           .cause = "FULL first, then MUTEX; a consumer that does not come to MUTEX posts FULL again");
    consumer_waits(check, "consumer.py");
    consumer_gives_back(check, "consumer.py");
    lab4_python_limits(check);
}

void lab4_sanitizers(struct check *check)
{
    check_sanitize(check);
    struct store store = store_draw(check, 2);
    struct program *producer = store_producer(check, &store, "5", "1");
    struct program *consumer = store_consumer(check, &store, "consumer", "5");

    program_wait(consumer);
    program_wait(producer);
    program_sanitized(producer);
    program_sanitized(consumer);
    program_ends(consumer, 0);
    program_ends(producer, 0);
}
