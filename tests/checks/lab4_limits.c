/*
 * Lab 4, the bounded buffer: waits whose time is over, a MUTEX that nobody gives back, and signals at a bad moment. The
 * waits end by order, and the program's clocks are put forward instead: nobody waits for a limit.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>

#include "lab4_store.h"
#include "objects.h"
#include "peers.h"

#define PEER "lab4_peer"

static const double longest = 120; /* seconds for a MUTEX that never comes, of somebody whose patience is 1 s */

static struct program *peer_join(struct check *check, const struct store *store, const char *fault)
{
    check_inject(check, fault);
    struct program *peer = START(check, PEER);
    check_inject(check, NULL);
    peer_require(peer, "to join a buffer that is there gives",
                 peer_ask(peer, "create %s %u 0600", store->prefix, store->capacity), "0");
    return peer;
}

static void peer_leave(struct program *peer)
{
    peer_ask(peer, "close");
    peer_finish(peer);
}

/* A message that is there before anybody looks. */
static void message_lay(const struct store *store)
{
    sem_wait(store->empty);
    store->shared->slots[0] = store_message(1, 1);
    store->shared->tail = store->shared->count = 1;
    sem_post(store->full);
}

/* ---- MUTEX does not come back ---- */

void lab4_stuck(struct check *check)
{
    struct store store = store_make(check, 2);
    struct program *peer = peer_join(check, &store, "sem_clockwait:2+:ETIMEDOUT"); /* the first one may be EMPTY's */

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "MUTEX is held for a few instructions only: when it does not come for seconds, its holder is dead",
           .next = "a wait for MUTEX that ends with BUFFER_TIMEOUT is BUFFER_STUCK");
    check_note(check, "the check holds MUTEX, like a process that was killed with it");
    sem_wait(store.mutex);
    peer_require(peer, "when MUTEX does not come back buffer_put gives", peer_ask_within(peer, "put 1 1", 0, longest),
                 "stuck");
    store_values_require(check, &store, 2, 0, 0, "when a put has given up MUTEX");
    peer_leave(peer);

    store = store_make(check, 2);
    message_lay(&store);
    peer = peer_join(check, &store, "sem_clockwait:2+:ETIMEDOUT");
    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_get("),
           .next = "as in buffer_put: BUFFER_STUCK, and the message that was not taken is given back to FULL");
    sem_wait(store.mutex);
    peer_require(peer, "when MUTEX does not come back buffer_get gives", peer_ask_within(peer, "get 1", 0, longest),
                 "stuck");
    store_values_require(check, &store, 1, 1, 0, "when a get has given up MUTEX");
    peer_leave(peer);
}

/* ---- Limits and signals ---- */

static void out_of_time(struct check *check)
{
    struct store store = store_make(check, 1);
    struct program *peer = peer_join(check, &store, "sem_clockwait:1+:ETIMEDOUT");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "semaphore_wait(sem_t"),
           .cause = "the time that has passed is not counted, or not all of it",
           .next = "after ETIMEDOUT: seconds -= slice; if (seconds <= 0) return BUFFER_TIMEOUT");
    peer_require(peer, "when nothing comes buffer_get gives", peer_ask_within(peer, "get 1", 0.9, 3), "timeout");
    store_header_require(check, &store, 0, 0, 0, "when a get has waited in vain");
    store_values_require(check, &store, 1, 0, 1, "when a get has waited in vain");
    peer_leave(peer);

    store = store_make(check, 1);
    message_lay(&store);
    peer = peer_join(check, &store, "sem_clockwait:1+:ETIMEDOUT");
    peer_require(peer, "when the buffer stays full buffer_put gives", peer_ask_within(peer, "put 2 1", 0.9, 3),
                 "timeout");
    store_header_require(check, &store, 0, 1, 1, "when a put has waited in vain");
    store_values_require(check, &store, 0, 1, 1, "when a put has waited in vain");
    peer_leave(peer);
}

