/* lab check and lab watch: the verdict on a student's tree. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"
#include "render.h"
#include "shmlab/error.h"
#include "text.h"
#include "toolchain.h"

enum { ENDED_BY_SIGNAL = 128 }; /* and its number, as a shell counts: bash(1), EXIT STATUS */

/* Checks end in any order; a person reads them in the table's. */
struct order {
    struct render render;
    const struct lab *lab;
    json_t *ended; /* name: check */
    size_t shown;
};

/* Show what comes next in the table, as far as it has ended; with `all`, also what waits after a check that
 * was not asked for. */
static void order_advance(struct order *order, bool all)
{
    for (; order->shown < order->lab->case_count; order->shown++) {
        const json_t *next = json_object_get(order->ended, order->lab->cases[order->shown].name);
        if (next == NULL && !all)
            return;
        if (next != NULL)
            render_check(&order->render, lab_number(order->lab), next);
    }
}

static void order_show(const json_t *check, void *data)
{
    struct order *order = data;

    json_object_set(order->ended, verdict_text(check, "name"), (json_t *)check);
    if (order->render.plain)
        order_advance(order, false);
}

/* On a terminal: which checks run, and how long they may, in a line that is written over. */
static void order_tick(const struct judge_running running[], size_t count, void *data)
{
    const struct order *order = data;
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);

    if (out == NULL)
        return;
    fprintf(out, "%zu of %zu", json_object_size(order->ended), order->lab->case_count);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s %s %.0f s of at most %.0f", i == 0 ? ":" : ",", running[i].name, running[i].seconds,
                running[i].limit);
    fclose(out);
    printf("\r\033[K%.*s", order->render.width - 1, count > 0 ? line : ""); /* nothing but ASCII */
    fflush(stdout);
    free(line);
}

static void solved_print(const struct lab_options *options)
{
    const struct lab *next = NULL;

    if (access(TOOLCHAIN_SOURCE "/solutions", R_OK) == 0)
        printf("Compare with the reference: make solution%d\n", lab_number(options->lab));
    for (const struct lab *const *each = judge_labs; *each != NULL; each++)
        if (*each == options->lab)
            next = each[1];
    if (next != NULL)
        printf("Next: labs/%s/README.md\n", next->name);
}

static void verdict_write(const json_t *verdict, const char *path)
{
    char *text = json_dumps(verdict, JSON_INDENT(2));

    if (text == NULL || !text_store(path, text, strlen(text)))
        error_report_errno("hints and `make progress` tell of the former verdict", "cannot write %s", path);
    free(text);
}

static void verdict_keep(const json_t *verdict, const char *results, const char *file)
{
    char *path;

    if (asprintf(&path, "%s/%s", results, file) == -1)
        abort();
    verdict_write(verdict, path);
    free(path);
}

/* The verdict is complete: keep it, with what it was given on, and say what comes next. */
static void verdict_finish(const struct lab_options *options, const struct judge_order *what, json_t *verdict)
{
    char fingerprint[32];

    snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, lab_fingerprint(what->folder));
    json_object_set_new(verdict, "fingerprint", json_string(fingerprint));
    if (options->json != NULL) {
        verdict_write(verdict, options->json);
    } else {
        verdict_keep(verdict, what->results, LAB_VERDICT_LATEST);
        if (what->only == NULL) /* one on one check only is not what "progress" is about */
            verdict_keep(verdict, what->results, LAB_VERDICT_WHOLE);
    }
    if (!options->plain && options->tree == NULL && what->only == NULL && verdict_right(verdict))
        solved_print(options);
}

/* What has ended and found something: all there is to say of a run that was interrupted. */
static void failures_show(const struct order *order, const json_t *verdict)
{
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(verdict, "checks"), i, check)
        if (outcome_found(outcome_of(check)))
            render_check(&order->render, lab_number(order->lab), check);
}

static int verdict_make(const struct lab_options *options, const struct judge_order *what, struct order *order)
{
    if (!options->plain)
        render_head(&order->render, lab_number(options->lab), options->lab->title);
    json_t *verdict = judge_run(what);

    if (what->tick != NULL)
        printf("\r\033[K");
    if (verdict == NULL)
        return EXIT_FAILURE;
    if (what->only != NULL)
        json_object_set_new(verdict, "check", json_string(what->only));
    if (judge_interrupted() != 0 && !options->plain)
        failures_show(order, verdict);
    if (options->plain)
        order_advance(order, true);
    if (judge_interrupted() != 0) { /* what did not run is not wrong: the points would say that it is */
        fprintf(stderr, "lab: interrupted%s\n", options->json != NULL ? "" : ", the former verdict is kept");
        json_decref(verdict);
        return ENDED_BY_SIGNAL + judge_interrupted();
    }
    if (options->plain)
        render_sum(&order->render, verdict);
    else
        render_verdict(&order->render, verdict);
    lab_replay_keep(options, verdict);
    verdict_finish(options, what, verdict);
    int status = verdict_right(verdict) ? EXIT_SUCCESS : EXIT_FAILURE;
    json_decref(verdict);
    return status;
}

int lab_check(const struct lab_options *options)
{
    struct order order = {.render = render_to(stdout), .lab = options->lab, .ended = json_object()};
    char *results = lab_results(options), *folder = lab_folder(options), *publish = NULL;
    int status;

    /* Programs to try by hand: where CMake would put them. */
    if (options->tree == NULL && asprintf(&publish, TOOLCHAIN_BUILD "/labs/%s", options->lab->name) == -1)
        publish = NULL;
    order.render.plain = options->plain;
    order.render.verbose = options->verbose || options->repeat > 1;
    order.render.source = TOOLCHAIN_SOURCE;
    order.render.folder = folder;
    if (access(folder, R_OK | X_OK) == -1)
        status = error_report_errno("name the folder that holds it with --tree", "%s", folder);
    else
        status =
            verdict_make(options,
                         &(struct judge_order){.lab = options->lab,
                                               .folder = folder,
                                               .only = options->check,
                                               .results = results,
                                               .json_path = options->json,
                                               .publish = publish,
                                               .jobs = options->jobs,
                                               .repeat = options->repeat,
                                               .progress = order_show,
                                               .tick = order.render.terminal && !options->plain ? order_tick : NULL,
                                               .data = &order},
                         &order);
    json_decref(order.ended);
    free(publish);
    free(results);
    free(folder);
    return status;
}

int lab_watch(const struct lab_options *options)
{
    const struct timespec turn = {.tv_nsec = 300000000}; /* polling: network and WSL mounts report no events */
    char *folder = lab_folder(options);
    uint64_t before = 0;
    int status = EXIT_SUCCESS;

    if (access(folder, R_OK | X_OK) == -1) {
        error_report_errno(NULL, "%s", folder);
        free(folder);
        return EXIT_FAILURE;
    }
    /* between two verdicts nothing is held: Ctrl-C just ends it */
    for (;; nanosleep(&turn, NULL)) {
        uint64_t now = lab_fingerprint(folder);
        if (now == before)
            continue;
        before = now;
        if (isatty(STDOUT_FILENO))
            printf("\033[H\033[2J");
        status = lab_check(options);
        if (judge_interrupted() != 0)
            break;
        printf("Watching %s: save a file there, or end with Ctrl-C\n", folder);
        fflush(stdout);
    }
    free(folder);
    return status;
}
