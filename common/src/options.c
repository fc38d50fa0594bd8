/* Command lines: see shmlab/options.h. */
#define _GNU_SOURCE
#include "shmlab/options.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, NAME_LENGTH_MAX = 250, PREFIX_LENGTH_MAX = 200 };

__attribute__((visibility("default"))) const char *argp_program_version =
    "shmlab " SHMLAB_VERSION; /* libc looks for it */

/* A standard stream that is closed would give its number to the next object that we open, and our messages to it. */
static void streams_reserve(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd != -1 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* Runs at exit: what could not be printed makes the program fail. A pipe whose reader has gone is no failure
 * of ours. */
static void output_check(void)
{
    errno = 0;
    if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
        return;
    fprintf(stderr, "%s: standard output: %s\n", program_invocation_short_name,
            errno != 0 ? strerror(errno) : "it could not be written");
    _exit(EXIT_FAILURE);
}

void options_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    streams_reserve();
    atexit(output_check);
    argp_err_exit_status = EXIT_USAGE;
    error_t failed = argp_parse(argp, argc, argv, 0, NULL, input);

    if (failed == 0)
        return;
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, strerror(failed));
    exit(EXIT_USAGE);
}

void options_argument(struct argp_state *state, const char **argument, const char *text)
{
    if (*argument != NULL)
        argp_error(state, "'%s' is one argument too many", text);
    *argument = text;
}

long options_integer(struct argp_state *state, const char *name, const char *text, long low, long high)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 0);
    if (end == text || *end != '\0' || errno != 0 || value < low || value > high)
        argp_error(state, "%s wants a whole number from %ld to %ld, not '%s'", name, low, high, text);
    return value;
}

double options_number(struct argp_state *state, const char *name, const char *text, double low, double high)
{
    char *end;
    double value = strtod(text, &end);

    /* written so that not-a-number is refused too */
    if (end == text || *end != '\0' || !(value >= low && value <= high))
        argp_error(state, "%s wants a number from %g to %g, not '%s'", name, low, high, text);
    return value;
}

mode_t options_mode(struct argp_state *state, const char *name, const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 8);

    if (end == text || *end != '\0' || value > 0777 || (value & 0600) != 0600 || text[0] == '-')
        argp_error(state, "%s wants access bits in octal from 0600 to 0777, the owner able to read and write, not '%s'",
                   name, text);
    return (mode_t)value;
}

const char *options_object_name(struct argp_state *state, const char *name, const char *text)
{
    const char *bare = text[0] == '/' ? text + 1 : text;
    size_t length = strlen(bare);

    if (length == 0 || length > NAME_LENGTH_MAX || strchr(bare, '/') != NULL)
        argp_error(state, "%s wants a name such as /%s with no further slash, not '%s'", name,
                   length == 0 ? "name" : "my_object", text);
    if (text[0] == '/')
        return text;

    char *copy = malloc(length + 2);
    if (copy == NULL)
        argp_failure(state, EXIT_FAILURE, ENOMEM, "%s", name);
    else
        snprintf(copy, length + 2, "/%s", bare);
    return copy;
}

const char *options_prefix(struct argp_state *state, const char *name, const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length > PREFIX_LENGTH_MAX || strchr(text, '/') != NULL)
        argp_error(state, "%s wants 1 to %d characters without a slash, not '%s'", name, PREFIX_LENGTH_MAX, text);
    return text;
}
