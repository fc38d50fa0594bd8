/*
 * lab: what a student runs, mostly through make.
 *
 *     lab check 3 [--check NAME]      make lab3, make lab3 CHECK=NAME
 *     lab hint 3 ...                  make hint3, and so on: lab --help
 *
 * Exit status 0: done, all points; 1: not all of them, or something failed; 2: wrong usage; 128 and its
 * number: a signal (Ctrl-C: 130).
 */
#define _GNU_SOURCE
#include "lab.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shmlab/options.h"
#include "text.h"
#include "toolchain.h"

enum { OPTION_JSON = 256, OPTION_PLAIN, OPTION_RESULTS, OPTION_HTML };

/* ---- What the commands share ---- */

char *lab_folder(const struct lab_options *options)
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

char *lab_results(const struct lab_options *options)
{
    char *path;

    if (options->results != NULL)
        path = strdup(options->results);
    else if (asprintf(&path, TOOLCHAIN_BUILD "/results/%s%s", options->lab->name,
                      options->tree != NULL ? ".other" : "") ==
             -1) /* somebody else's tree: not the student's progress */
        path = NULL;
    if (path == NULL)
        abort();
    if (options->results == NULL)
        mkdir(TOOLCHAIN_BUILD "/results", 0777);
    mkdir(path, 0777); /* a folder that cannot be made shows when a file in it cannot */
    return path;
}

json_t *lab_verdict(const struct lab_options *options, const char *file)
{
    char *results = lab_results(options), *path;

    if (asprintf(&path, "%s/%s", results, file) == -1)
        abort();
    json_t *verdict = json_load_file(path, 0, NULL);
    free(path);
    free(results);
    return verdict;
}

uint64_t lab_fingerprint(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    uint64_t hash = TEXT_HASH;

    if (count == -1)
        return 0;
    for (int i = 0; i < count; i++) {
        char *path = NULL, *text = NULL;
        size_t size;
        if (entries[i]->d_name[0] != '.' && asprintf(&path, "%s/%s", folder, entries[i]->d_name) != -1)
            text = text_read(path, &size);
        if (text != NULL) {
            hash = text_hash(hash, entries[i]->d_name, strlen(entries[i]->d_name) + 1);
            hash = text_hash(hash, text, size);
        }
        free(text);
        free(path);
        free(entries[i]);
    }
    free(entries);
    return hash;
}

bool lab_confirm(const char *question)
{
    char answer[16] = "";

    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "lab: %s Nobody is there to answer: --yes says yes (make: YES=1)\n", question);
        return false;
    }
    printf("%s [y/N] ", question);
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Labs that have checks, or the checks of one. */
static int lab_list(const struct lab_options *options)
{
    if (options->lab == NULL) {
        for (const struct lab *const *each = judge_labs; *each != NULL; each++)
            printf("%d %s: %s\n", lab_number(*each), (*each)->name, (*each)->title);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < options->lab->case_count; i++) {
        const struct check_case *each = &options->lab->cases[i];
        printf("%-16s %s%3d  %s\n", each->name, each->challenge ? "+" : " ", each->points,
               each->visibility == CHECK_PUBLIC ? each->title : each->concept);
    }
    return EXIT_SUCCESS;
}

/* ---- Command line ---- */

static const struct command {
    const char *name;
    int (*run)(const struct lab_options *options);
    bool needs_lab;
} commands[] = {
    {"check", lab_check, true},    {"watch", lab_watch, true},       {"hint", lab_hint, true},
    {"reset", lab_reset, true},    {"solution", lab_solution, true}, {"progress", lab_progress, false},
    {"doctor", lab_doctor, false}, {"list", lab_list, false},        {"replay", lab_replay, true},
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
    case 'n':
        options->repeat = (int)options_integer(state, "--repeat", text, 1, 1000000);
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
    case 'v':
        options->verbose = true;
        return 0;
    case OPTION_PLAIN:
        options->plain = true;
        return 0;
    case OPTION_HTML:
        options->html = true;
        return 0;
    case ARGP_KEY_ARG:
        return argument_parse(options, text, state);
    case ARGP_KEY_END:
        if (options->command == NULL)
            argp_usage(state);
        if (command_find(options->command)->needs_lab && options->lab == NULL)
            argp_error(state, "%s wants the number of a lab", options->command);
        if (options->check != NULL && options->lab != NULL && judge_case(options->lab, options->check) == NULL)
            argp_error(state, "lab %d has no check '%s'", lab_number(options->lab), options->check);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"tree", 't', "DIR", 0, "Folder that holds labN_name (default: this project's labs/)", 0},
    {"check", 'c', "NAME", 0, "Only this check, and those that it needs", 0},
    {"repeat", 'n', "N", 0, "Run each check N times, or until its outcome is another one than before", 0},
    {"json", OPTION_JSON, "FILE", 0, "Write the verdict there, as tests/harness/result.md describes it", 0},
    {"results", OPTION_RESULTS, "DIR", 0, "Folder for the transcripts (default: results/labN_name of the build folder)",
     0},
    {"jobs", 'j', "N", 0, "Checks at once (default: two more than there are processors, 6 at most)", 0},
    {"verbose", 'v', NULL, 0, "Show every check, and all of what was found", 0},
    {"plain", OPTION_PLAIN, NULL, 0, "Leave out what differs from run to run, for comparisons", 0},
    {"yes", 'y', NULL, 0, "Do not ask", 0},
    {"html", OPTION_HTML, NULL, 0, "replay: no steps here, but a page for a browser in the folder of the transcripts",
     0},
    {0},
};

/* Checks at once: more than there are processors, since a check waits for events most of its time. */
static int jobs_default(void)
{
    enum { WAITING = 2, MOST = 6 };
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1)
        processors = 1;
    return processors + WAITING > MOST ? MOST : (int)processors + WAITING;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_list,
        .parser = option_parse,
        .args_doc = "check N\nlist [N]\nwatch N\nhint N\nreplay N\nreset N\nsolution N\nprogress\ndoctor",
        .doc = "Work on the labs.\v"
               "  check N      build lab N and say what is right and what is not\n"
               "  list [N]     the checks of lab N, or the labs\n"
               "  watch N      the same again after each change\n"
               "  hint N       a hint on the first check that failed when lab N was looked at last, or on\n"
               "               --check; again: the next step\n"
               "  replay N     the schedule with which a check of lab N failed last, step by step\n"
               "  reset N      put the lab back to its beginning, keeping a backup\n"
               "  solution N   where the reference solution is, once the lab is solved\n"
               "  progress     points of all labs\n"
               "  doctor       what this machine offers to the labs\n",
    };
    struct lab_options options = {.jobs = jobs_default()};

    options_parse(&argp, argc, argv, &options);
    return command_find(options.command)->run(&options);
}
