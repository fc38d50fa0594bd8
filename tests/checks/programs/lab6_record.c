/*
 * A producer and a consumer that take one step of the student's record.c when told, for the checks of lab 6.
 *
 *     lab6_record NAME     commands on standard input, see lab6_ring.h
 *
 *     put LENGTH SEED      what record_put gives: done, full, too long, damaged. Byte i of the message is
 *                          (SEED + i) modulo 256.
 *     get CAPACITY         what record_get gives: "17 bytes, 0x05 and so on" if each one follows from the
 *                          first as above, and else which does not; "small, 17 bytes", empty, damaged; and
 *                          what was wrong with the buffer, after which nobody may write
 *     sweep                messages of many lengths at every place of the ring: done, or what was wrong
 *     threads MESSAGES     all these messages from one thread to another, through a ring of their own:
 *                          done, or what was wrong. For a build with ThreadSanitizer, which cannot look
 *                          into two processes.
 */
#define _GNU_SOURCE
#include "lab6_ring.h"
#include "record.h"

enum {
    GUARD = 8192, /* bytes after the buffer: twice the ring */
    UNTOUCHED = 0xA5,
    STRIDE = 1009, /* between the lengths of two messages: every length comes */
    WALK = 4,      /* lengths at each place in turn, so that every one comes */
};

/* Where a message arrives. */
struct target {
    unsigned char bytes[RECORD_BYTES + GUARD];
};

static void message_fill(unsigned char *bytes, size_t length, unsigned seed)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)(seed + i);
}

/* The first byte that is not as message_fill has it, `length` when all are. */
static size_t message_differs(const unsigned char *bytes, size_t length, unsigned seed)
{
    size_t i = 0;

    while (i < length && bytes[i] == (unsigned char)(seed + i))
        i++;
    return i;
}

static bool untouched(const struct target *target, size_t from)
{
    for (size_t i = from; i < sizeof target->bytes; i++)
        if (target->bytes[i] != UNTOUCHED)
            return false;
    return true;
}

static const char *end_text(enum record_end end)
{
    static const char *const texts[] = {
        [RECORD_DONE] = "done",   [RECORD_FULL] = "full",   [RECORD_TOO_LONG] = "too long",
        [RECORD_EMPTY] = "empty", [RECORD_SMALL] = "small", [RECORD_DAMAGED] = "damaged"};

    return (size_t)end < sizeof texts / sizeof texts[0] ? texts[end] : "something else";
}

/* ---- Steps ---- */

static void command_put(struct record_ring *ring, const char *line)
{
    unsigned char message[2 * RECORD_BYTES];
    size_t length = 0;
    unsigned seed = 0;

    sscanf(line, "put %zu %u", &length, &seed);
    if (length > sizeof message)
        length = sizeof message;
    message_fill(message, length, seed);
    printf("> %s\n", end_text(record_put(ring, length > 0 ? message : NULL, length)));
}

static void get_one(struct record_ring *ring, struct target *target, size_t capacity)
{
    size_t length = 0;
    enum record_end end = record_get(ring, target->bytes, capacity, &length);
    size_t differs =
        end == RECORD_DONE && length <= capacity ? message_differs(target->bytes, length, target->bytes[0]) : 0;
    if (!untouched(target, capacity))
        printf("> %s, and bytes after the buffer of %zu were written\n", end_text(end), capacity);
    else if (end != RECORD_DONE && !untouched(target, 0))
        printf("> %s, and the buffer was written all the same\n", end_text(end));
    else if (end == RECORD_SMALL)
        printf("> small, %zu bytes\n", length);
    else if (end != RECORD_DONE)
        printf("> %s\n", end_text(end));
    else if (length > capacity)
        printf("> %zu bytes, in a buffer of %zu\n", length, capacity);
    else if (length == 0)
        printf("> 0 bytes\n");
    else if (differs < length)
        printf("> %zu bytes, 0x%02x and so on, but byte %zu is 0x%02x\n", length, target->bytes[0], differs,
               target->bytes[differs]);
    else
        printf("> %zu bytes, 0x%02x and so on\n", length, target->bytes[0]);
}

static void command_get(struct record_ring *ring, size_t capacity)
{
    static struct target target;
    static bool prepared;

    if (!prepared)
        memset(&target, UNTOUCHED, sizeof target);
    get_one(ring, &target, capacity);
    memset(&target, UNTOUCHED, sizeof target); /* now: a check may run the next one instruction by instruction */
    prepared = true;
}

/* ---- Every place ---- */

