/*
 * A producer and a consumer that take one step of the student's spsc.c when told, for the checks of lab 6.
 *
 *     lab6_spsc NAME     commands on standard input, one a line; each answer is a line that begins with "> "
 *
 *     put NUMBER         done, or full: a message with this number and a text that follows from it
 *     get                the number and the text of the message, or empty
 *     threads MESSAGES   all these messages from one thread to another, through a ring of their own: done, or
 *                        what was wrong. For a build with ThreadSanitizer, which cannot look into two
 * processes.
 *
 * The ring is the POSIX object NAME, which the check has made.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "spsc.h"

enum { LINE = 256 };
static const time_t patience_seconds = 5; /* without any progress */

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
    struct timespec begin, now;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    while (!(producer ? spsc_put(ring, message) : spsc_get(ring, message))) {
        sched_yield();
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > begin.tv_sec + patience_seconds)
            return false;
    }
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

int main(int argc, char **argv)
{
    char line[LINE];
    int fd = argc > 1 ? shm_open(argv[1], O_RDWR, 0) : -1;
    struct spsc *ring =
        fd == -1 ? MAP_FAILED : mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (ring == MAP_FAILED) {
        fprintf(stderr, "lab6_spsc: there is no ring\n");
        return EXIT_FAILURE;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "put ", 4) == 0)
            command_put(ring, atoi(line + 4));
        else if (strncmp(line, "get", 3) == 0)
            command_get(ring);
        else if (strncmp(line, "threads ", 8) == 0)
            command_threads(atoi(line + 8));
        else
            printf("> what is this?\n");
        fflush(stdout);
    }
    munmap(ring, sizeof *ring);
    close(fd);
    return EXIT_SUCCESS;
}