/* Any other signal interrupts a wait as well; it is neither the end nor the time. */
static void interrupted(struct check *check, const char *fault)
{
    struct store store = store_make(check, 1);
    struct program *peer = peer_join(check, &store, fault);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "semaphore_wait(sem_t"),
           .cause = "EINTR says only that some signal came: it is no reason to give up, and no time has passed",
           .next = "if (errno == EINTR) continue;");
    message_lay(&store);
    const char *answer = peer_ask(peer, "get 0.1");
    REQUIRE(check, strncmp(answer, "done", 4) == 0,
            .expected = "a get whose wait is interrupted once (EINTR) takes the message that is there",
            .found = answer);
    peer_leave(peer);
}

/* The signal that asks us to end comes between the last look at it and the wait, which it cannot end any more. */
static void signalled(struct check *check)
{
    struct store store = store_make(check, 1);
    struct program *peer = peer_join(check, &store, "sem_clockwait:1:SIGINT");

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "semaphore_wait(sem_t"),
           .cause = "a signal that came just before the wait began does not end it: it is seen after the whole time",
           .next = "wait in slices: the smaller of seconds and slice_seconds; look at stop_signal() between them");
    const char *answer = peer_ask(peer, "get 3");
    REQUIRE(check, strcmp(answer, "stopped") == 0 || program_injected(peer) == 0,
            .expected = "a get of 3 s that SIGINT meets just before it falls asleep gives: stopped", .found = answer);
    peer_leave(peer);
}

void lab4_limits(struct check *check)
{
    out_of_time(check);
    interrupted(check, "sem_clockwait:1:EINTR");
    interrupted(check, "sem_timedwait:1:EINTR");
    signalled(check);
}

/* ---- Python ---- */

/* consumer.py with a patience of 1 s, whose waits end at once; it must end, with status 1. */
static struct program *python_run(struct check *check, const struct store *store, double least, double most)
{
    check_inject(check, "sem_clockwait:1+:ETIMEDOUT");
    struct program *consumer = START(check, "consumer.py", "--prefix", store->prefix, "--items", "1", "--timeout", "1");
    check_inject(check, NULL);
    AWAIT(check, !program_runs(consumer) || program_waited(consumer) > most, "consumer.py ends")
    continue;
    double waited = program_waited(consumer);
    REQUIRE(check, waited >= least && waited <= most,
            .expected = check_text(check, "consumer.py waits for 1 s, and gives up within %.0f s", most),
            .found = waited > most ? check_text(check, "more than %.0f s have passed by its own clock", most)
                                   : check_text(check, "%.1f s have passed by its own clock", waited));
    program_ends(consumer, 1);
    traceback_refuse(consumer);
    return consumer;
}

void lab4_python_limits(struct check *check)
{
    struct store store = store_make(check, 1);

    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def take("),
           .next = "wait(self._full, timeout): None when nothing came");
    sem_wait(store.mutex); /* who has no message has no business with MUTEX, and would wait for it */
    python_run(check, &store, 0.9, 3);
    store_header_require(check, &store, 0, 0, 0, "when consumer.py has waited in vain");
    store_values_require(check, &store, 1, 0, 0, "when consumer.py has waited in vain");

    store = store_make(check, 1);
    message_lay(&store);
    sem_wait(store.mutex);
    check_note(check, "the check holds MUTEX, like a process that was killed with it");
    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def take("),
           .cause = "MUTEX is held for a few instructions only: when it does not come for seconds, its holder is dead",
           .next = "if not wait(self._mutex, ...): self._full.post(), then say what happened");
    struct program *consumer = python_run(check, &store, 0.9, longest);
    REQUIRE(check, !program_said(consumer, "nothing came"),
            .expected = "consumer.py says that MUTEX was not given back", .found = program_output(consumer));
    store_values_require(check, &store, 0, 1, 0, "when consumer.py has given up MUTEX");
}
