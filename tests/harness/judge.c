/* See judge.h: the build, the verdict as it grows, and the whole. */
#define _GNU_SOURCE
#include "judge.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "judging.h"
#include "shmlab/clock.h"
#include "text.h"
#include "toolchain.h"

static volatile sig_atomic_t interrupted;

static void interrupt_handler(int number)
{
    interrupted = number;
}

int judge_interrupted(void)
{
    return interrupted;
}

/* ---- The labs ---- */

const struct lab *judge_lab(const char *wanted)
{
    for (const struct lab *const *each = judge_labs; *each != NULL; each++) {
        char number[16];
        snprintf(number, sizeof number, "%d", lab_number(*each));
        if (strcmp(wanted, (*each)->name) == 0 || strcmp(wanted, number) == 0)
            return *each;
    }
    return NULL;
}

const struct check_case *judge_case(const struct lab *lab, const char *name)
{
    for (size_t i = 0; i < lab->case_count; i++)
        if (strcmp(lab->cases[i].name, name) == 0)
            return &lab->cases[i];
    return NULL;
}
/* ---- The verdict ---- */

void case_set(struct judge *judge, size_t i, enum outcome outcome)
{
    assert(i < judge->order->lab->case_count);
    assert(!outcome_final(judge->outcome[i]) || outcome == OUTCOME_PENDING); /* what is decided stays decided */
    judge->outcome[i] = outcome;
    verdict_outcome(json_array_get(judge->checks, i), outcome);
}

void leaks_collect(struct judge *judge)
{
    size_t i;
    json_t *check;

    json_array_clear(judge->leaks);
    json_array_foreach (judge->checks, i, check)
        json_array_extend(judge->leaks, json_object_get(check, "leaks"));
}

/* What an earlier run found out stays. */
static void verdict_take_over(struct judge *judge)
{
    size_t i;
    json_t *check;

    json_array_foreach (judge->checks, i, check) {
        json_t *known = verdict_check(judge->order->before, verdict_text(check, "name"));
        if (!outcome_final(outcome_of(known)))
            continue;
        json_object_update(check, known);
        judge->outcome[i] = outcome_of(known);
    }
    leaks_collect(judge);
}

static void judge_begin(struct judge *judge)
{
    const struct lab *lab = judge->order->lab;
    char date[32];
    time_t now = time(NULL);
    struct tm utc;

    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    judge->verdict = verdict_begin(lab);
    judge->checks = json_object_get(judge->verdict, "checks");
    judge->leaks = json_object_get(judge->verdict, "leaks");
    verdict_put(judge->verdict, "folder", judge->order->folder);
    verdict_put(judge->verdict, "date", date);
    verdict_put(judge->verdict, "compiler", TOOLCHAIN_COMPILER);
    verdict_take_over(judge);
}

/* Write the verdict so that a reader finds the old one or the new one, never half of one. */
static void verdict_store(struct judge *judge)
{
    const char *path = judge->order->json_path;

    verdict_sum(judge->verdict);
    if (judge->order->store != NULL)
        judge->order->store(judge->verdict, judge->order->data);
    if (path == NULL)
        return;
    char *text = json_dumps(judge->verdict, JSON_INDENT(2));
    if (text == NULL || !text_store(path, text, strlen(text)))
        fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, path, strerror(errno));
    free(text);
}

void check_settle(struct judge *judge, size_t i)
{
    verdict_store(judge);
    if (judge->order->progress != NULL)
        judge->order->progress(json_array_get(judge->checks, i), judge->order->data);
}

void check_decide(struct judge *judge, size_t i, enum outcome outcome, const char *found)
{
    case_set(judge, i, outcome);
    verdict_put(json_array_get(judge->checks, i), "found", found);
    check_settle(judge, i);
}

/* ---- The build ---- */

/* Bits of the programs to be compiled: all of them where they are published, so that they stay as new as each
 * other, and behind walls, where the keeper tells of each. */
static unsigned programs_wanted(const struct judge *judge)
{
    const struct lab *lab = judge->order->lab;
    unsigned wanted = 0;

    if (judge->order->only == NULL || judge->order->publish != NULL || judge->order->walls != NULL)
        return build_all(lab);
    for (size_t i = 0; i < lab->case_count; i++)
        if (case_wanted(judge, i))
            wanted |= build_for(lab, &lab->cases[i]);
    return wanted;
}

static _Noreturn void build_keep(struct judge *judge, int record)
{
    const struct judge_order *order = judge->order;
    const struct walls_plan plan = {.tree = judge->tree, .programs = judge->build.folder};
    json_t *list = json_array();
    const struct walls_limit *met;
    int status = 0;

    slot_signals();
    const struct process_place *place = order->walls->open(order->walls, &plan);
    if (place == NULL)
        _exit(EXIT_FAILURE);
    int64_t end_ms = clock_now_ms() + (int64_t)(check_limits[LIMIT_BUILD].whole * process_time_scale() * 1000);
    pid_t builder = fork();
    if (builder != 0) {
        order->walls->wait(order->walls, builder, end_ms, &status, &met); /* the compiler says that it was killed */
        order->walls->close(order->walls);
        _exit(EXIT_SUCCESS);
    }
    build_lab(order->lab, order->folder, programs_wanted(judge), place, &judge->build);
    for (size_t i = 0; i < LAB_PROGRAMS && order->lab->programs[i].name != NULL; i++) {
        char *clean = text_plain(judge->build.programs[i].messages);
        json_array_append_new(list, json_pack("[i, s]", judge->build.programs[i].status, clean));
        free(clean);
    }
    json_dumpfd(list, record, JSON_COMPACT);
    _exit(EXIT_SUCCESS);
}