/* Put and get one message with the counters at this place. False, and says so: it was not done, or not whole. */
static bool sweep_one(struct record_ring *ring, uint64_t place, size_t length)
{
    static unsigned char message[RECORD_BYTES], target[RECORD_BYTES];
    unsigned seed = (unsigned)(place + length);
    size_t got = 0;

    atomic_store_explicit(&ring->written, place, memory_order_relaxed);
    atomic_store_explicit(&ring->read, place, memory_order_relaxed);
    message_fill(message, length, seed);
    enum record_end put = record_put(ring, message, length);
    if (put != RECORD_DONE) {
        printf("> in an empty ring, at place %llu, %zu bytes: record_put gives %s\n", (unsigned long long)place, length,
               end_text(put));
        return false;
    }
    enum record_end get = record_get(ring, target, sizeof target, &got);
    if (get != RECORD_DONE || got != length || message_differs(target, length, seed) != length) {
        printf("> at place %llu, %zu bytes: record_get gives %s, and another message\n", (unsigned long long)place,
               length, end_text(get));
        return false;
    }
    return true;
}

/* All lengths from `least` to `most`, as far as there are such. */
static bool sweep_range(struct record_ring *ring, uint64_t place, long least, long most)
{
    for (long length = least > 0 ? least : 0; length <= most && length <= RECORD_MAX; length++)
        if (!sweep_one(ring, place, (size_t)length))
            return false;
    return true;
}

/* At every place: the shortest, the longest, those that just fit before the ring's end and just do not,
 * and all others in turn. */
static void command_sweep(struct record_ring *ring)
{
    long walk = 0;

    for (uint64_t place = 0; place < RECORD_BYTES; place += RECORD_ALIGN, walk = (walk + WALK) % (RECORD_MAX + 1)) {
        long fits = (long)(RECORD_BYTES - place - sizeof(struct record_header));
        if (!sweep_range(ring, place, 0, RECORD_ALIGN) || !sweep_range(ring, place, fits - RECORD_ALIGN, fits + 1) ||
            !sweep_range(ring, place, RECORD_MAX - 1, RECORD_MAX) || !sweep_range(ring, place, walk, walk + WALK - 1))
            return;
    }
    printf("> done\n");
}

/* ---- Two threads ---- */

struct stream {
    struct record_ring ring;
    long messages;
    const char *wrong; /* of the consumer; read when it has ended */
};

static size_t stream_length(long number)
{
    return (size_t)(number * STRIDE % (RECORD_MAX + 1));
}

static void *consume(void *data)
{
    static unsigned char message[RECORD_MAX];
    struct stream *stream = data;

    for (long i = 1; i <= stream->messages && stream->wrong == NULL; i++) {
        enum record_end end;
        size_t length = 0;
        time_t begin = 0;
        while ((end = record_get(&stream->ring, message, sizeof message, &length)) == RECORD_EMPTY)
            if (!ring_turn(&begin))
                break;
        if (end == RECORD_EMPTY)
            stream->wrong = "a message never came";
        else if (end != RECORD_DONE || length != stream_length(i) ||
                 message_differs(message, length, (unsigned)i) != length)
            stream->wrong = "a message is not the one that was due";
    }
    return NULL;
}

static void command_threads(long messages)
{
    static unsigned char message[RECORD_MAX];
    static struct stream stream;
    bool room = true;
    pthread_t consumer;

    memset(&stream, 0, sizeof stream);
    stream.messages = messages;
    if (pthread_create(&consumer, NULL, consume, &stream) != 0) {
        printf("> no thread\n");
        return;
    }
    for (long i = 1; i <= messages && room; i++) {
        time_t begin = 0;
        message_fill(message, stream_length(i), (unsigned)i);
        while (record_put(&stream.ring, message, stream_length(i)) != RECORD_DONE && room)
            room = ring_turn(&begin);
    }
    pthread_join(consumer, NULL);
    printf("> %s\n", stream.wrong != NULL ? stream.wrong : room ? "done" : "a message finds no room");
}

static void command(void *ring, const char *line)
{
    if (ring_number(line, "put") >= 0)
        command_put(ring, line);
    else if (ring_number(line, "get") >= 0)
        command_get(ring, (size_t)ring_number(line, "get"));
    else if (strcmp(line, "sweep") == 0)
        command_sweep(ring);
    else if (ring_number(line, "threads") >= 0)
        command_threads(ring_number(line, "threads"));
    else
        printf("> what is this?\n");
}

int main(int argc, char **argv)
{
    return ring_serve(argc, argv, sizeof(struct record_ring), command);
}
