/*
 * bench: how fast processes can talk to each other, measured beside what the machine allows.
 *
 * See README.md in this folder for how it measures and how to read it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "goals.h"
#include "plot.h"
#include "report.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "shmlab/stop.h"
#include "table.h"

enum {
    OPTION_ONLY = 0x100,
    OPTION_ROUNDS,
    OPTION_SECONDS,
    OPTION_JSON,
    OPTION_SVG,
    OPTION_QUICK,
    OPTION_SMOKE,
    OPTION_LIST,
    OPTION_GOALS,
    OPTION_ENFORCE,
};

enum { ROUNDS_DEFAULT = 7, ROUNDS_QUICK = 3, SECONDS_DEFAULT = 115, COMMAND_MAX = 1024 };

struct arguments {
    struct run_options run;
    const char *json, *svg;
    bool list, goals, enforce;
};

static const struct argp_option options[] = {
    {"only", OPTION_ONLY, "ROW", 0, "Measure these rows only; a pattern such as 'pipe*', may be given again", 0},
    {"rounds", OPTION_ROUNDS, "N", 0, "Rounds, 3 to 64 (default 7)", 0},
    {"seconds", OPTION_SECONDS, "S", 0, "Begin no round that would end later than this (default 115)", 0},
    {"quick", OPTION_QUICK, NULL, 0, "Three rounds of a quarter of the length: a first look", 0},
    {"smoke", OPTION_SMOKE, NULL, 0, "A few messages through every row, verified, no figures", 0},
    {"list", OPTION_LIST, NULL, 0, "Show the rows and end", 0},
    {"goals", OPTION_GOALS, NULL, 0, "Judge the goals as well", 0},
    {"enforce", OPTION_ENFORCE, NULL, 0, "With --goals: status 1 when one is missed by more than a fifth", 0},
    {"json", OPTION_JSON, "FILE", 0, "Write the results as JSON", 0},
    {"svg", OPTION_SVG, "FILE", 0, "Draw the results", 0},
    {0},
};

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct run_options *run = &arguments->run;

    switch (key) {
    case OPTION_ONLY:
        if (run->only_count == ROWS_MAX)
            argp_error(state, "--only: at most %d", ROWS_MAX);
        run->only[run->only_count++] = text;
        return 0;
    case OPTION_ROUNDS:
        run->rounds = (int)options_integer(state, "--rounds", text, ROUNDS_CLEAN_MIN, ROUNDS_MAX);
        return 0;
    case OPTION_SECONDS:
        run->seconds = options_number(state, "--seconds", text, 1, 86400);
        return 0;
    case OPTION_QUICK:
        run->rounds = ROUNDS_QUICK;
        run->scale = 0.25;
        return 0;
    case OPTION_SMOKE:
        run->smoke = true;
        return 0;
    case OPTION_LIST:
        arguments->list = true;
        return 0;
    case OPTION_GOALS:
        arguments->goals = true;
        return 0;
    case OPTION_ENFORCE:
        arguments->goals = arguments->enforce = true;
        return 0;
    case OPTION_JSON:
        arguments->json = text;
        return 0;
    case OPTION_SVG:
        arguments->svg = text;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    option_parse,
    NULL,
    "Round trips of 64 bytes and streams of 1.2 MB frames over every way that two processes have to talk to each "
    "other, and what the machine allows beside them. Noise is waited out, noisy measurements are rejected, and what "
    "was measured too rarely is called inconclusive."
    "\vExit status: 0 done, 1 a row failed (or, with --enforce, a goal is missed), 2 wrong usage.",
    NULL,
    NULL,
    NULL};

/* The command as typed, without the folders that it was typed in. */
static void command_write(char command[COMMAND_MAX], int argc, char **argv)
{
    size_t length = 0;

    for (int i = 0; i < argc && length < COMMAND_MAX; i++) {
        const char *slash = strrchr(argv[i], '/');
        const char *word = slash != NULL ? slash + 1 : argv[i];
        length += (size_t)snprintf(command + length, COMMAND_MAX - length, "%s%s", i > 0 ? " " : "", word);
    }
}

static bool goal_missed(const struct run *run)
{
    struct goal_result results[GOALS_MAX];
    int count = goals_judge(run, results);

    for (int i = 0; i < count; i++)
        if (results[i].verdict == GOAL_NOT_MET && !results[i].in_slack)
            return true;
    return false;
}

/* Print and write what was asked for. Returns 0, or 1 after a message. */
static int results_show(const struct run *run, const struct arguments *arguments, const char *command)
{
    struct machine machine;
    int status = 0;

    machine_describe(&machine);
    table_print(stdout, run, &machine);
    if (arguments->goals)
        table_goals(stdout, run);
    if (arguments->json != NULL) {
        json_t *report = report_new(run, &machine, command);
        status |= report_write(report, arguments->json);
        json_decref(report);
    }
    if (arguments->svg != NULL)
        status |= plot_write(run, &machine, arguments->svg);
    return status;
}

static int smoke_show(const struct run *run)
{
    int failed = 0;

    for (int i = 0; i < run->count; i++) {
        const struct result *result = &run->result[i];
        static const char *const states[] = {"ok", "skipped", "FAILED"};
        printf("%-34s %-8s %6llu verified %s\n", result->row.id, states[result->state],
               (unsigned long long)result->verified, result->reason);
        failed += result->state == STATE_FAILED;
    }
    return failed > 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.run = {.rounds = ROUNDS_DEFAULT, .seconds = SECONDS_DEFAULT, .scale = 1}};
    static struct run run; /* too large for the stack */
    char command[COMMAND_MAX];

    command_write(command, argc, argv);
    options_parse(&argp, argc, argv, &arguments);
    run.options = arguments.run;
    if (!run_prepare(&run))
        return 2;
    if (arguments.list) {
        table_list(stdout, &run);
        return EXIT_SUCCESS;
    }
    stop_on_signals();
    bool done = run_measure(&run);
    if (run.stopped)
        return error_report(NULL, "%s: nothing is left behind", strsignal(stop_signal()));
    if (arguments.run.smoke)
        return smoke_show(&run);
    int status = results_show(&run, &arguments, command);
    return !done || status != 0 || (arguments.enforce && goal_missed(&run)) ? EXIT_FAILURE : EXIT_SUCCESS;
}
