/*
 * Lab 6, challenge: the ring without a lock. programs/lab6_spsc.c takes one step of the student's spsc.c
 * when told, and the check looks at the ring between any two; then weave looks at the orders.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lab6_rings.h"
#include "objects.h"
#include "peers.h"
#include "shmlab/spsc_ring.h"
#include "watch.h"
#include "weave.h"

#define SPSC "spsc.c"
#define PEER "lab6_spsc"

enum { ORDER_STEPS_MAX = 1000000 }; /* instructions, far more than any step takes */

struct rings {
    struct program *peer;
    struct spsc *ring;
};

static struct rings rings_make(struct check *check, uint32_t counters)
{
    const char *name = check_name(check);
    struct rings rings = {.ring = posix_create(check, name, sizeof *rings.ring, 0600)};

    atomic_store(&rings.ring->written, counters);
    atomic_store(&rings.ring->read, counters);
    rings.peer = START(check, PEER, name);
    return rings;
}

static void counters_require(const struct rings *rings, uint32_t written, uint32_t read, const char *when)
{
    struct check *check = rings->peer->check;
    uint32_t found[] = {atomic_load(&rings->ring->written), atomic_load(&rings->ring->read)};

    REQUIRE(check, found[0] == written && found[1] == read,
            .expected = check_text(check, "%s: written %u, read %u", when, written, read),
            .found = check_text(check, "written %u, read %u", found[0], found[1]),
            .cause = "both counters only grow, by one: the slot is the counter modulo SPSC_SLOTS",
            .next = "spsc_put changes written, and spsc_get changes read");
}

/* So many messages in (positive) and out, one after another. */
static void spsc_moves(struct check *check, uint32_t begin)
{
    static const int moves[] = {SPSC_SLOTS, -SPSC_SLOTS, 3, -1, 6, -8, 1, -1};
    struct rings rings = rings_make(check, begin);
    int put = 0, got = 0;

    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        for (int step = 0; step < abs(moves[i]); step++) {
            const char *when =
                check_text(check, "with counters that began at %u, %d messages put and %d got", begin, put, got);
            if (moves[i] > 0) {
                put++;
                peer_require(rings.peer, check_text(check, "%s, spsc_put gives", when),
                             peer_ask(rings.peer, "put %d", put), "done");
            } else {
                got++;
                peer_require(rings.peer, check_text(check, "%s, spsc_get gives", when), peer_ask(rings.peer, "get"),
                             check_text(check, "%d message %d", got, got));
            }
            counters_require(&rings, begin + (uint32_t)put, begin + (uint32_t)got,
                             check_text(check, "%d messages put and %d got", put, got));
        }
        if (put - got == SPSC_SLOTS)
            peer_require(rings.peer, "with all slots full spsc_put gives", peer_ask(rings.peer, "put 0"), "full");
        if (put == got)
            peer_require(rings.peer, "with an empty ring spsc_get gives", peer_ask(rings.peer, "get"), "empty");
    }
    peer_finish(rings.peer);
}

void spsc_phases(struct check *check)
{
    ADVISE(check, .file = SPSC, .line = check_line(check, SPSC, "bool spsc_put("),
           .cause = "a slot that is lost because full and empty look alike, or a comparison that is wrong after 2^32",
           .next = "full: written - read == SPSC_SLOTS; empty: written == read; the difference is right after "
                   "the wrap, too");
    spsc_moves(check, 0);
    spsc_moves(check, 5);
    spsc_moves(check, UINT32_MAX - 3);
}

/* At the very instruction that says "full", the slot is complete. */
static void spsc_put_order(struct check *check)
{
    struct rings rings = rings_make(check, 0);
    struct spsc_message wanted = {.number = 7};

    strcpy(wanted.text, "message 7");
    ADVISE(check, .file = SPSC, .line = check_line(check, SPSC, "bool spsc_put("),
           .next = "fill the slot, then store written + 1 with memory_order_release");
    peer_ask(rings.peer, "get"); /* it has started, and its symbols are bound: that are thousands of instructions */
    watch_seize(rings.peer);
    peer_tell(rings.peer, "put 7");
    for (long i = 0; atomic_load(&rings.ring->written) == 0 && i < ORDER_STEPS_MAX; i++)
        peer_step(rings.peer);
    REQUIRE(check, memcmp(&wanted, &rings.ring->slots[0], sizeof wanted) == 0,
            .expected = "the message is in its slot at the instruction that changes written",
            .found = "the slot is not complete yet",
            .cause = "a consumer that looks at this moment gets what was there before");
    watch_release(rings.peer);
    peer_require(rings.peer, "spsc_put gives", peer_answer(rings.peer), "done");
    peer_finish(rings.peer);
}

/* At the very instruction that says "free", the producer writes there again. */
static void spsc_get_order(struct check *check)
{
    struct rings rings = rings_make(check, 0);

    ADVISE(check, .file = SPSC, .line = check_line(check, SPSC, "bool spsc_get("),
           .next = "copy the slot, then store read + 1 with memory_order_release");
    peer_require(rings.peer, "spsc_put gives", peer_ask(rings.peer, "put 7"), "done");
    watch_seize(rings.peer);
    peer_tell(rings.peer, "get");
    for (long i = 0; atomic_load(&rings.ring->read) == 0 && i < ORDER_STEPS_MAX; i++)
        peer_step(rings.peer);
    memset(&rings.ring->slots[0], '#', sizeof rings.ring->slots[0]);
    watch_release(rings.peer);
    const char *found = peer_answer(rings.peer);
    REQUIRE(check, strcmp(found, "7 message 7") == 0, .expected = "spsc_get gives message 7", .found = found,
            .cause = "read said that the slot is free before the message was copied: the producer was faster");
    peer_finish(rings.peer);
}

void spsc_order(struct check *check)
{
    spsc_put_order(check);
    spsc_get_order(check);
    ADVISE(check, .file = SPSC, .line = check_line(check, SPSC, "bool spsc_put("),
           .cause = "a store that should be a release, or a load that should be an acquire: x86 forgives it, "
                    "the language "
                    "and other machines do not",
           .next = "store the own counter with memory_order_release, load the other side's with memory_order_acquire");
    CHECK_WEAVE(check, .title = "a producer and a consumer, one message more than there are slots",
                .programs = {{PEER, "put", "9"}, {PEER, "get", "9"}}, .options = {"--bound", "1"},
                .exit_means = "a message was not the one that was due");
}
