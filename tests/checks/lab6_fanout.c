/*
 * Lab 6, challenge: many readers of one stream. programs/lab6_fanout.c takes one step of the student's
 * fanout.c when told, and the check looks at the ring between any two; ThreadSanitizer looks at the orders;
 * and weave lets readers join under every order of steps, with loads that read what is old already.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lab6_rings.h"
#include "objects.h"
#include "peers.h"
#include "shmlab/fanout_ring.h"
#include "watch.h"
#include "weave.h"

#define FANOUT "fanout.c"
#define PEER   "lab6_fanout"

enum {
    ORDER_STEPS_MAX = 1000000, /* instructions, far more than any step takes */
    STALE = 3,                 /* a cursor that somebody left behind */
};

/* The ring, and what must be in it. */
struct rings {
    struct check *check;
    struct program *peer;
    struct fanout *ring;
    uint64_t begin;          /* sent at first */
    int put;                 /* messages put, numbered from 1 */
    int got[FANOUT_READERS]; /* number of the last message that the reader of this line got, or that was there
                                before it */
};

static struct rings rings_make(struct check *check, uint64_t begin)
{
    const char *name = check_name(check);
    struct rings rings = {.check = check, .begin = begin, .ring = posix_create(check, name, sizeof *rings.ring, 0600)};

    atomic_store(&rings.ring->sent, begin);
    rings.peer = START(check, PEER, name);
    return rings;
}

static void blame(struct check *check, const char *function, const char *cause, const char *next)
{
    ADVISE(check, .file = FANOUT, .line = check_line(check, FANOUT, function), .cause = cause, .next = next);
}

static const char *state_text(struct check *check, uint32_t state)
{
    static const char *const names[] = {"FANOUT_FREE", "FANOUT_CLAIMED", "FANOUT_JOINED"};

    return state < sizeof names / sizeof names[0] ? names[state] : check_text(check, "%u", state);
}

static const char *cursor_name(struct check *check, int reader)
{
    return check_text(check, "readers[%d].cursor (byte %zu)", reader,
                      offsetof(struct fanout, readers) + sizeof(struct fanout_reader) * (size_t)reader +
                          offsetof(struct fanout_reader, cursor));
}

static void sent_require(const struct rings *rings, const char *when)
{
    uint64_t found = atomic_load(&rings->ring->sent), wanted = rings->begin + (uint64_t)rings->put;

    REQUIRE(rings->check, found == wanted,
            .expected = check_text(rings->check, "%s: sent (byte 0) is %" PRIu64, when, wanted),
            .found = check_text(rings->check, "%" PRIu64, found),
            .cause = "sent counts the messages, with 64 bits; fanout_put changes it by one, and only when "
                     "there is room");
}

static void cursor_require(const struct rings *rings, int reader, const char *when)
{
    uint64_t found = atomic_load(&rings->ring->readers[reader].cursor);
    uint64_t wanted = rings->begin + (uint64_t)rings->got[reader];

    REQUIRE(rings->check, found == wanted,
            .expected = check_text(rings->check, "%s: %s is %" PRIu64, when, cursor_name(rings->check, reader), wanted),
            .found = check_text(rings->check, "%" PRIu64, found),
            .cause = "a cursor is the number of messages that were sent before the one that this reader reads next");
}

static void state_require(const struct rings *rings, int reader, uint32_t wanted, const char *when)
{
    uint32_t found = atomic_load(&rings->ring->readers[reader].state);

    REQUIRE(rings->check, found == wanted,
            .expected = check_text(rings->check, "%s: readers[%d].state (byte %zu) is %s", when, reader,
                                   offsetof(struct fanout, readers) + sizeof(struct fanout_reader) * (size_t)reader,
                                   state_text(rings->check, wanted)),
            .found = state_text(rings->check, found));
}

static const char *when_text(const struct rings *rings)
{
    return check_text(rings->check, "sent began at %" PRIu64 ", %d messages put", rings->begin, rings->put);
}

/* Put one more, which must find room. */
static void put_one(struct rings *rings, const char *why)
{
    blame(rings->check, "bool fanout_put(",
          "only readers that have joined and are FANOUT_SLOTS behind make the ring full",
          "full: for some reader, state is FANOUT_JOINED and sent - cursor >= FANOUT_SLOTS, in 64 bits");
    const char *answer = peer_ask(rings->peer, "put %d", rings->put + 1);
    peer_require(rings->peer, check_text(rings->check, "%s, %s: fanout_put gives", when_text(rings), why), answer,
                 "done");
    rings->put++;
    sent_require(rings, "after fanout_put");
    const struct fanout_message *slot = &rings->ring->slots[(rings->begin + (uint64_t)rings->put - 1) % FANOUT_SLOTS];
    REQUIRE(rings->check, slot->number == rings->put,
            .expected = check_text(rings->check, "%s: slots[sent %% FANOUT_SLOTS], of sent as it was, has message %d",
                                   when_text(rings), rings->put),
            .found = check_text(rings->check, "message %d", (int)slot->number),
            .cause = "the slot is sent modulo FANOUT_SLOTS, before sent is counted up");
}

