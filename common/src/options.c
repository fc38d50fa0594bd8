/* Command lines: see shmlab/options.h. */
#define _GNU_SOURCE
#include "shmlab/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, NAME_LENGTH_MAX = 250, PREFIX_LENGTH_MAX = 200 };

const char *argp_program_version = "shmlab 0.1.0";

void options_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    argp_err_exit_status = EXIT_USAGE;
    error_t failed = argp_parse(argp, argc, argv, 0, NULL, input);

    if (failed == 0)
        return;
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, strerror(failed));
    exit(EXIT_USAGE);
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

    if (end == text || *end != '\0' || value > 0777 || text[0] == '-')
        argp_error(state, "%s wants access bits in octal from 0 to 0777, not '%s'", name, text);
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
        argp_error(state, "%s wants 1 to %d characters without a slash, not '%s'", name, PREFIX_LENGTH_MAX,
                   text);
    return text;
}
