/*
 * Lab 6, challenge: messages of any size. programs/lab6_record.c takes one step of the student's record.c
 * when told. The check knows from shmlab/record_ring.h what must be in the ring then, and is the hostile
 * producer, too, that stores lengths and counters which nobody should believe.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lab6_rings.h"
#include "objects.h"
#include "peers.h"
#include "shmlab/record_ring.h"
#include "watch.h"

#define RECORD "record.c"
#define PEER   "lab6_record"

enum {
    HEADER = sizeof(struct record_header),
    ORDER_STEPS_MAX = 1000000, /* instructions, far more than any step takes */
    BEFORE = 0x5A,             /* what is in the ring before anybody writes there */
    TAKEN_MAX = RECORD_BYTES / HEADER,
};

/* The ring, and what must be in it. */
struct rings {
    struct check *check;
    struct program *peer;
    struct record_ring *ring;
    uint64_t written, read;
    struct {
        size_t length;
        unsigned seed;
    } records[TAKEN_MAX]; /* of the messages that are in the ring, the oldest one first */
    size_t count;
    unsigned seed; /* of the next message */
};

static struct rings rings_make(struct check *check, uint64_t counters)
{
    const char *name = check_name(check);
    struct rings rings = {.check = check,
                          .ring = posix_create(check, name, sizeof *rings.ring, 0600),
                          .written = counters,
                          .read = counters,
                          .seed = 1};

    memset(rings.ring->bytes, BEFORE, sizeof rings.ring->bytes);
    atomic_store(&rings.ring->written, counters);
    atomic_store(&rings.ring->read, counters);
    rings.peer = START(check, PEER, name);
    return rings;
}

static void blame(struct check *check, const char *function, const char *cause, const char *next)
{
    ADVISE(check, .file = RECORD, .line = check_line(check, RECORD, function), .cause = cause, .next = next);
}