/* Put one more, which must find none. */
static void put_refused(struct rings *rings, const char *why)
{
    struct fanout before = *rings->ring;

    blame(rings->check, "bool fanout_put(", "the slowest reader decides: what it has not read must not be overwritten",
          "look at every line, and return false for the first reader that is FANOUT_SLOTS behind");
    const char *answer = peer_ask(rings->peer, "put %d", rings->put + 1);
    peer_require(rings->peer, check_text(rings->check, "%s, %s: fanout_put gives", when_text(rings), why), answer,
                 "full");
    sent_require(rings, "after fanout_put that found no room");
    REQUIRE(rings->check, memcmp(&before, rings->ring, sizeof before) == 0,
            .expected = "fanout_put that finds no room changes nothing", .found = "the ring has changed",
            .cause = "a slot that is filled before the cursors were looked at");
}

/* A reader joins at what is the present now. Returns its line. */
static int join_one(struct rings *rings)
{
    blame(rings->check, "int fanout_join(",
          "a reader gets what is sent from now on, whatever its line's cursor was before",
          "claim a line that is FANOUT_FREE, store sent in its cursor, then FANOUT_JOINED in its state");
    const char *answer = peer_ask(rings->peer, "join");
    int reader = atoi(answer);
    REQUIRE(rings->check, reader >= 0 && reader < FANOUT_READERS,
            .expected =
                check_text(rings->check, "with a free line fanout_join gives its number, 0 to %d", FANOUT_READERS - 1),
            .found = answer);
    rings->got[reader] = rings->put;
    state_require(rings, reader, FANOUT_JOINED, "after fanout_join");
    cursor_require(rings, reader, "after fanout_join");
    return reader;
}

/* The reader gets the message that is its next one. */
static void get_one(struct rings *rings, int reader)
{
    blame(rings->check, "bool fanout_get(", "each reader has a cursor of its own, and takes every message once",
          "copy slots[cursor % FANOUT_SLOTS], then store cursor + 1");
    int number = rings->got[reader] + 1;
    const char *answer = peer_ask(rings->peer, "get %d", reader);
    peer_require(rings->peer, check_text(rings->check, "%s, reader %d: fanout_get gives", when_text(rings), reader),
                 answer, check_text(rings->check, "%d message %d", number, number));
    rings->got[reader] = number;
    cursor_require(rings, reader, "after fanout_get");
}

static void get_refused(struct rings *rings, int reader, const char *why)
{
    blame(rings->check, "bool fanout_get(",
          "a reader that has read all that was sent, or has only just joined, has nothing", "empty: cursor == sent");
    const char *answer = peer_ask(rings->peer, "get %d", reader);
    peer_require(rings->peer, check_text(rings->check, "%s, %s: fanout_get gives", when_text(rings), why), answer,
                 "empty");
    cursor_require(rings, reader, "after fanout_get that found nothing");
}

static void leave_one(struct rings *rings, int reader)
{
    blame(rings->check, "void fanout_leave(", "a line that is not given back holds the producer up forever",
          "store FANOUT_FREE in state");
    peer_require(rings->peer, "fanout_leave", peer_ask(rings->peer, "leave %d", reader), "done");
    state_require(rings, reader, FANOUT_FREE, "after fanout_leave");
}

