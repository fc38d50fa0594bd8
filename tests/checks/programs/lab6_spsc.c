/*
 * A producer and a consumer that take one step of the student's spsc.c when told, for the checks of lab 6.
 *
 *     lab6_spsc NAME     commands on standard input, see lab6_ring.h
 *
 *     put NUMBER         done, or full: a message with this number and a text that follows from it
 *     get                the number and the text of the message, or empty
 *
 * The ring is the POSIX object NAME, which the check has made. For weave, under every order of steps:
 *
 *     lab6_spsc put MESSAGES | lab6_spsc get MESSAGES     all these messages, through a ring that the first one makes
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

/* Until it is done: the other side comes to its turn in between. */
static bool step_await(struct spsc *ring, struct spsc_message *message, bool producer)
{
    time_t begin = 0;

    while (!(producer ? spsc_put(ring, message) : spsc_get(ring, message)))
        if (!ring_turn(&begin))
            return false;
    return true;
}

/* One side of a stream. */
static int stream_run(bool producer, int32_t messages)
{
    struct spsc *ring = ring_map("/shmlab_spsc", O_RDWR | O_CREAT, sizeof *ring);

    if (ring == NULL)
        return EXIT_FAILURE;
    for (int32_t i = 1; i <= messages; i++) {
        struct spsc_message wanted = message_make(i), message = wanted;
        if (!step_await(ring, &message, producer)) {
            printf("message %d: the other side does not come\n", (int)i);
            return EXIT_FAILURE;
        }
        if (!producer && memcmp(&wanted, &message, sizeof wanted) != 0) {
            printf("message %d is not the one that was due\n", (int)i);
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}

static void command(void *ring, const char *line)
{
    if (ring_number(line, "put") >= 0)
        command_put(ring, (int32_t)ring_number(line, "put"));
    else if (strcmp(line, "get") == 0)
        command_get(ring);
    else
        printf("> what is this?\n");
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return stream_run(strcmp(argv[1], "put") == 0, (int32_t)atoi(argv[2]));
    return ring_serve(argc, argv, sizeof(struct spsc), command);
}
