/*
 * Lab 4: checks that only instructors have. They ask what the public ones ask, with numbers, orders and companies that
 * no student has read: whoever wrote for the public checks alone falls here.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lab4_store.h"
#include "objects.h"
#include "peers.h"
#include "watch.h"

#define PEER "lab4_peer"

static struct program *peer_begin(struct check *check, const struct store *store)
{
    struct program *peer = START(check, PEER);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("));
    peer_require(peer, "buffer_create gives", peer_ask(peer, "create %s %u 0600", store->prefix, store->capacity), "0");
    return peer;
}

static void put_require(struct program *peer, int number, const char *expected)
{
    peer_require(peer, check_text(peer->check, "put number %d gives", number), peer_ask(peer, "put %d 0", number),
                 expected);
}

static void get_require(struct program *peer, int number)
{
    peer_require(peer, "buffer_get gives", peer_ask(peer, "get 20"),
                 check_text(peer->check, "done 1 %d item %d of producer 1", number, number));
}

/* Buffers of every size: full to the last slot, and empty again. */
void lab4_capacities(struct check *check)
{
    static const unsigned capacities[] = {1, 4, 7, 64};

    for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++) {
        struct store store = store_draw(check, capacities[i]);
        int most = (int)capacities[i];
        const char *size = check_text(check, "in a buffer of %d", most);
        struct program *peer = peer_begin(check, &store);
        store_open(check, &store);
        for (int number = 1; number <= most; number++) {
            put_require(peer, number, "done");
            store_message_require(check, &store.shared->slots[number - 1], 1, number,
                                  check_text(check, "slot %d", number - 1));
        }
        put_require(peer, most + 1, "timeout");
        store_values_require(check, &store, 0, most, 1, check_text(check, "%s that is full", size));
        for (int number = 1; number <= most; number++)
            get_require(peer, number);
        peer_require(peer, "buffer_get of an empty buffer gives", peer_ask(peer, "get 0"), "timeout");
        store_values_require(check, &store, most, 0, 1, check_text(check, "%s that is empty again", size));
        store_header_require(check, &store, 0, 0, 0, check_text(check, "%s that is empty again", size));
        peer_require(peer, "buffer_close gives", peer_ask(peer, "close"), "0");
        peer_finish(peer);
        store_gone(check, &store, "when its only user has left");
    }
}

/* A drawn order of puts and gets, beside a model: what is in there, and where. */
void lab4_walk(struct check *check)
{
    enum { SLOTS = 3, STEPS = 60 };
    struct store store = store_make(check, SLOTS);
    struct program *peer = peer_begin(check, &store);
    int put = 0, got = 0;

    srandom((unsigned)getpid());
    for (int step = 0; step < STEPS; step++) {
        bool puts = random() % 2 == 0;
        if (puts && put - got == SLOTS)
            put_require(peer, put + 1, "timeout");
        else if (puts)
            put_require(peer, ++put, "done");
        else if (put == got)
            peer_require(peer, "buffer_get of an empty buffer gives", peer_ask(peer, "get 0"), "timeout");
        else
            get_require(peer, ++got);
        store_header_require(check, &store, (unsigned)got % SLOTS, (unsigned)put % SLOTS, (unsigned)(put - got),
                             "after a put or a get");
        store_values_require(check, &store, SLOTS - (put - got), put - got, 1, "after a put or a get");
    }
    while (got < put)
        get_require(peer, ++got);
    peer_ask(peer, "close");
    peer_finish(peer);
}

/* Messages outlive who put them: who takes them, in two languages, comes one after the other. Somebody is present all
 * the time, or the last one out would remove what is left. */
void lab4_relay(struct check *check)
{
    struct store store = store_draw(check, 5);
    struct program *producer = store_producer(check, &store, "5", "41");

    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def take("));
    check_pardon_leaks(check);
    program_expect(producer, "put item 5");
    store_open(check, &store);
    store_hold(check, &store);
    program_ends(producer, 0);
    struct program *first = store_consumer(check, &store, "consumer.py", "2");
    program_expect(first, "got item 1 of producer 41\n");
    program_expect(first, "got item 2 of producer 41\n");
    program_ends(first, 0);
    struct program *second = store_consumer(check, &store, "consumer", "4");
    for (int number = 3; number <= 5; number++)
        program_expect(second, check_text(check, "got item %d of producer 41\n", number));
    watch_waits(second, "for a sixth item");
    struct program *late = store_producer(check, &store, "1", "42");
    program_expect(second, "got item 1 of producer 42\n");
    program_ends(second, 0);
    program_ends(late, 0);
    store_values_require(check, &store, 5, 0, 1, "when six messages have come and gone");
    store_header_require(check, &store, 1, 1, 0, "when six messages have come and gone");
}