/* As shmlab/record_ring.h has it. */
static uint64_t record_size(size_t length)
{
    return (HEADER + length + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

static uint64_t record_skip(uint64_t written, size_t length)
{
    uint64_t rest = RECORD_BYTES - written % RECORD_BYTES;

    return record_size(length) > rest ? rest : 0;
}

static const char *when_text(const struct rings *rings)
{
    return check_text(rings->check, "written %" PRIu64 ", read %" PRIu64, rings->written, rings->read);
}

static void counters_require(const struct rings *rings, const char *when)
{
    uint64_t written = atomic_load(&rings->ring->written), read = atomic_load(&rings->ring->read);

    REQUIRE(rings->check, written == rings->written && read == rings->read,
            .expected = check_text(rings->check, "%s: %s (bytes 0 and 64)", when, when_text(rings)),
            .found = check_text(rings->check, "written %" PRIu64 ", read %" PRIu64, written, read),
            .cause = "a counter grows by the whole record, with its header, rounded up to a multiple of 8, "
                     "and by what is "
                     "skipped; and only its own side changes it");
}

static const char *bytes_text(struct check *check, const unsigned char *bytes, size_t count)
{
    const char *text = "";

    for (size_t i = 0; i < count; i++)
        text = check_text(check, "%s%s%02x", text, i > 0 ? " " : "", bytes[i]);
    return text;
}

static void header_require(const struct rings *rings, uint64_t at, uint64_t length, const char *what)
{
    const struct record_header wanted = {.length = length};

    REQUIRE(rings->check, memcmp(&rings->ring->bytes[at], &wanted, sizeof wanted) == 0,
            .expected = check_text(rings->check, "%s: bytes[%" PRIu64 "] to [%" PRIu64 "], %s: %s", when_text(rings),
                                   at, at + HEADER - 1, what,
                                   bytes_text(rings->check, (const unsigned char *)&wanted, sizeof wanted)),
            .found = bytes_text(rings->check, &rings->ring->bytes[at], HEADER));
}

/* The bytes of a message at this place of the ring. */
static void message_require(const struct rings *rings, uint64_t at, size_t length, unsigned seed)
{
    for (size_t i = 0; i < length; i++)
        REQUIRE(rings->check, rings->ring->bytes[at + i] == (unsigned char)(seed + i),
                .expected =
                    check_text(rings->check, "%s: byte %zu of the message of %zu, bytes[%" PRIu64 "], is 0x%02x",
                               when_text(rings), i, length, at + i, (unsigned char)(seed + i)),
                .found = check_text(rings->check, "0x%02x", rings->ring->bytes[at + i]));
}

/* From this place on nothing has changed. */
static void same_require(const struct rings *rings, const struct record_ring *before, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        REQUIRE(rings->check, rings->ring->bytes[i] == before->bytes[i],
                .expected = check_text(rings->check,
                                       "%s: record_put leaves bytes[%" PRIu64 "] alone, which is not its record's",
                                       when_text(rings), i),
                .found = check_text(rings->check, "0x%02x became 0x%02x", before->bytes[i], rings->ring->bytes[i]),
                .cause = "bytes after the record, or before it, belong to others: the consumer may be "
                         "reading them");
}

static const char *put_text(const struct rings *rings, size_t length)
{
    return check_text(rings->check, "%s: record_put of %zu bytes gives", when_text(rings), length);
}

/* What record_put must have done in the ring. */
static void put_look(struct rings *rings, const struct record_ring *before, size_t length)
{
    uint64_t at = rings->written % RECORD_BYTES, skip = record_skip(rings->written, length), size = record_size(length);

    blame(rings->check, "enum record_end record_put(",
          "each record is in one piece: a header of 8 bytes with its length, and its bytes after it",
          "place: written % RECORD_BYTES; where the record does not fit before the end, RECORD_SKIP there, "
          "and it goes to 0");
    if (skip > 0)
        header_require(rings, at, RECORD_SKIP, "RECORD_SKIP");
    uint64_t begin = skip > 0 ? 0 : at;
    header_require(rings, begin, length, "the record's length");
    message_require(rings, begin + HEADER, length, rings->seed);
    if (skip > 0) {
        same_require(rings, before, at + HEADER, RECORD_BYTES);
        same_require(rings, before, size, at);
    } else {
        same_require(rings, before, 0, at);
        same_require(rings, before, at + size, RECORD_BYTES);
    }
    rings->written += skip + size;
    counters_require(rings, "after record_put");
}

/* Put one message; whether there is room follows from the format. True: there was. */
static bool put_one(struct rings *rings, size_t length)
{
    struct record_ring before = *rings->ring;
    uint64_t need = record_skip(rings->written, length) + record_size(length);
    bool room = need <= RECORD_BYTES - (rings->written - rings->read);

    blame(rings->check, "enum record_end record_put(",
          room ? "there is room as soon as the record, and what is skipped before it, fit into the "
                 "bytes that are free"
               : "a record that begins at 0 needs the bytes that are skipped as well as its own",
          "free: RECORD_BYTES - (written - read); needed: skip + header + length, rounded up to a multiple of 8");
    const char *answer = peer_ask(rings->peer, "put %zu %u", length, rings->seed);
    peer_require(rings->peer, put_text(rings, length), answer, room ? "done" : "full");
    if (room) {
        put_look(rings, &before, length);
        rings->records[rings->count].length = length;
        rings->records[rings->count++].seed = rings->seed;
        rings->seed = rings->seed % 250 + 1;
        return true;
    }
    counters_require(rings, "after record_put that found no room");
    same_require(rings, &before, 0, RECORD_BYTES);
    return false;
}

/* As the peer says it. */
static const char *bytes_got(struct check *check, size_t length, unsigned seed)
{
    return length > 0 ? check_text(check, "%zu bytes, 0x%02x and so on", length, seed) : "0 bytes";
}

/* The oldest message is out. */
static void taken_note(struct rings *rings, size_t length)
{
    rings->read += record_skip(rings->read, length) + record_size(length);
    memmove(&rings->records[0], &rings->records[1], --rings->count * sizeof rings->records[0]);
}

/* The oldest message arrives, in a buffer that just holds it. */
static void get_one(struct rings *rings)
{
    size_t length = rings->records[0].length;
    unsigned seed = rings->records[0].seed;

    blame(rings->check, "enum record_end record_get(", "the mirror image of record_put, skip included",
          "a header with RECORD_SKIP: the record is at the ring's beginning");
    const char *when =
        check_text(rings->check, "%s: record_get with room for %zu bytes gives", when_text(rings), length);
    const char *answer = peer_ask(rings->peer, "get %zu", length);
    peer_require(rings->peer, when, answer, bytes_got(rings->check, length, seed));
    taken_note(rings, length);
    counters_require(rings, "after record_get");
}

static void get_refused(struct rings *rings)
{
    blame(rings->check, "enum record_end record_get(",
          "an empty ring is one whose counters are equal, wherever they are", "empty: written == read");
    peer_require(rings->peer, check_text(rings->check, "%s: record_get gives", when_text(rings)),
                 peer_ask(rings->peer, "get %d", RECORD_BYTES), "empty");
    counters_require(rings, "after record_get that found nothing");
}

/* Fill the ring with messages of these lengths in turn until one finds no room, take some out, fill again, empty it. */
static void fill_and_empty(struct check *check, uint64_t counters, const size_t lengths[2])
{
    struct rings rings = rings_make(check, counters);
    size_t turn = 0;

    get_refused(&rings);
    for (int round = 0; round < 3; round++) {
        while (put_one(&rings, lengths[turn % 2]))
            turn++;
        for (size_t left = round < 2 ? rings.count / 2 : 0; rings.count > left;)
            get_one(&rings);
    }
    get_refused(&rings);
    peer_finish(rings.peer);
}

/* Enough bytes are free for a record, but in two pieces: it has to wait until they are enough after a skip, too. */
static void skip_counts(struct check *check)
{
    struct rings rings = rings_make(check, 0);

    put_one(&rings, 1000);
    put_one(&rings, 1000);
    put_one(&rings, 1500);
    get_one(&rings);
    put_one(&rings, 1200); /* finds no room: some 580 bytes up to the end, 1008 at the beginning */
    get_one(&rings);
    put_one(&rings, 1200);
    get_one(&rings);
    get_one(&rings);
    get_refused(&rings);
    peer_finish(rings.peer);
}

/* What does not fit now, never fits, or does not fit into the buffer. */
static void refusals(struct check *check)
{
    struct rings rings = rings_make(check, RECORD_BYTES / 2);

    if (!put_one(&rings, RECORD_MAX)) /* in the middle of the ring, and it is empty */
        check_broken(check, "the longest message does not fit into an empty ring");
    get_one(&rings);
    blame(check, "enum record_end record_put(",
          "a message that is longer than RECORD_MAX may never find room: its sender "
          "must hear that, and not wait",
          "length > RECORD_MAX: RECORD_TOO_LONG, before anything else is looked at");
    const size_t long_ones[] = {RECORD_MAX + 1, RECORD_BYTES - HEADER, RECORD_BYTES};
    for (size_t i = 0; i < sizeof long_ones / sizeof long_ones[0]; i++)
        peer_require(rings.peer, put_text(&rings, long_ones[i]), peer_ask(rings.peer, "put %zu 1", long_ones[i]),
                     "too long");
    counters_require(&rings, "after record_put of a message that is too long");

    put_one(&rings, 100);
    blame(check, "enum record_end record_get(",
          "a buffer that is too small: its owner can fetch a larger one, if it hears how large",
          "*length, then capacity; only then copy, and move read");
    peer_require(rings.peer, "of a message of 100 bytes, with room for 99, record_get gives",
                 peer_ask(rings.peer, "get 99"), "small, 100 bytes");
    counters_require(&rings, "after record_get with a buffer that is too small");
    get_one(&rings);
    peer_finish(rings.peer);
}

void record_bytes(struct check *check)
{
    static const uint64_t places[] = {0, RECORD_BYTES / 2 + 8, RECORD_BYTES - 8, (uint64_t)UINT32_MAX + 1 - 2048};
    static const size_t lengths[][2] = {{56, 56}, {500, 0}, {1, 777}, {RECORD_MAX, 8}};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        fill_and_empty(check, places[i], lengths[i]);
    skip_counts(check);
    refusals(check);
    struct rings rings = rings_make(check, 0);
    blame(check, "enum record_end record_put(",
          "at some place of the ring a message of some length is not put, or not got: the transcript says which",
          "take the numbers by hand: place, what is left up to the end, header, length, rounded up");
    peer_require(rings.peer, "messages at every place of the ring, one at a time", peer_ask(rings.peer, "sweep"),
                 "done");
    peer_finish(rings.peer);
}

/* ---- Nobody is to be believed ---- */

static void header_put(struct rings *rings, uint64_t at, uint64_t length)
{
    const struct record_header header = {.length = length};

    memcpy(&rings->ring->bytes[at], &header, sizeof header);
}

/* One header, or two, and counters, as a hostile program may have stored them. */
struct lie {
    const char *what;
    uint64_t read, unread, length, first; /* `first`: the length at the ring's beginning */
};

static void lie_refused(struct check *check, const struct lie *lie)
{
    struct rings rings = rings_make(check, lie->read);

    rings.written = lie->read + lie->unread;
    atomic_store(&rings.ring->written, rings.written);
    header_put(&rings, 0, lie->first);
    header_put(&rings, lie->read % RECORD_BYTES / RECORD_ALIGN * RECORD_ALIGN, lie->length);
    const char *when = check_text(check, "%s: %s: record_get gives", lie->what, when_text(&rings));
    const char *answer = peer_ask(rings.peer, "get %d", RECORD_BYTES);
    size_t length = strcspn(answer, ","); /* of a message that should not be there the bytes do not matter */
    peer_require(rings.peer, when, check_text(check, "%.*s", (int)length, answer), "damaged");
    counters_require(&rings, "after record_get of something damaged");
    peer_finish(rings.peer);
}

static void put_refused(struct check *check, const char *what, uint64_t written, uint64_t read)
{
    struct rings rings = rings_make(check, read);

    rings.written = written;
    atomic_store(&rings.ring->written, written);
    struct record_ring before = *rings.ring;
    const char *when = check_text(check, "%s: %s: record_put gives", what, when_text(&rings));
    peer_require(rings.peer, when, peer_ask(rings.peer, "put 100 1"), "damaged");
    counters_require(&rings, "after record_put into something damaged");
    same_require(&rings, &before, 0, RECORD_BYTES);
    peer_finish(rings.peer);
}

/* The header changes while record_get is at work, after every so many instructions: whoever looks once takes the one
 * length or the other, and refuses what was not published. */
static void length_turns(struct rings *rings, long every)
{
    enum { TRUE = 100, LIE = 200, LONG_ENOUGH = 2000 };

    blame(rings->check, "enum record_end record_get(", "a number was checked, and then read again from shared memory",
          "one look, into a variable; from then on the variable only");
    watch_seize(rings->peer);
    peer_tell(rings->peer, "get %d", TRUE);
    for (long i = 0; atomic_load(&rings->ring->read) == rings->read && i < LONG_ENOUGH; i++) {
        header_put(rings, rings->read % RECORD_BYTES, i / every % 2 == 0 ? TRUE : LIE);
        peer_step(rings->peer);
    }
    watch_release(rings->peer);
    const char *answer = peer_answer(rings->peer);
    bool taken = strcmp(answer, bytes_got(rings->check, TRUE, rings->records[0].seed)) == 0;
    REQUIRE(rings->check, taken || strcmp(answer, "damaged") == 0,
            .expected = check_text(rings->check,
                                   "when the length changes meanwhile from %d to %d, of which %d were "
                                   "published, record_get gives %d bytes, or damaged",
                                   TRUE, LIE, TRUE, TRUE),
            .found = answer,
            .cause = "the header was looked at twice: the length that was checked is not the one that was used",
            .next = "one look, into a variable; from then on the variable only");
    header_put(rings, rings->read % RECORD_BYTES, TRUE);
    if (!taken)
        get_one(rings);
    else
        taken_note(rings, TRUE);
}

static void length_changes(struct check *check)
{
    struct rings rings = rings_make(check, 0);

    get_refused(&rings); /* it has started, and its symbols are bound */
    for (long every = 1; every <= 256; every *= 2) {
        if (!put_one(&rings, 100))
            check_broken(check, "there is no room for 100 bytes");
        length_turns(&rings, every);
    }
    peer_finish(rings.peer);
}

void record_hostile(struct check *check)
{
    static const struct lie lies[] = {
        {"a length of one byte more than was published", 0, 64, 57, 57},
        {"a length that reaches past the ring's end", 4000, 512, 200, 0},
        {"a length of RECORD_MAX + 1", 0, 4096, RECORD_MAX + 1, RECORD_MAX + 1},
        {"a length of 2^32 + 8", 64, 64, (UINT64_C(1) << 32) + 8, 0},
        {"a length of 2^64 - 8: with the header and rounded up it is 0 again", 64, 64, UINT64_MAX - 7, 0},
        {"a length of 2^63", 64, 64, UINT64_C(1) << 63, 0},
        {"a skip after which nothing was published", 4000, 96, RECORD_SKIP, 8},
        {"a skip that is longer than what was published", 4000, 64, RECORD_SKIP, 8},
        {"a skip of the whole ring", 0, 4096, RECORD_SKIP, RECORD_SKIP},
        {"a skip, and another one where the record should be", 4000, 512, RECORD_SKIP, RECORD_SKIP},
        {"a skip, and after it one byte more than was published", 4000, 96 + 64, RECORD_SKIP, 57},
        {"more bytes in use than the ring has", 0, 4096 + 8, 8, 8},
        {"written is less than read", 64, -UINT64_C(8), 8, 8},
        {"written that is no multiple of 8", 0, 20, 8, 8},
        {"read that is no multiple of 8", 4, 60, 8, 8},
    };

    blame(check, "enum record_end record_get(",
          "a number from shared memory was believed: a program that may write there may have stored any number",
          "counters first; then the header, once, into a variable; compare the length with RECORD_MAX before "
          "anything is added "
          "to it, and the record with the ring's end and with what was published");
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
        lie_refused(check, &lies[i]);
    blame(check, "enum record_end record_put(",
          "RECORD_BYTES - (written - read) is an enormous number when more is in use than there can be",
          "written - read <= RECORD_BYTES, and both multiples of 8, before anything else");
    put_refused(check, "read is more than written", 0, 64);
    put_refused(check, "more bytes in use than the ring has", 8192, 64);
    put_refused(check, "written that is no multiple of 8", 4092, 4088);
    length_changes(check);
}

/* ---- One instruction after another ---- */

/* Skip and record are complete at the very instruction that publishes them, which is one. */
static void put_order(struct check *check)
{
    struct rings rings = rings_make(check, RECORD_BYTES - 16);

    blame(check, "enum record_end record_put(", "a consumer that looks at this moment gets what was there before",
          "skip, header and bytes first; then one store to written");
    peer_ask(rings.peer, "get 0"); /* it has started, and its symbols are bound: that are thousands of instructions */
    watch_seize(rings.peer);
    peer_tell(rings.peer, "put 100 %u", rings.seed);
    for (long i = 0; atomic_load(&rings.ring->written) == rings.written && i < ORDER_STEPS_MAX; i++)
        peer_step(rings.peer);
    uint64_t grown = atomic_load(&rings.ring->written) - rings.written, whole = 16 + record_size(100);
    REQUIRE(check, grown == whole,
            .expected = check_text(check, "written grows by skip and record at once, 16 + %" PRIu64, record_size(100)),
            .found = check_text(check, "by %" PRIu64, grown),
            .cause = "a consumer that looks at this moment finds a skip after which nothing was published");
    header_require(&rings, RECORD_BYTES - 16, RECORD_SKIP, "RECORD_SKIP, at the instruction that changes written");
    header_require(&rings, 0, 100, "the record's length, at the instruction that changes written");
    message_require(&rings, HEADER, 100, rings.seed);
    watch_release(rings.peer);
    peer_require(rings.peer, "record_put gives", peer_answer(rings.peer), "done");
    peer_finish(rings.peer);
}

/* At the very instruction that moves read the producer writes there again. */
static void get_order(struct check *check)
{
    struct rings rings = rings_make(check, 0);

    get_refused(&rings); /* it has started, as above */
    put_one(&rings, 100);
    blame(check, "enum record_end record_get(",
          "read said that the bytes are free before they were copied: the producer was faster",
          "copy the bytes, then store read with memory_order_release");
    watch_seize(rings.peer);
    peer_tell(rings.peer, "get 100");
    for (long i = 0; atomic_load(&rings.ring->read) == rings.read && i < ORDER_STEPS_MAX; i++)
        peer_step(rings.peer);
    memset(rings.ring->bytes, BEFORE, sizeof rings.ring->bytes);
    watch_release(rings.peer);
    peer_require(rings.peer, "record_get gives", peer_answer(rings.peer), bytes_got(check, 100, 1));
    peer_finish(rings.peer);
}

void record_order(struct check *check)
{
    const char *name = check_name(check);

    put_order(check);
    get_order(check);
    posix_create(check, name, sizeof(struct record_ring), 0600);
    blame(check, "enum record_end record_put(",
          "a store that should be a release, or a load that should be an acquire: x86 forgives it, the "
          "language and other machines do not",
          "store the own counter with memory_order_release, load the other side's with memory_order_acquire");
    peer_threads(check, PEER, name, 300);
}
