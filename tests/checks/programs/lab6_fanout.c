/*
 * A producer and readers that take one step of the student's fanout.c when told, for the checks of lab 6.
 *
 *     lab6_fanout NAME     commands on standard input, see lab6_ring.h
 *
 *     put NUMBER           done, or full: a message with this number and a text that follows from it
 *     join                 the number of the reader's line, -1: none is free
 *     get READER           the number and the text of the message, or empty
 *     leave READER         done
 *     threads MESSAGES     all these messages from one thread to another, which comes and goes
 *                          meanwhile, through rings of their own: done, or what was wrong. For a build
 *                          with ThreadSanitizer, which cannot look into two processes.
 *
 *     lab6_fanout put MESSAGES             these messages, and then the end
 *     lab6_fanout read MESSAGES VISITS     join, read a message, if any will come, leave; so many times.
 *                                          Status 1: a message was not the one that was due
 *     lab6_fanout line                     join, and stay. Status 1: somebody else has the same line
 *
 * The last three are for weave, which runs them side by side, each as a program of its own. The ring is the
 * object OBJECT_NAME, which who comes first makes.
 */
#define _GNU_SOURCE
#include "fanout.h"
#include "lab6_ring.h"

#define OBJECT_NAME "/lab6_fanout"

static struct fanout_message message_make(int32_t number)
{
    struct fanout_message message = {.number = number};

    snprintf(message.text, sizeof message.text, "message %d", (int)number);
    return message;
}

/* ---- Steps ---- */

static void command_put(struct fanout *ring, int32_t number)
{
    struct fanout_message message = message_make(number);

    printf("> %s\n", fanout_put(ring, &message) ? "done" : "full");
}

static void command_get(struct fanout *ring, int reader)
{
    struct fanout_message message = {.number = -1};

    if (fanout_get(ring, reader, &message))
        printf("> %d %.*s\n", (int)message.number, FANOUT_TEXT, message.text);
    else
        printf("> empty\n");
}

/* ---- Readers that come and go, beside a producer ---- */

struct stream {
    struct fanout *ring;
    int32_t messages;
    bool patient; /* let others run while waiting, and give up at last; weave has both of its own */
    /* NULL, or: somebody is joining, and the producer lets that happen, for what may go wrong there only
     * weave finds every time; relaxed, and so it orders nothing. */
    _Atomic bool *joining;
};

static bool put_await(const struct stream *stream, int32_t number)
{
    struct fanout_message message = message_make(number);
    time_t begin = 0;

    while (stream->joining != NULL && atomic_load_explicit(stream->joining, memory_order_relaxed))
        if (!ring_turn(&begin))
            return false;
    while (!fanout_put(stream->ring, &message))
        if (stream->patient && !ring_turn(&begin))
            return false;
    return true;
}

/* The reader's next message, which must be the one with this number. NULL, or what was wrong. */
static const char *message_take(const struct stream *stream, int reader, int32_t number)
{
    struct fanout_message wanted = message_make(number), message = {.number = -1};
    time_t begin = 0;

    while (!fanout_get(stream->ring, reader, &message))
        if (stream->patient && !ring_turn(&begin))
            return "a message never came";
    return memcmp(&wanted, &message, sizeof wanted) == 0 ? NULL : "a message is not the one that was due";
}

/* Join, read one message, unless the last one was sent already, leave. *next is told which one would be due then. */
static const char *visit(const struct stream *stream, int32_t *next)
{
    const char *wrong = NULL;

    if (stream->joining != NULL)
        atomic_store_explicit(stream->joining, true, memory_order_relaxed);
    int reader = fanout_join(stream->ring);
    if (stream->joining != NULL)
        atomic_store_explicit(stream->joining, false, memory_order_relaxed);
    if (reader < 0 || reader >= FANOUT_READERS)
        return "there is no line for a reader";
    *next = (int32_t)atomic_load_explicit(&stream->ring->readers[reader].cursor, memory_order_relaxed) + 1;
    if (*next <= stream->messages)
        wrong = message_take(stream, reader, (*next)++);
    if (wrong == NULL) /* or else what was wrong is the last step */
        fanout_leave(stream->ring, reader);
    return wrong;
}

struct reader {
    const struct stream *stream;
    const char *wrong; /* read when it has ended */
};

static void *read_all(void *data)
{
    struct reader *reader = data;

    for (int32_t next = 1; next <= reader->stream->messages && reader->wrong == NULL;)
        reader->wrong = visit(reader->stream, &next);
    return NULL;
}

static pthread_t thread_start(void *(*run)(void *), void *data)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run, data) != 0)
        exit(EXIT_FAILURE);
    return thread;
}

/* All messages, to a reader that comes and goes. One: two that want the same line are fanout_race's business. */
static const char *threads_stream(const struct stream *stream)
{
    struct reader reader = {.stream = stream};
    pthread_t thread = thread_start(read_all, &reader);
    bool room = true;

    for (int32_t i = 1; i <= stream->messages && room; i++)
        room = put_await(stream, i);
    pthread_join(thread, NULL);
    return reader.wrong != NULL ? reader.wrong : room ? NULL : "a message finds no room";
}

