/*
 * handover: millions of messages through shared memory, one process to another, every one of them verified. A
 * race that shows once in a million must show here; what the compiler makes of the program matters, so
 * handover_builds.py builds it with gcc and clang at -O2 and -O3.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "shmlab/stop.h"
#include "work.h"

enum { OPTION_ONLY = 0x100, OPTION_COUNT, OPTION_JSON, OPTION_LIST };

enum { COUNT_DEFAULT = 10000000, SECONDS_MAX = 3600 };

/* Slots of 64 bytes; the reference solution has none but its own, of which the header goes. */
static const struct {
    const struct channel *channel;
    enum work work;
} ways[] = {
    {&channel_flag, WORK_MESSAGES},
    {&channel_ring, WORK_MESSAGES},
    {&channel_ring_sleep, WORK_MESSAGES},
    {&channel_ring_sequence, WORK_MESSAGES},
    {&channel_lab6_documented, WORK_MESSAGES},
    {&channel_lab6_reference, WORK_HEADERS},
};

struct arguments {
    uint64_t count;
    const char *only, *json;
    bool list;
};

static const struct argp_option options[] = {
    {"count", OPTION_COUNT, "N", 0, "Messages through each channel (default 10000000)", 0},
    {"only", OPTION_ONLY, "CHANNEL", 0, "This channel only", 0},
    {"json", OPTION_JSON, "FILE", 0, "Write the results as JSON, format \"shmlab-handover/1\"", 0},
    {"list", OPTION_LIST, NULL, 0, "Show the channels and end", 0},
    {0},
};

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case OPTION_COUNT:
        arguments->count = (uint64_t)options_integer(state, "--count", text, 1, 4000000000);
        return 0;
    case OPTION_ONLY:
        arguments->only = text;
        return 0;
    case OPTION_JSON:
        arguments->json = text;
        return 0;
    case OPTION_LIST:
        arguments->list = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options,
                                 option_parse,
                                 NULL,
                                 "Hand messages from one process to another through shared memory and count those "
                                 "that are lost, torn or doubled."
                                 "\vExit status: 0 none was, 1 some were or a channel failed, 2 wrong usage.",
                                 NULL,
                                 NULL,
                                 NULL};

/* Both sides to the end. The reports are in `shared` afterwards. */
static enum pair_result way_run(const struct channel *channel, enum work work, uint64_t count,
                                struct pair_shared *shared)
{
    struct task task;
    struct pair_job job = {.prepare = work_prepare, .run = work_run, .context = &task, .seconds = SECONDS_MAX};

    memset(shared, 0, sizeof *shared);
    work_set_up(&task, channel, work);
    task.warm = 1; /* the clock starts with the second message */
    task.count = count - 1;
    if (!pair_cpus(job.cpu) || !channel->open(&task.link)) {
        pair_fail(&shared->report[SIDE_A], "open");
        channel->close(&task.link);
        return PAIR_FAILED;
    }
    enum pair_result result = pair_run(&job, shared);
    channel->close(&task.link);
    return result;
}

/* Say and note what came of a channel. True when every message arrived once and whole. */
static bool way_report(const struct channel *channel, enum pair_result result, uint64_t count,
                       const struct pair_shared *shared, json_t *rows)
{
    const struct pair_report *sent = &shared->report[SIDE_A], *got = &shared->report[SIDE_B];
    bool done = result == PAIR_DONE && got->arrived == count && got->torn + got->lost + got->doubled == 0;
    double rate = done ? (double)(count - 1) * 1e9 / (double)(got->end - got->begin) : 0;
    const char *error = got->error != 0 ? got->what : sent->error != 0 ? sent->what : "";

    printf("%-16s %12llu arrived %3llu lost %3llu torn %3llu doubled %8.2f M/s %s%s\n", channel->id,
           (unsigned long long)got->arrived, (unsigned long long)got->lost, (unsigned long long)got->torn,
           (unsigned long long)got->doubled, rate / 1e6, done ? "ok" : "FAILED ", error);
    fflush(stdout);
    json_array_append_new(rows, json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:b}", "channel", channel->id, "arrived",
                                          (json_int_t)got->arrived, "lost", (json_int_t)got->lost, "torn",
                                          (json_int_t)got->torn, "doubled", (json_int_t)got->doubled,
                                          "messages_per_second", rate, "ok", done));
    return done;
}

static int json_write(json_t *rows, const struct arguments *arguments)
{
    struct machine machine;

    machine_describe(&machine);
    json_t *report = json_pack("{s:s, s:s, s:{s:s, s:i, s:s, s:s, s:s, s:s}, s:I, s:O}", "format", "shmlab-handover/1",
                               "date", machine.date, "machine", "cpu", machine.cpu, "cpus", machine.cpus, "kernel",
                               machine.kernel, "compiler", machine.compiler, "flags", machine.flags, "libc",
                               machine.libc, "messages", (json_int_t)arguments->count, "channels", rows);
    int failed = report == NULL || json_dump_file(report, arguments->json, JSON_INDENT(1) | JSON_REAL_PRECISION(6));

    json_decref(report);
    return failed ? error_report_errno("choose another --json", "%s", arguments->json) : 0;
}

static bool ways_run(const struct arguments *arguments, json_t *rows, struct pair_shared *shared)
{
    bool done = true, any = false;
    int cpu[SIDES];
    bool two_cpus = pair_cpus(cpu) && cpu[SIDE_A] != cpu[SIDE_B];

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const struct channel *channel = ways[i].channel;
        if (arguments->only != NULL && strcmp(arguments->only, channel->id) != 0)
            continue;
        any = true;
        if (channel->waits == WAITS_SPINNING && !two_cpus) {
            printf("%-16s skipped: two sides that spin need two CPUs\n", channel->id);
            continue;
        }
        enum pair_result result = way_run(channel, ways[i].work, arguments->count, shared);
        if (result == PAIR_STOPPED)
            return error_report(NULL, "%s: nothing is left behind", strsignal(stop_signal())) == 0;
        done = way_report(channel, result, arguments->count, shared, rows) && done;
    }
    if (!any)
        error_report("look at --list", "--only %s is no channel", arguments->only);
    return any && done;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.count = COUNT_DEFAULT};

    options_parse(&argp, argc, argv, &arguments);
    for (size_t i = 0; arguments.list && i < sizeof ways / sizeof ways[0]; i++)
        printf("%-16s %s\n", ways[i].channel->id, ways[i].channel->title);
    if (arguments.list)
        return EXIT_SUCCESS;
    stop_on_signals();
    struct pair_shared *shared = pair_new();
    json_t *rows = json_array();
    bool done = shared != NULL && ways_run(&arguments, rows, shared);
    int status = arguments.json != NULL && done ? json_write(rows, &arguments) : 0;
    json_decref(rows);
    pair_free(shared);
    return done && status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
