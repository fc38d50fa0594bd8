/* grader check labN: one lab of one tree, judged behind walls; the verdict that `make labN` gives. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box.h"
#include "grader.h"
#include "intake.h"
#include "render.h"
#include "results.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "submission.h"
#include "toolchain.h"

struct check_options {
    const struct lab *lab;
    const char *folder, *check, *json, *transcripts;
    enum isolation isolation;
    bool plain;
};

enum { OPTION_DIR = 256, OPTION_JSON, OPTION_CHECK, OPTION_ISOLATION, OPTION_TRANSCRIPTS, OPTION_PLAIN };

static void verdict_show(const struct check_options *options, const json_t *verdict, const char *folder)
{
    struct render render = render_to(stdout);

    render.plain = options->plain;
    render.source = TOOLCHAIN_SOURCE;
    render.folder = folder;
    render_verdict(&render, verdict);
}

static void refusals_show(const struct intake *intake)
{
    size_t i;
    json_t *sentence;

    json_array_foreach (intake->refusals, i, sentence)
        fprintf(stderr, "grader: %s\n", json_string_value(sentence));
}

/* In a room of its own: take, judge, show. */
static int tree_check_in(const struct check_options *options, const char *room)
{
    char tree[PATH_MAX], folder[PATH_MAX], transcripts[PATH_MAX];
    struct intake intake;
    int status = EXIT_FAILURE;

    snprintf(folder, sizeof folder, "%.2000s/labs/%s", room, options->lab->name);
    snprintf(transcripts, sizeof transcripts, "%.2000s/transcripts", room);
    mkdir(transcripts, 0755);
    if (!room_furnish(room, tree))
        return EXIT_FAILURE;
    const char *name = strrchr(options->folder, '/') != NULL ? strrchr(options->folder, '/') + 1 : options->folder;
    const struct intake_part part = {.path = (char *)options->folder, .name = (char *)name};
    bool labs[LABS_MAX] = {false};
    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++)
        labs[i] = judge_labs[i] == options->lab;
    bool taken = intake_take(
        &(struct intake_order){
            .parts = &part, .part_count = 1, .labs = labs, .tree = tree, .isolation = options->isolation},
        &intake);
    refusals_show(&intake);
    if (taken && !intake.refused) {
        json_t *verdict = judge_run(
            &(struct judge_order){.lab = options->lab,
                                  .folder = folder,
                                  .only = options->check,
                                  .results = options->transcripts != NULL ? options->transcripts : transcripts,
                                  .scratch = room,
                                  .walls = box_walls(options->isolation),
                                  .json_path = options->json,
                                  .jobs = CHECKS_AT_ONCE});
        if (verdict != NULL) {
            verdict_show(options, verdict, folder);
            status = verdict_right(verdict) && judge_interrupted() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        json_decref(verdict);
    }
    intake_free(&intake);
    return status;
}

static int tree_check(const struct check_options *options)
{
    char room[PATH_MAX];

    if (!box_room(options->isolation, room, sizeof room, NULL))
        return EXIT_FAILURE;
    if (options->transcripts != NULL)
        mkdir(options->transcripts, 0777);
    int status = tree_check_in(options, room);
    box_room_end(room);
    return status;
}

static error_t check_parse(int key, char *text, struct argp_state *state)
{
    struct check_options *options = state->input;

    switch (key) {
    case OPTION_DIR:
        options->folder = text;
        return 0;
    case OPTION_JSON:
        options->json = text;
        return 0;
    case OPTION_CHECK:
        options->check = text;
        return 0;
    case OPTION_TRANSCRIPTS:
        options->transcripts = text;
        return 0;
    case OPTION_PLAIN:
        options->plain = true;
        return 0;
    case OPTION_ISOLATION:
        options->isolation = box_isolation(state, text);
        return 0;
    case ARGP_KEY_ARG:
        options->lab = judge_lab(strncmp(text, "lab", 3) == 0 && strlen(text) == 4 ? text + 3 : text);
        if (options->lab == NULL)
            argp_error(state, "there is no lab '%s', or it has no checks", text);
        return 0;
    case ARGP_KEY_END:
        if (options->lab == NULL || options->folder == NULL)
            argp_usage(state);
        if (options->check != NULL && judge_case(options->lab, options->check) == NULL)
            argp_error(state, "lab %d has no check '%s'", lab_number(options->lab), options->check);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int grader_check(int argc, char **argv)
{
    static const struct argp_option list[] = {
        {"dir", OPTION_DIR, "DIR", 0, "Folder (or archive) with labN_name/, or with the lab's files", 0},
        {"json", OPTION_JSON, "FILE", 0, "Write the verdict there, as tests/harness/result.md describes it", 0},
        {"check", OPTION_CHECK, "NAME", 0, "Only this check, and those that it needs", 0},
        {"transcripts", OPTION_TRANSCRIPTS, "DIR", 0, "Keep what the programs printed there", 0},
        BOX_OPTION(OPTION_ISOLATION),
        {"plain", OPTION_PLAIN, NULL, 0, "Leave out what differs from run to run, for comparisons", 0},
        {0},
    };
    static const struct argp argp = {.options = list,
                                     .parser = check_parse,
                                     .args_doc = "labN --dir DIR",
                                     .doc = "Grade one lab of one tree: the same verdict as `make labN` in that tree."};
    struct check_options options = {.lab = NULL};

    options_parse(&argp, argc, argv, &options);
    return tree_check(&options);
}