/* A reader that joins and takes one message; the relaxed stores that tell so order nothing. */
struct guest {
    const struct stream *stream;
    bool leaves;
    _Atomic int stage; /* 1: has joined, 2: has taken its message, and left if it leaves */
    const char *wrong;
};

static void *guest_run(void *data)
{
    struct guest *guest = data;
    int reader = fanout_join(guest->stream->ring);

    atomic_store_explicit(&guest->stage, 1, memory_order_relaxed);
    guest->wrong = reader >= 0 ? message_take(guest->stream, reader, 1) : "there is no line for a reader";
    if (guest->leaves && reader >= 0)
        fanout_leave(guest->stream->ring, reader);
    atomic_store_explicit(&guest->stage, 2, memory_order_relaxed);
    return NULL;
}

static void guest_await(struct guest *guest, int stage)
{
    time_t begin = 0;

    while (atomic_load_explicit(&guest->stage, memory_order_relaxed) < stage && ring_turn(&begin))
        continue;
}

/*
 * What the guest has read is overwritten afterwards, and the two threads meet nowhere but in the ring: so
 * ThreadSanitizer need not be lucky to see whether its last store, of the cursor or of the state, orders
 * that.
 */
static const char *threads_guest(bool leaves)
{
    struct fanout ring = {0};
    const struct stream stream = {.ring = &ring, .messages = FANOUT_SLOTS + 1, .patient = true};
    struct guest guest = {.stream = &stream, .leaves = leaves};
    pthread_t thread = thread_start(guest_run, &guest);

    guest_await(&guest, 1);
    bool room = put_await(&stream, 1);
    guest_await(&guest, 2);
    for (int32_t i = 2; i <= stream.messages && room; i++)
        room = put_await(&stream, i);
    pthread_join(thread, NULL);
    return guest.wrong != NULL ? guest.wrong : room ? NULL : "a message finds no room";
}

static void command_threads(int32_t messages)
{
    struct fanout ring = {0};
    _Atomic bool joining = false;
    const struct stream stream = {.ring = &ring, .messages = messages, .patient = true, .joining = &joining};
    const char *wrong = threads_guest(false);

    if (wrong == NULL)
        wrong = threads_guest(true);
    if (wrong == NULL)
        wrong = threads_stream(&stream);
    printf("> %s\n", wrong != NULL ? wrong : "done");
}

/* ---- For weave ---- */

struct object {
    struct fanout ring;
    _Atomic int taken[FANOUT_READERS]; /* 1: a reader was given this line; relaxed, and so it orders nothing */
};

static int run_put(struct object *object, int32_t messages)
{
    const struct stream stream = {.ring = &object->ring, .messages = messages};

    for (int32_t i = 1; i <= stream.messages; i++)
        if (!put_await(&stream, i))
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

static int run_read(struct object *object, int32_t messages, int visits)
{
    const struct stream stream = {.ring = &object->ring, .messages = messages};
    int32_t next;

    for (int i = 0; i < visits; i++)
        if (visit(&stream, &next) != NULL)
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

static int run_line(struct object *object)
{
    int reader = fanout_join(&object->ring);

    if (reader < 0 || atomic_load_explicit(&object->taken[reader], memory_order_relaxed) != 0)
        return EXIT_FAILURE;
    atomic_store_explicit(&object->taken[reader], 1, memory_order_relaxed);
    return EXIT_SUCCESS;
}

static void command(void *ring, const char *line)
{
    if (ring_number(line, "put") >= 0) {
        command_put(ring, (int32_t)ring_number(line, "put"));
    } else if (strcmp(line, "join") == 0) {
        printf("> %d\n", fanout_join(ring));
    } else if (ring_number(line, "get") >= 0) {
        command_get(ring, (int)ring_number(line, "get"));
    } else if (ring_number(line, "leave") >= 0) {
        fanout_leave(ring, (int)ring_number(line, "leave"));
        printf("> done\n");
    } else if (ring_number(line, "threads") >= 0) {
        command_threads((int32_t)ring_number(line, "threads"));
    } else {
        printf("> what is this?\n");
    }
}

int main(int argc, char **argv)
{
    const char *role = argc > 1 ? argv[1] : "";
    bool puts = argc == 3 && strcmp(role, "put") == 0, reads = argc == 4 && strcmp(role, "read") == 0;

    if (!puts && !reads && strcmp(role, "line") != 0)
        return ring_serve(argc, argv, sizeof(struct fanout), command);
    struct object *object = ring_map(OBJECT_NAME, O_RDWR | O_CREAT, sizeof *object);
    if (object == NULL)
        return EXIT_FAILURE;
    if (puts)
        return run_put(object, atoi(argv[2]));
    return reads ? run_read(object, atoi(argv[2]), atoi(argv[3])) : run_line(object);
}