/* Two readers and one that never reads on, from this count on. */
static void stream_at(struct check *check, uint64_t begin)
{
    struct rings rings = rings_make(check, begin);

    for (int i = 0; i <= FANOUT_SLOTS; i++)
        put_one(&rings, "nobody has joined");
    int fast = join_one(&rings);
    get_refused(&rings, fast, "a reader that has only just joined");
    put_one(&rings, "the only reader has read all but nothing");
    get_one(&rings, fast);
    int slow = join_one(&rings);
    get_refused(&rings, slow, "a reader that has only just joined");
    for (int i = 0; i < FANOUT_SLOTS; i++) {
        put_one(&rings, check_text(check, "the slower reader is %d behind", i));
        get_one(&rings, fast);
    }
    put_refused(&rings, check_text(check, "one reader has read all, the other one is %d behind", FANOUT_SLOTS));
    get_one(&rings, slow);
    put_one(&rings, check_text(check, "the slower reader is %d behind", FANOUT_SLOTS - 1));
    put_refused(&rings, check_text(check, "one reader is 1 behind, the other one %d", FANOUT_SLOTS));
    leave_one(&rings, slow);
    put_one(&rings, "the reader that held it up has left");
    while (rings.got[fast] < rings.put)
        get_one(&rings, fast);
    get_refused(&rings, fast, "a reader that has read all");
    slow = join_one(&rings);
    put_one(&rings, "a reader has joined a second time");
    get_one(&rings, fast);
    get_one(&rings, slow);
    peer_finish(rings.peer);
}

/* All lines are taken, by readers and by one that is about to join; each gets everything. */
static void lines_are_taken(struct check *check)
{
    struct rings rings = rings_make(check, 2);
    int readers[FANOUT_READERS];

    atomic_store(&rings.ring->readers[1].state, FANOUT_CLAIMED);
    for (int i = 0; i <= FANOUT_SLOTS; i++)
        put_one(&rings, "a line is FANOUT_CLAIMED, but its reader has not joined yet");
    for (int i = 0; i < FANOUT_READERS - 1; i++) {
        readers[i] = join_one(&rings);
        REQUIRE(check, readers[i] != 1, .expected = "fanout_join leaves a line alone that is FANOUT_CLAIMED",
                .found = "it gives readers[1], which somebody else is about to take");
        for (int k = 0; k < i; k++)
            REQUIRE(check, readers[k] != readers[i], .expected = "each reader has a line of its own",
                    .found = check_text(check, "fanout_join gives readers[%d] twice", readers[i]));
    }
    blame(check, "int fanout_join(", "a line that is taken was taken once more", "-1 when no line is FANOUT_FREE");
    peer_require(rings.peer, "with no line free fanout_join gives", peer_ask(rings.peer, "join"), "-1");
    for (int number = 1; number <= FANOUT_SLOTS; number++)
        put_one(&rings, "nobody is behind by a whole ring");
    for (int i = 0; i < FANOUT_READERS - 1; i++) {
        put_refused(&rings, check_text(check, "of %d readers %d have read all", FANOUT_READERS - 1, i));
        while (rings.got[readers[i]] < rings.put)
            get_one(&rings, readers[i]);
        get_refused(&rings, readers[i], "a reader that has read all");
    }
    peer_finish(rings.peer);
}

/* A new ring with as many readers as it has lines: what comes after the last line is slot 0, and its zeros are no line.
 */
static void lines_have_an_end(struct check *check)
{
    struct rings rings = rings_make(check, 0);

    for (int i = 0; i < FANOUT_READERS; i++)
        join_one(&rings);
    blame(check, "int fanout_join(", "a line after the last one was taken: that is where the slots are",
          "-1 when no line is FANOUT_FREE, and there are FANOUT_READERS lines");
    peer_require(rings.peer, check_text(check, "after %d readers fanout_join gives", FANOUT_READERS),
                 peer_ask(rings.peer, "join"), "-1");
    peer_finish(rings.peer);
}

void fanout_readers(struct check *check)
{
    for (uint64_t phase = 0; phase < FANOUT_SLOTS; phase++)
        stream_at(check, phase);
    stream_at(check, UINT32_MAX - FANOUT_SLOTS); /* it goes on after 2^32 */
    lines_are_taken(check);
    lines_have_an_end(check);
}

/* ---- One instruction after another ---- */

/* The slot is complete at the very instruction that says so. */
static void put_order(struct check *check)
{
    struct rings rings = rings_make(check, 0);
    struct fanout_message wanted = {.number = 7, .text = "message 7"};

    blame(check, "bool fanout_put(", "a reader that looks at this moment gets what was there before",
          "fill the slot, then store sent + 1");
    peer_ask(rings.peer, "get 0"); /* it has started, and its symbols are bound: that are thousands of instructions */
    watch_seize(rings.peer);
    peer_tell(rings.peer, "put 7");
    for (long i = 0; atomic_load(&rings.ring->sent) == 0 && i < ORDER_STEPS_MAX; i++)
        peer_step(rings.peer);
    REQUIRE(check, memcmp(&wanted, &rings.ring->slots[0], sizeof wanted) == 0,
            .expected = "the message is in its slot at the instruction that changes sent",
            .found = "the slot is not complete yet");
    watch_release(rings.peer);
    peer_require(rings.peer, "fanout_put gives", peer_answer(rings.peer), "done");
    peer_finish(rings.peer);
}

