/*
 * A producer and readers that take one step of the student's fanout.c when told, for the checks of lab 6.
 *
 *     lab6_fanout NAME     commands on standard input, see lab6_ring.h
 *
 *     put NUMBER           done, or full: a message with this number and a text that follows from it
 *     join                 the number of the reader's line, -1: none is free
 *     get READER           the number and the text of the message, or empty
 *     leave READER         done
 *     threads MESSAGES     all these messages from one thread to two others, which come and go meanwhile,
 * through a ring of their own: done, or what was wrong. For a build with ThreadSanitizer, which cannot look
 * into two processes.
 *
 *     lab6_fanout put MESSAGES             these messages, and then the end
 *     lab6_fanout read MESSAGES VISITS     join, read so many messages (or up to the last one), leave; so
 * many times
 *
 * For weave, which runs these two side by side, each as a program of its own: status 1 when a reader gets
 * another message than the one that is due. The ring is the object RING_NAME, which who comes first makes.
 */
#define _GNU_SOURCE
#include "fanout.h"
#include "lab6_ring.h"

#define RING_NAME "/lab6_fanout"
enum { VISIT = 2, THREADS = 2 }; /* messages; readers */

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
};

static bool put_await(const struct stream *stream, int32_t number)
{
    struct fanout_message message = message_make(number);
    time_t begin = 0;

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

/* Join, read a few messages, or up to the last one, leave. *next is told which one was due then. */
static const char *visit(const struct stream *stream, int32_t *next)
{
    const char *wrong = NULL;
    int reader = fanout_join(stream->ring);

    if (reader < 0 || reader >= FANOUT_READERS)
        return "there is no line for a reader";
    *next = (int32_t)atomic_load_explicit(&stream->ring->readers[reader].cursor, memory_order_relaxed) + 1;
    for (int i = 0; i < VISIT && *next <= stream->messages && wrong == NULL; i++, ++*next)
        wrong = message_take(stream, reader, *next);
    fanout_leave(stream->ring, reader);
    return wrong;
}

struct reader {
    const struct stream *stream;
    const char *wrong;
};

static void *read_all(void *data)
{
    struct reader *reader = data;

    for (int32_t next = 1; next <= reader->stream->messages && reader->wrong == NULL;)
        reader->wrong = visit(reader->stream, &next);
    return NULL;
}

static void command_threads(int32_t messages)
{
    static struct fanout ring;
    const struct stream stream = {.ring = &ring, .messages = messages, .patient = true};
    struct reader readers[THREADS];
    pthread_t threads[THREADS];
    const char *wrong = NULL;

    memset(&ring, 0, sizeof ring);
    for (int i = 0; i < THREADS; i++) {
        readers[i] = (struct reader){.stream = &stream};
        if (pthread_create(&threads[i], NULL, read_all, &readers[i]) != 0)
            exit(EXIT_FAILURE);
    }
    for (int32_t i = 1; i <= messages && wrong == NULL; i++)
        if (!put_await(&stream, i))
            wrong = "a message finds no room";
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        if (readers[i].wrong != NULL)
            wrong = readers[i].wrong;
    }
    printf("> %s\n", wrong != NULL ? wrong : "done");
}

/* ---- For weave ---- */

static int run_put(const struct stream *stream)
{
    for (int32_t i = 1; i <= stream->messages; i++)
        if (!put_await(stream, i))
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

static int run_read(const struct stream *stream, long visits)
{
    const char *wrong = NULL;
    int32_t next;

    for (long i = 0; i < visits && wrong == NULL; i++)
        wrong = visit(stream, &next);
    if (wrong != NULL)
        fprintf(stderr, "lab6_fanout: %s\n", wrong);
    return wrong != NULL ? EXIT_FAILURE : EXIT_SUCCESS;
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
    bool puts = argc == 3 && strcmp(argv[1], "put") == 0, reads = argc == 4 && strcmp(argv[1], "read") == 0;

    if (!puts && !reads)
        return ring_serve(argc, argv, sizeof(struct fanout), command);
    const struct stream stream = {.ring = ring_map(RING_NAME, O_RDWR | O_CREAT, sizeof(struct fanout)),
                                  .messages = atoi(argv[2])};
    if (stream.ring == NULL)
        return EXIT_FAILURE;
    return puts ? run_put(&stream) : run_read(&stream, atol(argv[3]));
}