/* What the keeper of the build wrote; without it nothing was built. */
static void build_take(struct judge *judge, const json_t *list)
{
    for (size_t i = 0; i < LAB_PROGRAMS && judge->order->lab->programs[i].name != NULL; i++) {
        const json_t *pair = json_array_get(list, i);
        const char *messages = json_string_value(json_array_get(pair, 1));
        judge->build.programs[i].status = pair != NULL ? (int)json_integer_value(json_array_get(pair, 0)) : -1;
        judge->build.programs[i].messages =
            strdup(messages != NULL ? messages : "the compiler did not come to an end\n");
    }
}

/* Behind walls, too: a source file may include whatever the compiler can read. */
static void judge_build(struct judge *judge)
{
    const struct walls *walls = judge->order->walls;
    int record[2];

    if (walls == NULL) {
        build_lab(judge->order->lab, judge->order->folder, programs_wanted(judge), NULL, &judge->build);
        return;
    }
    json_t *list = NULL;
    if (pipe2(record, O_CLOEXEC) == 0) {
        fflush(NULL);
        pid_t keeper = walls->fork(walls);
        if (keeper == 0)
            build_keep(judge, record[1]);
        close(record[1]);
        list = json_loadfd(record[0], 0, NULL);
        close(record[0]);
        if (keeper > 0)
            waitpid(keeper, NULL, 0);
    }
    build_take(judge, list);
    json_decref(list);
}

/* Often it names the very mistake that a check runs into. */
static void warning_note(struct judge *judge)
{
    char *warning = build_warning(judge->order->lab, &judge->build);

    if (warning == NULL)
        return;
    char *clip = text_clip(warning), *plain = text_plain(clip);
    verdict_put(judge->verdict, "warning", plain);
    free(plain);
    free(clip);
    free(warning);
}

/* ---- The whole ---- */

static bool judge_prepare(struct judge *judge)
{
    const struct judge_order *order = judge->order;
    const char *slash = strrchr(order->folder, '/');

    snprintf(judge->tree, sizeof judge->tree, "%.*s", slash != NULL ? (int)(slash - order->folder) : 0, order->folder);
    if (scratch_make(&judge->scratch, order->scratch) != 0)
        return false;
    snprintf(judge->build.folder, sizeof judge->build.folder, "%s/bin.judge", judge->scratch.path);
    if (mkdir(judge->build.folder, 0700) == -1) {
        fprintf(stderr, "lab: mkdir(%s): %s\n", judge->build.folder, strerror(errno));
        return false;
    }
    return order->walls == NULL || (order->walls->admit(order->walls, judge->scratch.path) &&
                                    order->walls->admit(order->walls, judge->build.folder));
}

/* Put the programs where a person finds them. Whoever runs the old one keeps it: the new one takes its name. */
static void programs_publish(const struct judge *judge)
{
    const char *to = judge->order->publish;
    const struct lab_program *programs = judge->order->lab->programs;

    mkdir(TOOLCHAIN_BUILD "/labs", 0777);
    mkdir(to, 0777);
    for (size_t i = 0; i < LAB_PROGRAMS && programs[i].name != NULL; i++) {
        const char *name = programs[i].name;
        char source[PATH_SIZE], target[PATH_SIZE];
        snprintf(source, sizeof source, "%s/%s", judge->build.folder, name);
        snprintf(target, sizeof target, "%s/%s", to, name);
        const char *const command[] = {"/bin/cp", "--remove-destination", "--", source, target, NULL};
        struct process copy;
        if (access(source, X_OK) == -1)
            continue;
        if (!process_start(&copy, command) || process_finish(&copy) != 0)
            fprintf(stderr, "lab: cannot put %s into %s\n", name, to);
        process_close(&copy);
    }
}

/* Ctrl-C, kill(1), a terminal that is closed, `| head`: whichever, what we have made goes away again. Of all
 * calls only poll is cut short, signal(7). */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { ENDING = sizeof ending / sizeof ending[0] };

static void signals_take(struct sigaction before[ENDING])
{
    struct sigaction action = {.sa_handler = interrupt_handler, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ENDING; i++) {
        sigaction(ending[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) /* nohup(1), and whoever else wants it so */
            sigaction(ending[i], &action, NULL);
    }
}

static void signals_restore(const struct sigaction before[ENDING])
{
    for (size_t i = 0; i < ENDING; i++)
        sigaction(ending[i], &before[i], NULL);
}

json_t *judge_run(const struct judge_order *order)
{
    struct judge judge = {.order = order,
                          .outcome = calloc(order->lab->case_count, sizeof(enum outcome)), /* all pending */
                          .tallies = calloc(order->lab->case_count, sizeof(struct tally))};
    struct sigaction before[ENDING];

    if (judge.tallies == NULL || judge.outcome == NULL || !judge_prepare(&judge)) {
        free(judge.outcome);
        free(judge.tallies);
        return NULL;
    }
    signals_take(before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    judge_begin(&judge);
    verdict_store(&judge);
    judge_build(&judge);
    warning_note(&judge);
    if (order->publish != NULL)
        programs_publish(&judge);
    checks_run(&judge);
    if (interrupted != 0)
        json_object_set_new(judge.verdict, "interrupted", json_true());
    verdict_store(&judge);
    for (size_t i = 0; i < order->lab->case_count; i++) {
        json_decref(judge.tallies[i].failure);
        json_decref(judge.tallies[i].litter);
        json_decref(judge.tallies[i].crash);
    }
    free(judge.outcome);
    free(judge.tallies);
    build_free(&judge.build);
    scratch_remove(&judge.scratch);
    signals_restore(before);
    return judge.verdict;
}
