/* See options.h. */
#include "options.h"

#include <limits.h>

#include "shmlab/bounded_buffer.h"
#include "shmlab/options.h"

/* clang-format off */
#define OPTION_PREFIX  {"prefix", 'p', "P", 0, "The objects are /P_buffer, /P_empty, /P_full, /P_mutex (default shmlab)", 0}
#define OPTION_ITEMS   {"items", 'n', "N", 0, "How many items to pass (default 10)", 0}
#define OPTION_TIMEOUT {"timeout", 't', "SECONDS", 0, "Give up when nothing happens for so long (default 30)", 0}
#define OPTION_QUIET   {"quiet", 'q', 0, 0, "No line for each item", 0}
/* clang-format on */

static const struct argp_option consumer_list[] = {
    OPTION_PREFIX, OPTION_ITEMS, OPTION_TIMEOUT, OPTION_QUIET, {0}};

static const struct argp_option producer_list[] = {
    OPTION_PREFIX,
    OPTION_ITEMS,
    OPTION_TIMEOUT,
    OPTION_QUIET,
    {"id", 'i', "K", 0, "Number of this producer, written into its items (default 1)", 0},
    {"capacity", 'c', "C", 0, "Slots of a new buffer (default 8)", 0},
    {"mode", 'm', "OCTAL", 0, "Access bits of new objects (default 0600)", 0},
    {0},
};

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct lab4_options *options = state->input;

    switch (key) {
    case 'p':
        options->prefix = options_prefix(state, "--prefix", text);
        return 0;
    case 'n':
        options->items = (int)options_integer(state, "--items", text, 1, INT_MAX);
        return 0;
    case 't':
        options->timeout = options_number(state, "--timeout", text, 0, 1e6);
        return 0;
    case 'q':
        options->quiet = true;
        return 0;
    case 'i':
        options->id = (int)options_integer(state, "--id", text, 0, INT_MAX);
        return 0;
    case 'c':
        options->capacity = (unsigned)options_integer(state, "--capacity", text, 1, BUFFER_CAPACITY_MAX);
        return 0;
    case 'm':
        options->mode = options_mode(state, "--mode", text);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one argument too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void parse(struct lab4_options *options, const struct argp_option *list, const char *doc, int argc,
                  char **argv)
{
    const struct argp argp = {.options = list, .parser = option_parse, .doc = doc};

    *options = (struct lab4_options){
        .prefix = BUFFER_PREFIX,
        .items = BUFFER_ITEMS,
        .id = 1,
        .timeout = 30,
        .mode = 0600,
    };
    options_parse(&argp, argc, argv, options);
}

void lab4_producer_options(struct lab4_options *options, int argc, char **argv)
{
    parse(options, producer_list, "Put items into the bounded buffer.", argc, argv);
}

void lab4_consumer_options(struct lab4_options *options, int argc, char **argv)
{
    parse(options, consumer_list, "Take items out of the bounded buffer.", argc, argv);
}
