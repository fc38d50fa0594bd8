/* lab replay: the schedule with which a check failed last, once more, step by step. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compile.h"
#include "lab.h"
#include "scratch.h"
#include "shmlab/error.h"
#include "text.h"
#include "toolchain.h"

enum { WORDS = 64, PATH_SIZE = 600 };

/* What is kept of a replay: "json", the schedule; "html", the page. To be freed. */
static char *replay_path(const struct lab_options *options, const char *kind)
{
    char *results = lab_results(options), *path;

    if (asprintf(&path, "%s/replay.%s", results, kind) == -1)
        abort();
    free(results);
    return path;
}

void lab_replay_keep(const struct lab_options *options, const json_t *verdict)
{
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        json_t *replay = json_object_get(check, "replay");
        if (replay == NULL)
            continue;
        char *path = replay_path(options, "json");
        if (json_dump_file(replay, path, JSON_INDENT(2)) == -1)
            error_report_errno(NULL, "%s", path);
        free(path);
        return;
    }
}

/* The bits of the lab's programs that take part: see build_woven. */
static unsigned programs_wanted(const struct lab *lab, const json_t *replay)
{
    unsigned wanted = 0;
    size_t i;
    json_t *words;

    json_array_foreach (json_object_get(replay, "programs"), i, words) {
        const char *name = json_string_value(json_array_get(words, 0));
        for (size_t k = 0; k < LAB_PROGRAMS && lab->programs[k].name != NULL; k++)
            if (name != NULL && strcmp(lab->programs[k].name, name) == 0)
                wanted |= 1u << k;
    }
    return wanted;
}

/* Compile the programs as they are now. Returns 0, or 1 after a message. */
static int programs_build(const struct lab_options *options, const char *folder, const json_t *replay,
                          struct build *build)
{
    int status = EXIT_SUCCESS;

    build_woven(options->lab, folder, programs_wanted(options->lab, replay), NULL, build);
    for (size_t i = 0; i < LAB_PROGRAMS && status == EXIT_SUCCESS; i++)
        if (build->programs[i].status != 0)
            status = error_report("fix that first", "%s does not compile:\n%s", options->lab->programs[i].name,
                                  build->programs[i].messages);
    return status;
}

static void words_add_all(const char *words[], size_t *count, const json_t *texts)
{
    size_t i;
    json_t *text;

    json_array_foreach (texts, i, text) {
        if (*count + 1 < WORDS)
            words[(*count)++] = json_string_value(text);
    }
}

static int words_run(const char *const words[])
{
    int status = 0;

    fflush(NULL);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is for the replay; what it leaves is ours to remove */
    pid_t child = fork();
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        execv(words[0], (char *const *)words); /* the strings are not written to: exec(3), RATIONALE */
        error_report_errno(NULL, "%s", words[0]);
        _exit(127);
    }
    if (child == -1 || waitpid(child, &status, 0) == -1)
        return error_report_errno(NULL, "cannot run %s", words[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

/* weave's command line: replay, options, schedule, programs. On a terminal it waits for Enter after each step, unless
 * the steps go into a page. */
static int replay_run(const struct lab *lab, const json_t *replay, const char *folder, const struct build *build,
                      const char *page)
{
    const char *words[WORDS] = {TOOLCHAIN_WEAVE, "replay"};
    char paths[WORDS][PATH_SIZE], again[32];
    size_t count = 2, i;
    json_t *program;

    words_add_all(words, &count, json_object_get(replay, "options"));
    if (page != NULL) {
        words[count++] = "-q";
        words[count++] = "--html";
        words[count++] = page;
    }
    snprintf(again, sizeof again, "make replay%d", lab_number(lab));
    words[count++] = "--again";
    words[count++] = again;
    words[count++] = json_string_value(json_object_get(replay, "schedule"));
    json_array_foreach (json_object_get(replay, "programs"), i, program) {
        if (count + json_array_size(program) + 3 >= WORDS)
            return error_report(NULL, "the schedule is of too many words");
        bool python = text_ends(json_string_value(json_array_get(program, 0)), ".py");
        words[count++] = "--";
        if (python)
            words[count++] = TOOLCHAIN_PYTHON;
        size_t path = count;
        words_add_all(words, &count, program);
        snprintf(paths[i], sizeof paths[i], "%s/%s", python ? folder : build->folder, words[path]);
        words[path] = paths[i];
    }
    return words_run(words);
}

int lab_replay(const struct lab_options *options)
{
    struct build build = {.folder = ""};
    struct scratch scratch;
    char *path = replay_path(options, "json");
    json_t *replay = json_load_file(path, 0, NULL);
    int status = EXIT_FAILURE;

    free(path);
    if (replay == NULL)
        return error_report("a check that explores interleavings keeps the one with which it failed",
                            "there is no schedule of lab %d to repeat", lab_number(options->lab));
    if (TOOLCHAIN_WEAVE[0] == '\0') {
        error_report("install libdw-dev and configure again", "weave is not built here");
    } else if (scratch_make(&scratch, NULL) == 0) {
        snprintf(build.folder, sizeof build.folder, "%s", scratch.path);
        char *folder = lab_folder(options), *page = options->html ? replay_path(options, "html") : NULL;
        if (programs_build(options, folder, replay, &build) == 0)
            status = replay_run(options->lab, replay, folder, &build, page);
        free(folder);
        free(page);
        scratch_remove(&scratch);
        build_free(&build);
    }
    json_decref(replay);
    return status;
}
