/*
 * A producer and a consumer that take one step of the student's spsc.c when told, for the checks of lab 6.
 *
 *     lab6_spsc NAME     commands on standard input, see lab6_ring.h
 *
 *     put NUMBER         done, or full: a message with this number and a text that follows from it
 *     get                the number and the text of the message, or empty
 *     threads MESSAGES   all these messages from one thread to another, through a ring of their own: done,
 *                        or what was wrong. For a build with ThreadSanitizer, which cannot look into two
 *                        processes.
 *
 * The ring is the POSIX object NAME, which the check has made.
 */
#define _GNU_SOURCE
#include "lab6_ring.h"
#include "spsc.h"

static struct spsc_message message_make(int32_t number)
{
    struct spsc_message message = {.number = number};

    snprintf(message.text, sizeof message.text, "message %d", (int)number);
    return message;
}

static void command_put(struct spsc *ring, int32_t number)
{
    struct spsc_message message = message_make(number);

    printf("> %s\n", spsc_put(ring, &message) ? "done" : "full");
}

static void command_get(struct spsc *ring)
{
    struct spsc_message message = {.number = -1};

    if (spsc_get(ring, &message))
        printf("> %d %.*s\n", (int)message.number, SPSC_TEXT, message.text);
    else
        printf("> empty\n");
}

struct stream {
    struct spsc ring;
    int32_t messages;
    const char *wrong; /* of the consumer; read when it has ended */
};

static bool step_await(struct spsc *ring, struct spsc_message *message, bool producer)
{
    time_t begin = 0;

    while (!(producer ? spsc_put(ring, message) : spsc_get(ring, message)))
        if (!ring_turn(&begin))
            return false;
    return true;
}

static void *consume(void *data)
{
    struct stream *stream = data;

    for (int32_t i = 1; i <= stream->messages && stream->wrong == NULL; i++) {
        struct spsc_message wanted = message_make(i), message = {.number = -1};
        if (!step_await(&stream->ring, &message, false))
            stream->wrong = "a message never came";
        else if (memcmp(&wanted, &message, sizeof wanted) != 0)
            stream->wrong = "a message is not the one that was due";
    }
    return NULL;
}

static void command_threads(int32_t messages)
{
    static struct stream stream;
    bool room = true;
    pthread_t consumer;

    stream = (struct stream){.messages = messages};
    if (pthread_create(&consumer, NULL, consume, &stream) != 0) {
        printf("> no thread\n");
        return;
    }
    for (int32_t i = 1; i <= messages && room; i++) {
        struct spsc_message message = message_make(i);
        room = step_await(&stream.ring, &message, true);
    }
    pthread_join(consumer, NULL);
    printf("> %s\n", stream.wrong != NULL ? stream.wrong : room ? "done" : "a message finds no room");
}

static void command(void *ring, const char *line)
{
    if (ring_number(line, "put") >= 0)
        command_put(ring, (int32_t)ring_number(line, "put"));
    else if (strcmp(line, "get") == 0)
        command_get(ring);
    else if (ring_number(line, "threads") >= 0)
        command_threads((int32_t)ring_number(line, "threads"));
    else
        printf("> what is this?\n");
}

int main(int argc, char **argv)
{
    return ring_serve(argc, argv, sizeof(struct spsc), command);
}
