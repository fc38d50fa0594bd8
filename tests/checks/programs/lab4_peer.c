/*
 * A producer or consumer that does one step of the student's buffer.c at a time, as the checks of lab 4 tell it.
 *
 *     lab4_peer      commands on standard input, one a line, each answered by a line that begins with "> "
 *
 *     create PREFIX CAPACITY MODE     0 or 1
 *     join PREFIX                     0 or 1
 *     put SEQUENCE SECONDS            done, stopped, timeout or stuck; as producer 1
 *     get SECONDS                     done PRODUCER SEQUENCE TEXT, or the same; "no NUL": the text does not end
 *     close                           messages that were lost
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "shmlab/stop.h"

enum { LINE = 512, PREFIX = 200 };
static const double patience_seconds = 20;

static const char *end_name(enum buffer_end end)
{
    static const char *const names[] = {
        [BUFFER_DONE] = "done",
        [BUFFER_STOPPED] = "stopped",
        [BUFFER_TIMEOUT] = "timeout",
        [BUFFER_STUCK] = "stuck",
    };

    return (size_t)end < sizeof names / sizeof names[0] ? names[end] : "something unknown";
}

static void command_put(struct buffer *buffer, int sequence, double seconds)
{
    struct buffer_message message = {.producer = 1, .sequence = sequence};

    snprintf(message.text, sizeof message.text, BUFFER_TEXT_FORMAT, sequence, 1);
    printf("> %s\n", end_name(buffer_put(buffer, &message, seconds)));
}

static void command_get(struct buffer *buffer, double seconds)
{
    struct buffer_message message = {0};
    enum buffer_end end = buffer_get(buffer, &message, seconds);

    if (end != BUFFER_DONE)
        printf("> %s\n", end_name(end));
    else if (memchr(message.text, '\0', sizeof message.text) == NULL)
        printf("> done %d %d no NUL\n", (int)message.producer, (int)message.sequence);
    else
        printf("> done %d %d %s\n", (int)message.producer, (int)message.sequence, message.text);
}

static void line_run(struct buffer *buffer, bool *open, const char *line)
{
    char prefix[PREFIX];
    unsigned capacity, mode;
    int sequence;
    double seconds;

    if (sscanf(line, "create %199s %u %o", prefix, &capacity, &mode) == 3) {
        *open = buffer_create(buffer, prefix, capacity, mode) == 0;
        printf("> %d\n", !*open);
    } else if (sscanf(line, "join %199s", prefix) == 1) {
        *open = buffer_join(buffer, prefix, patience_seconds) == 0;
        printf("> %d\n", !*open);
    } else if (!*open) {
        printf("> there is no buffer\n");
    } else if (sscanf(line, "put %d %lf", &sequence, &seconds) == 2) {
        command_put(buffer, sequence, seconds);
    } else if (sscanf(line, "get %lf", &seconds) == 1) {
        command_get(buffer, seconds);
    } else if (strcmp(line, "close\n") == 0) {
        *open = false;
        printf("> %u\n", buffer_close(buffer));
    } else {
        printf("> what is '%.*s'?\n", (int)strcspn(line, "\n"), line);
    }
    fflush(stdout);
}

int main(void)
{
    struct buffer buffer;
    bool open = false;
    char line[LINE];

    stop_on_signals();
    while (fgets(line, sizeof line, stdin) != NULL)
        line_run(&buffer, &open, line);
    if (open)
        buffer_close(&buffer);
    return EXIT_SUCCESS;
}
