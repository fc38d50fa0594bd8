/*
 * lab: what a student runs, mostly through make.
 *
 *     lab check 3 [--check NAME]      make lab3, make lab3 CHECK=NAME
 *
 * Exit status 0: all points; 1: not all of them, or something failed; 2: wrong usage.
 */
#define _GNU_SOURCE
#include "lab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "render.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "toolchain.h"

enum { OPTION_JSON = 256, OPTION_PLAIN, OPTION_RESULTS };

const char *lab_folder(const struct lab_options *options)
{
    char *path, *real;
    const char *tree = options->tree != NULL ? options->tree : TOOLCHAIN_SOURCE "/labs";

    if (asprintf(&path, "%s/%s", tree, options->lab->name) == -1)
        abort();
    real = realpath(path, NULL);
    if (real == NULL)
        return path; /* whoever uses it says that it is not there */
    free(path);
    return real;
}

/* "build/results/lab1_layout", or what --results says; made with its parents. */
static const char *results_folder(const struct lab_options *options)
{
    char *path;

    if (options->results != NULL) {
        mkdir(options->results, 0777);
        return options->results;
    }
    if (asprintf(&path, TOOLCHAIN_BUILD "/results/%s", options->lab->name) == -1)
        abort();
    mkdir(TOOLCHAIN_BUILD "/results", 0777);
    mkdir(path, 0777);
    return path;
}

/* Checks end in any order; a person reads them in the table's. */
struct order {
    struct render render;
    const struct lab *lab;
    json_t *ended; /* name: check */
    size_t shown;
    const char *only;
};

static void order_show(const json_t *check, void *data)
{
    struct order *order = data;

    json_object_set(order->ended, json_string_value(json_object_get(check, "name")), (json_t *)check);
    for (; order->shown < order->lab->case_count; order->shown++) {
        const char *name = order->lab->cases[order->shown].name;
        const json_t *next = json_object_get(order->ended, name);
        if (next == NULL)
            return;
        render_check(&order->render, judge_number(order->lab), next);
    }
}

/* With --check some never come: what waited behind them is shown at the end. */
static void order_show_rest(struct order *order)
{
    for (; order->shown < order->lab->case_count; order->shown++) {
        const json_t *next = json_object_get(order->ended, order->lab->cases[order->shown].name);
        if (next != NULL)
            render_check(&order->render, judge_number(order->lab), next);
    }
}

/* 0: nothing that was asked for failed. */
static int verdict_status(const json_t *verdict)
{
    size_t i;
    json_t *check;

    json_array_foreach(json_object_get(verdict, "checks"), i, check)
    {
        const char *outcome = json_string_value(json_object_get(check, "outcome"));
        if (!json_is_true(json_object_get(check, "challenge")) && strcmp(outcome, "passed") != 0 &&
            strcmp(outcome, "hidden") != 0)
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int lab_check(const struct lab_options *options)
{
    struct order order = {.render = render_to(stdout), .lab = options->lab, .ended = json_object()};
    char *json = NULL;
    const char *results = results_folder(options);
    struct judge_order what = {.lab = options->lab,
                               .folder = lab_folder(options),
                               .only = options->check,
                               .results = results,
                               .json_path = options->json,
                               .jobs = options->jobs,
                               .progress = order_show,
                               .data = &order};

    if (access(what.folder, R_OK | X_OK) == -1)
        return error_report_errno("name the folder that holds it with --tree", "%s", what.folder);
    if (what.json_path == NULL && asprintf(&json, "%s/verdict.json", results) != -1)
        what.json_path = json;
    order.render.plain = options->plain;
    order.render.source = TOOLCHAIN_SOURCE;
    json_t *verdict = judge_run(&what);
    if (verdict == NULL)
        return EXIT_FAILURE;
    order_show_rest(&order);
    render_sum(&order.render, verdict);
    int status = verdict_status(verdict);
    json_decref(verdict);
    json_decref(order.ended);
    free(json);
    return status;
}

/* ---- Command line ---- */

static const struct command {
    const char *name;
    int (*run)(const struct lab_options *options);
    bool needs_lab;
} commands[] = {
    {"check", lab_check, true},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static error_t argument_parse(struct lab_options *options, const char *text, struct argp_state *state)
{
    if (state->arg_num == 0) {
        options->command = text;
        if (command_find(text) == NULL)
            argp_error(state, "there is no command '%s'", text);
    } else if (state->arg_num == 1) {
        options->lab = judge_lab(text);
        if (options->lab == NULL)
            argp_error(state, "there is no lab '%s', or it has no checks", text);
    } else {
        argp_error(state, "'%s' is one argument too many", text);
    }
    return 0;
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct lab_options *options = state->input;

    switch (key) {
    case 't':
        options->tree = text;
        return 0;
    case 'c':
        options->check = text[0] != '\0' ? text : NULL; /* make passes an empty CHECK on */
        return 0;
    case 'j':
        options->jobs = (int)options_integer(state, "--jobs", text, 1, 8);
        return 0;
    case 'y':
        options->yes = true;
        return 0;
    case OPTION_JSON:
        options->json = text;
        return 0;
    case OPTION_RESULTS:
        options->results = text;
        return 0;
    case OPTION_PLAIN:
        options->plain = true;
        return 0;
    case ARGP_KEY_ARG:
        return argument_parse(options, text, state);
    case ARGP_KEY_END:
        if (options->command == NULL)
            argp_usage(state);
        if (command_find(options->command)->needs_lab && options->lab == NULL)
            argp_error(state, "%s wants the number of a lab", options->command);
        if (options->check != NULL && options->lab != NULL &&
            judge_case(options->lab, options->check) == NULL)
            argp_error(state, "lab %d has no check '%s'", judge_number(options->lab), options->check);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"tree", 't', "DIR", 0, "Folder that holds labN_name (default: this project's labs/)", 0},
    {"check", 'c', "NAME", 0, "Only this check, and those that it needs", 0},
    {"json", OPTION_JSON, "FILE", 0, "Write the verdict there, as tests/harness/result.md describes it", 0},
    {"results", OPTION_RESULTS, "DIR", 0,
     "Folder for the transcripts (default: results/labN_name of the build folder)", 0},
    {"jobs", 'j', "N", 0, "Checks at once (default: the number of processors, 4 at most)", 0},
    {"plain", OPTION_PLAIN, NULL, 0, "Leave out what differs from run to run, for comparisons", 0},
    {"yes", 'y', NULL, 0, "Do not ask", 0},
    {0},
};

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_list,
        .parser = option_parse,
        .args_doc = "check N",
        .doc = "Work on the labs.\v"
               "  check N      build lab N and say what is right and what is not\n",
    };
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct lab_options options = {.jobs = processors < 1 ? 1 : processors > 4 ? 4 : (int)processors};

    options_parse(&argp, argc, argv, &options);
    return command_find(options.command)->run(&options);
}
