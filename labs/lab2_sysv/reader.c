/*
 * Lab 2, reader: attach to the System V segment read-only and print what is in it.
 *
 *     reader [--key 5678]
 *
 * SHM_RDONLY: a reader that cannot write cannot spoil the data, whatever bug it has.
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared_data.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "sysv_segment.h"

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    key_t *segment_key = state->input;

    switch (key) {
    case 'k':
        *segment_key = (key_t)options_integer(state, "--key", text, 1, INT32_MAX);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one argument too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"key", 'k', "KEY", 0, "System V key of the segment (default 5678)", 0},
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .doc = "Print the data that lab 2's writer put into a System V segment.",
};

/* Print text of at most `capacity` bytes; the writer may have forgotten the NUL. Lines after the first are
 * indented. */
static void text_print(const char *label, const char *text, size_t capacity)
{
    size_t length = strnlen(text, capacity);

    printf("%-13s", label);
    for (size_t i = 0; i < length; i++) {
        putchar(text[i]);
        if (text[i] == '\n')
            printf("%13s", "");
    }
    printf("%s\n", length == capacity ? " (no NUL at its end!)" : "");
}

static void time_print(int64_t milliseconds)
{
    time_t seconds = (time_t)(milliseconds / 1000);
    struct tm local;
    char text[64] = "no date";

    if (localtime_r(&seconds, &local) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    printf("timestamp    %" PRId64 " (%s.%03d)\n", milliseconds, text, (int)(milliseconds % 1000));
}

static void data_print(const struct shared_data *data)
{
    printf("process_id   %" PRId32 "\n", data->process_id);
    text_print("message", data->message, sizeof data->message);
    printf("counter      %" PRId32 "\n", data->counter);
    printf("temperature  %.1f\n", data->temperature);
    printf("coordinates  %.1f %.1f %.1f\n", data->coordinates[0], data->coordinates[1], data->coordinates[2]);
    text_print("user_name", data->user_name, sizeof data->user_name);
    time_print(data->timestamp);
    printf("data_array  ");
    for (int i = 0; i < SHARED_DATA_ARRAY_LENGTH; i++)
        printf(" %" PRId32, data->data_array[i]);
    printf("\n");
}

static int segment_print(key_t key, int id)
{
    /* TODO 6: Attach read-only, look at data_ready, copy the struct, show what the kernel knows (IPC_STAT,
     * segment_describe), detach, print the copy. */
    static const struct shared_data nothing;

    data_print(&nothing);
    return error_report("TODO 6 in reader.c", "key %d, id %d: nobody attaches it yet", (int)key, id);
}

int main(int argc, char **argv)
{
    key_t key = SHARED_DATA_KEY;

    options_parse(&argp, argc, argv, &key);

    /* TODO 5: Find the segment, and do not create it. What is to be done when there is none, when it is too small,
     * when it belongs to somebody else? */
    return segment_print(key, -1);
}
