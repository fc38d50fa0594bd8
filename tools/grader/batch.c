/* See batch.h. */
#define _GNU_SOURCE
#include "batch.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "results.h"
#include "roster.h"
#include "shmlab/clock.h"

enum { TIME_TEXT = 32 };

struct progress {
    const struct collection *batch;
    const struct class_order *order;
    pid_t *workers; /* for each entry: its process; 0: not begun, -1: done */
    size_t begun, ended, broken;
    int64_t start_ms;
};

static volatile sig_atomic_t stopped;

static void stop_handler(int number)
{
    stopped = number;
}

/* Ctrl-C, kill(1), a terminal that is closed; unless somebody wants them ignored, as nohup(1) does. */
static void signals_set(void (*handler)(int))
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = handler}, before; /* without SA_RESTART: it ends the wait */

    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
        if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(ending[i], &action, NULL);
}

/* ---- One ---- */

static void worker_start(struct progress *progress)
{
    size_t i = progress->begun++;
    const struct collected_entry *entry = &progress->batch->entries[i];
    pid_t parent = getpid();

    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        signals_set(SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* its boxes die with it */
        if (getppid() != parent)
            _exit(EXIT_FAILURE);
        _exit(submission_grade(progress->order, entry) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    progress->workers[i] = pid;
    if (pid != -1)
        return;
    fprintf(stderr, "grader: fork: %s\n", strerror(errno));
    progress->ended++;
    progress->broken++;
}

/* "2 min 5 s" */
static const char *duration_text(int64_t ms, char text[static TIME_TEXT])
{
    long long seconds = (long long)(ms + 500) / 1000;

    if (seconds < 60)
        snprintf(text, TIME_TEXT, "%lld s", seconds);
    else if (seconds < 3600)
        snprintf(text, TIME_TEXT, "%lld min %lld s", seconds / 60, seconds % 60);
    else
        snprintf(text, TIME_TEXT, "%lld h %lld min", seconds / 3600, seconds / 60 % 60);
    return text;
}

static void progress_tell(const struct progress *progress, const char *name, const json_t *result)
{
    char left[TIME_TEXT] = "";
    int64_t elapsed = clock_now_ms() - progress->start_ms;
    size_t count = progress->batch->count;

    printf("[%zu/%zu] %s: ", progress->ended, count, name);
    if (result == NULL)
        printf("not graded");
    else
        printf("%lld of %lld points%s", json_integer_value(json_object_get(result, "points")),
               json_integer_value(json_object_get(result, "points_max")),
               json_array_size(json_object_get(result, "attention")) > 0 ? ", needs a look" : "");
    if (progress->ended < count)
        printf("; %s left",
               duration_text(elapsed / (int64_t)progress->ended * (int64_t)(count - progress->ended), left));
    putchar('\n');
    fflush(stdout);
}

/* The worker itself stumbled: say so in the result, which the next run completes. */
static void worker_blame(const struct progress *progress, const char *name, int status)
{
    json_t *result = submission_load(progress->order->results, name);
    char text[128];

    if (result == NULL)
        return;
    snprintf(text, sizeof text, "the grader stumbled (%s %d): run it again", WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    json_array_append_new(json_object_get(result, "attention"), json_string(text));
    char *path = submission_path(progress->order->results, name, "result.json");
    results_write(path, result);
    free(path);
    json_decref(result);
}

static void worker_end(struct progress *progress, pid_t pid, int status)
{
    size_t i = 0;

    while (i < progress->begun && progress->workers[i] != pid)
        i++;
    if (i == progress->begun)
        return;
    assert(progress->ended < progress->begun && progress->begun <= progress->batch->count);
    progress->workers[i] = -1;
    progress->ended++;
    const char *name = progress->batch->entries[i].name;
    if (status != 0 && stopped == 0) {
        progress->broken++;
        worker_blame(progress, name, status);
    }
    json_t *result = submission_load(progress->order->results, name);
    if (stopped == 0)
        progress_tell(progress, name, result);
    json_decref(result);
}

/* ---- All ---- */

static void workers_stop(const struct progress *progress)
{
    for (size_t i = 0; i < progress->begun; i++)
        if (progress->workers[i] > 0)
            kill(progress->workers[i], SIGTERM); /* each ends its check and writes what it knows */
}

static void progress_run(struct progress *progress, int jobs)
{
    bool told = false;

    while (progress->ended < progress->batch->count) {
        while (stopped == 0 && progress->begun < progress->batch->count &&
               progress->begun - progress->ended < (size_t)jobs)
            worker_start(progress);
        if (stopped != 0 && !told) {
            workers_stop(progress);
            told = true;
        }
        if (progress->begun == progress->ended)
            break;
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        if (pid > 0)
            worker_end(progress, pid, status);
    }
}

static void submission_sum(const struct progress *progress, const char *name, size_t *count)
{
    json_t *result = submission_load(progress->order->results, name), *sentence;
    size_t i;

    if (json_array_size(json_object_get(result, "attention")) > 0) {
        if ((*count)++ == 0)
            printf("\nThese need a look:\n");
        printf("  %s\n", name);
    }
    json_array_foreach (json_object_get(result, "attention"), i, sentence)
        printf("      %s\n", json_string_value(sentence));
    json_decref(result);
}

/* Who is in the roster and handed in nothing? Of a shard nobody knows. */
void batch_absent(const struct collection *batch, const struct class_order *order)
{
    size_t i, count = 0;
    json_t *student;

    json_array_foreach (order->roster != NULL ? order->roster->students : NULL, i, student) {
        bool there = false;
        for (size_t s = 0; s < batch->count && !there; s++) {
            const struct roster_match *match = &batch->entries[s].match;
            there = match->student == student || match->other == student || match->doubt == student;
        }
        if (there)
            continue;
        if (count++ == 0)
            printf("\nIn the roster, and nothing handed in:\n");
        printf("  %s  %s\n", verdict_text(student, "id"), verdict_text(student, "name"));
    }
}

static void progress_sum(const struct progress *progress)
{
    char time[TIME_TEXT];
    size_t count = 0;

    for (size_t i = 0; i < progress->batch->count; i++)
        submission_sum(progress, progress->batch->entries[i].name, &count);
    if (!progress->order->part)
        batch_absent(progress->batch, progress->order);
    if (stopped != 0)
        printf("\nInterrupted; the same command goes on where this one stopped.\n");
    printf("\n%zu of %zu submissions in %s%s; results: %s\n", progress->ended, progress->batch->count,
           duration_text(clock_now_ms() - progress->start_ms, time),
           progress->order->isolation == ISOLATION_FULL ? "" : ", WITHOUT ISOLATION", progress->order->results);
}

bool batch_run(const struct collection *batch, const struct class_order *order, int jobs)
{
    struct progress progress = {.batch = batch, .order = order, .start_ms = clock_now_ms()};

    progress.workers = calloc(batch->count + 1, sizeof *progress.workers);
    if (progress.workers == NULL)
        return false;
    signals_set(stop_handler);
    progress_run(&progress, jobs);
    progress_sum(&progress);
    free(progress.workers);
    return stopped == 0 && progress.broken == 0;
}
