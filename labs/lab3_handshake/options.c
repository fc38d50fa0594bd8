/* See options.h. */
#define _XOPEN_SOURCE 700
#include "options.h"

#include <limits.h>
#include <sys/ipc.h>

#include "shmlab/error.h"
#include "shmlab/mailbox.h"
#include "shmlab/options.h"

static const struct argp_option option_list[] = {
    {"key-path", 'p', "PATH", 0,
     "Existing file or folder that the key is made from (default " MAILBOX_KEY_PATH ")", 0},
    {"key-id", 'i', "N", 0, "Number that the key is made from, 1 to 255 (default 65; ping: 80)", 0},
    {"messages", 'n', "N", 0, "How many messages to pass (default 5)", 0},
    {"timeout", 't', "SECONDS", 0, "Give up when nothing happens for so long (default 30)", 0},
    {"mode", 'm', "OCTAL", 0, "Access bits of a new segment (default 0600)", 0},
    {0},
};

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct lab3_options *options = state->input;

    switch (key) {
    case 'p':
        options->key_path = text;
        return 0;
    case 'i': /* ftok uses the low 8 bits, and they must not be zero: ftok(3) */
        options->key_id = (int)options_integer(state, "--key-id", text, 1, 255);
        return 0;
    case 'n':
        options->messages = (int)options_integer(state, "--messages", text, 1, INT_MAX);
        return 0;
    case 't':
        options->timeout = options_number(state, "--timeout", text, 0, 1e6);
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

int lab3_options_parse_with(struct lab3_options *options, int key_id, const char *doc, int argc, char **argv)
{
    const struct argp argp = {.options = option_list, .parser = option_parse, .doc = doc};

    *options = (struct lab3_options){
        .key_path = MAILBOX_KEY_PATH,
        .key_id = key_id,
        .messages = MAILBOX_MESSAGES,
        .timeout = 30,
        .mode = 0600,
    };
    options_parse(&argp, argc, argv, options);
    options->key = ftok(options->key_path, options->key_id);
    if (options->key == -1)
        return error_report_errno("--key-path wants something that exists", "ftok(%s)", options->key_path);
    return 0;
}

int lab3_options_parse(struct lab3_options *options, const char *doc, int argc, char **argv)
{
    return lab3_options_parse_with(options, MAILBOX_KEY_ID, doc, argc, argv);
}