/* At the very instruction that moves the cursor the producer writes there again. */
static void get_order(struct check *check)
{
    struct rings rings = rings_make(check, 0);
    int reader = join_one(&rings);

    put_one(&rings, "the only reader has only just joined");
    blame(check, "bool fanout_get(",
          "the cursor said that the slot may be overwritten before the message was copied: the producer was faster",
          "copy the slot, then store cursor + 1 with memory_order_release");
    watch_seize(rings.peer);
    peer_tell(rings.peer, "get %d", reader);
    for (long i = 0; atomic_load(&rings.ring->readers[reader].cursor) == 0 && i < ORDER_STEPS_MAX; i++)
        peer_step(rings.peer);
    memset(&rings.ring->slots[0], '#', sizeof rings.ring->slots[0]);
    watch_release(rings.peer);
    peer_require(rings.peer, "fanout_get gives", peer_answer(rings.peer), "1 message 1");
    peer_finish(rings.peer);
}

/* Who sees that a reader is here sees from where on. */
static void join_order(struct check *check)
{
    struct rings rings = rings_make(check, 100);

    blame(check, "int fanout_join(",
          "the producer waits for the cursor of a reader that left long ago, until the new reader has stored its own",
          "claim the line with FANOUT_CLAIMED, store sent in cursor, then FANOUT_JOINED in state");
    atomic_store(&rings.ring->readers[0].cursor, rings.begin);
    peer_ask(rings.peer, "get 0"); /* it has started, as above */
    for (int i = 0; i < FANOUT_READERS; i++)
        atomic_store(&rings.ring->readers[i].cursor, STALE);
    watch_seize(rings.peer);
    peer_tell(rings.peer, "join");
    int joined = -1;
    for (long i = 0; joined == -1 && i < ORDER_STEPS_MAX; i++) {
        peer_step(rings.peer);
        for (int k = 0; k < FANOUT_READERS; k++)
            if (atomic_load(&rings.ring->readers[k].state) == FANOUT_JOINED)
                joined = k;
    }
    uint64_t cursor = joined >= 0 ? atomic_load(&rings.ring->readers[joined].cursor) : 0;
    REQUIRE(check, cursor == rings.begin,
            .expected =
                check_text(check, "sent is %" PRIu64 ": so is the cursor at the instruction that stores FANOUT_JOINED",
                           rings.begin),
            .found = joined >= 0 ? check_text(check, "%s is %" PRIu64 " still", cursor_name(check, joined), cursor)
                                 : "no state is FANOUT_JOINED");
    watch_release(rings.peer);
    peer_answer(rings.peer);
    peer_finish(rings.peer);
}

void fanout_order(struct check *check)
{
    const char *name = check_name(check);

    put_order(check);
    get_order(check);
    join_order(check);
    posix_create(check, name, sizeof(struct fanout), 0600);
    blame(check, "bool fanout_put(",
          "a store that should be a release, or a load that should be an acquire: x86 forgives it, the "
          "language and other machines do not",
          "sent: pairs of fanout_put and fanout_get; cursor: of fanout_get and fanout_put; state: of "
          "fanout_leave and both "
          "fanout_put and fanout_join");
    peer_threads(check, PEER, name, 300);
}

/* ---- Every order of steps ---- */

void fanout_race(struct check *check)
{
    static const char missed[] =
        "the reader got another message than the one that was due: it did not see how far the producer was, nor "
        "the producer that it had come, and what it was going to read was overwritten";

    blame(check, "int fanout_join(", NULL, NULL);
    CHECK_WEAVE(check, .title = "two readers that join",
                .exit_means = "both have the same line: each found it free before the other one had taken it",
                .programs = {{PEER, "line"}, {PEER, "line"}}, .options = {"--bound", "1"});
    CHECK_WEAVE(check, .title = "a reader that joins, leaves and joins again, and a producer", .exit_means = missed,
                .programs = {{PEER, "read", "6", "2"}, {PEER, "put", "6"}}, .options = {"--bound", "1"});
    /* Dekker's pattern has no plain data to race on: it is wrong only where a load may read an old value (C17 7.17.3).
     */
    CHECK_WEAVE(check, .title = "a reader that joins, and a producer of one message more than there are slots",
                .exit_means = missed, .programs = {{PEER, "read", "5", "1"}, {PEER, "put", "5"}},
                .options = {"--bound", "1", "--weak=1"});
}
