/*
 * See weave.h. What weave prints goes into the transcript; what it found comes from its JSON, in a file
 * without a name: weave does not hand its descriptor on to the programs that it runs, which may be hostile.
 */
#define _GNU_SOURCE
#include "weave.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"
#include "text.h"
#include "toolchain.h"
#include "verdict.h"

enum {
    WEAVE_RUNS = 5000, /* schedules of a case at most: the right solutions need less than half */
    WEAVE_FOUND = 1,   /* exit status, see tools/weave/README.md */
    WORDS = 64,
    STEPS_TOLD = 10,       /* in the finding: all of them are in the transcript */
    PAGE_MOST = 400 << 10, /* bytes; ten times what a page usually has, and a record takes a megabyte */
    GRACE = 10,            /* seconds between weave's own limit and ours */
};

static const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* ---- Compiling and running ---- */

/* Index of a program in the lab's table. */
static size_t program_index(struct check *check, const char *name)
{
    for (size_t i = 0; i < LAB_PROGRAMS && check->lab->programs[i].name != NULL; i++)
        if (strcmp(check->lab->programs[i].name, name) == 0)
            return i;
    check_broken(check, "there is no program %s to be explored", name);
}

/* Compile those of the case that are not there yet. Returns their folder. */
static const char *programs_weave(struct check *check, const struct weave_case *order)
{
    struct build build = {.folder = ""};
    unsigned wanted = 0;

    snprintf(build.folder, sizeof build.folder, "%s/woven", check->scratch);
    if (mkdir(build.folder, 0700) == -1 && errno != EEXIST)
        check_broken(check, "mkdir(%s): %s", build.folder, strerror(errno));
    for (size_t i = 0; i < WEAVE_PROGRAMS && order->programs[i][0] != NULL; i++) {
        struct stat info;
        const char *name = order->programs[i][0];
        if (!text_ends(name, ".py") && stat(check_text(check, "%s/%s", build.folder, name), &info) == -1)
            wanted |= 1u << program_index(check, name);
    }
    build_woven(check->lab, check->folder, wanted, check->place, &build);
    for (size_t i = 0; i < LAB_PROGRAMS; i++)
        if ((wanted >> i & 1) != 0 && build.programs[i].status != 0)
            check_skip(check, check_text(check, "%s cannot be compiled for weave: %s", check->lab->programs[i].name,
                                         build.programs[i].messages));
    return check_text(check, "%s", build.folder);
}

static void words_add(struct check *check, const char *words[], size_t *count, const char *word)
{
    if (*count + 1 == WORDS)
        check_broken(check, "more than %d words for weave", WORDS);
    words[(*count)++] = word;
}

static struct program *weave_start(struct check *check, const struct weave_case *order, int json, int page)
{
    const char *folder = programs_weave(check, order);
    double limit = check_limits[check->which->limit].wait * process_time_scale() - (double)GRACE;
    const char *words[WORDS] = {TOOLCHAIN_WEAVE,
                                "--runs",
                                check_text(check, "%d", WEAVE_RUNS),
                                "--time-limit",
                                check_text(check, "%.0f", limit > 1 ? limit : 1),
                                "--sealed",
                                "--json",
                                check_text(check, "fd:%d", json),
                                "--html",
                                check_text(check, "fd:%d", page),
                                "--again",
                                check_text(check, "make replay%d", lab_number(check->lab))};
    size_t count = 12;

    for (size_t i = 0; i < WEAVE_ARGUMENTS && order->options[i] != NULL; i++)
        words_add(check, words, &count, order->options[i]);
    for (size_t i = 0; i < WEAVE_PROGRAMS && order->programs[i][0] != NULL; i++) {
        bool python = text_ends(order->programs[i][0], ".py");
        words_add(check, words, &count, "--");
        if (python)
            words_add(check, words, &count, check_python(check));
        words_add(check, words, &count,
                  check_text(check, "%s/%s", python ? check->folder : folder, order->programs[i][0]));
        for (size_t k = 1; k < WEAVE_ARGUMENTS && order->programs[i][k] != NULL; k++)
            words_add(check, words, &count, order->programs[i][k]);
    }
    return check_start_keeping(check, words, (const int[2]){json, page});
}

/* ---- The finding in a student's words ---- */

/* "writer", or "producer (2)", with weave's number of the process, when there are several. */
static const char *process_label(struct check *check, const struct weave_case *order, json_int_t process)
{
    size_t same = 0;

    if (process < 1 || process > WEAVE_PROGRAMS || order->programs[process - 1][0] == NULL)
        return check_text(check, "process %d", (int)process);
    const char *name = order->programs[process - 1][0];
    for (size_t i = 0; i < WEAVE_PROGRAMS && order->programs[i][0] != NULL; i++)
        same += strcmp(order->programs[i][0], name) == 0;
    return same > 1 ? check_text(check, "%s (%d)", name, (int)process) : name;
}

static const char *place_text(struct check *check, const json_t *place)
{
    const char *file = verdict_text(place, "file");

    if (file[0] == '\0')
        return "";
    return check_text(check, "%s:%d  ", path_name(file), (int)verdict_integer(place, "line"));
}

static const char *sides_text(struct check *check, const struct weave_case *order, const json_t *finding)
{
    const char *text = "";
    size_t i;
    json_t *side;

    json_array_foreach (json_object_get(finding, "sides"), i, side) {
        json_int_t process = verdict_integer(side, "process");
        const char *source = verdict_text(side, "source");
        const char *what = verdict_text(side, "what");
        text = check_text(check, "%s\n  %s: %s", text, process_label(check, order, process), what);
        /* how many bytes Python reads at once, and in which function, is the interpreter's business */
        if (verdict_true(side, "trapped"))
            check_varies(check, "an access by Python", what);
        if (verdict_text(side, "file")[0] != '\0')
            text = check_text(check, "%s\n    %s%s", text, place_text(check, side), source);
        if (verdict_text(side, "held")[0] != '\0')
            text = check_text(check, "%s\n    %s", text, verdict_text(side, "held"));
    }
    return text;
}

/* What the programs themselves printed last, where it may be the cause: they ended otherwise than they should. */
static const char *sayings_text(struct check *check, const struct weave_case *order, const json_t *result,
                                const json_t *found)
{
    const char *text = "";
    size_t i;
    json_t *program;

    if (verdict_is(found, "kind", "race"))
        return "";
    json_array_foreach (json_object_get(result, "programs"), i, program) {
        if (verdict_text(program, "said")[0] != '\0')
            text = check_text(check, "%s\n  %s said last: %s", text,
                              process_label(check, order, verdict_integer(program, "process")),
                              verdict_text(program, "said"));
    }
    return text;
}

/* The first store that waits in a buffer while its process goes on; NULL: none does. */
static const json_t *step_buffered(const json_t *trace)
{
    size_t i;
    json_t *event;

    json_array_foreach (trace, i, event) {
        if (verdict_is(event, "kind", "buffer"))
            return event;
    }
    return NULL;
}

static const char *step_text(struct check *check, const struct weave_case *order, const json_t *step)
{
    json_int_t process = verdict_integer(step, "process");

    return check_text(check, "\n  %-12s  %s%s", process_label(check, order, process), place_text(check, step),
                      verdict_text(step, "text"));
}

/* The last steps of weave's brief story, oldest first, and before them the first store that waited in a buffer. */
static const char *steps_text(struct check *check, const struct weave_case *order, const json_t *trace)
{
    const json_t *told[STEPS_TOLD], *buffered = step_buffered(trace);
    size_t i, count = 0;
    json_t *event;
    const char *text = "";

    json_array_foreach (trace, i, event) {
        if (verdict_true(event, "brief"))
            told[count++ % STEPS_TOLD] = event;
    }
    bool shown = buffered == NULL;
    for (i = count > STEPS_TOLD ? count - STEPS_TOLD : 0; i < count; i++) {
        shown = shown || told[i % STEPS_TOLD] == buffered;
        text = check_text(check, "%s%s", text, step_text(check, order, told[i % STEPS_TOLD]));
    }
    if (!shown)
        text = check_text(check, "%s\n  ...%s", step_text(check, order, buffered), text);
    return text[0] != '\0' ? check_text(check, "\nhow it happens:%s", text) : "";
}

/* The name of the student's file that a path leads to; NULL: it is none. */
static const char *student_file(struct check *check, const char *path)
{
    const char *name = path_name(path);

    for (const char *const *file = check->lab->files; *file != NULL; file++)
        if (strcmp(*file, name) == 0)
            return *file;
    return NULL;
}

static bool place_take(struct check *check, const json_t *place, struct finding *finding)
{
    const char *file = student_file(check, verdict_text(place, "file"));

    if (file == NULL)
        return false;
    finding->file = file;
    finding->line = (int)verdict_integer(place, "line");
    return true;
}

/* A place of this side in the student's files: its own, or the nearest one from which it was called. */
static bool side_take(struct check *check, const json_t *side, struct finding *finding)
{
    size_t i;
    json_t *caller;

    if (place_take(check, side, finding))
        return true;
    json_array_foreach (json_object_get(side, "callers"), i, caller)
        if (place_take(check, caller, finding))
            return true;
    return false;
}

/* How much a side is to blame: a hand-over that came too early; of an atomic access and another one, the other one;
 * else the access that showed it, which is told first. */
static int side_blame(const json_t *found, const json_t *side)
{
    bool early = verdict_is(found, "cause", "early-publication") || verdict_is(found, "cause", "early-release");

    return early && verdict_true(side, "handover") ? 2 : verdict_is(side, "access", "atomic") ? 0 : 1;
}

/* Where to begin reading: the operation that is to blame if one is known, or else one of the places. */
static void place_find(struct check *check, const json_t *found, const json_t *trace, struct finding *finding)
{
    size_t i;
    json_t *each;

    json_array_foreach (trace, i, each) {
        if (verdict_is(found, "cause", "relaxed-order") && verdict_is(each, "order", "relaxed") &&
            verdict_true(each, "story") && place_take(check, each, finding))
            return;
    }
    for (int blame = 2; blame >= 0; blame--)
        json_array_foreach (json_object_get(found, "sides"), i, each)
            if (side_blame(found, each) == blame && side_take(check, each, finding))
                return;
}

static const char *expected_text(struct check *check, const json_t *found)
{
    const char *kind = verdict_text(found, "kind"), *field = verdict_text(found, "field");

    if (strcmp(kind, "race") == 0)
        return check_text(check, "in every order of their steps, two accesses to `%s` are never at once",
                          field[0] != '\0' ? field : "shared memory");
    if (strcmp(kind, "deadlock") == 0 || strcmp(kind, "stuck") == 0)
        return "in every order of their steps, no process waits forever";
    return "in every order of their steps, all programs do their work and end with status 0";
}

/* What `lab replay` needs to repeat it. */
static void replay_keep(struct check *check, const struct weave_case *order, const json_t *result)
{
    json_t *programs = json_array(), *options = json_array();

    for (size_t i = 0; i < WEAVE_PROGRAMS && order->programs[i][0] != NULL; i++) {
        json_t *words = json_array();
        for (size_t k = 0; k < WEAVE_ARGUMENTS && order->programs[i][k] != NULL; k++)
            json_array_append_new(words, json_string(order->programs[i][k]));
        json_array_append_new(programs, words);
    }
    for (size_t i = 0; i < WEAVE_ARGUMENTS && order->options[i] != NULL; i++)
        json_array_append_new(options, json_string(order->options[i]));
    check->replay = json_pack("{s:s, s:o, s:o}", "schedule", verdict_text(result, "schedule"), "options", options,
                              "programs", programs);
}

/* For a browser; only whole: a page that is too large for the record is left out. */
static void page_keep(struct check *check, int page)
{
    struct stat info;
    char *text = fstat(page, &info) == 0 && info.st_size > 0 && info.st_size <= PAGE_MOST
                     ? check_memory(check, (size_t)info.st_size)
                     : NULL;

    if (text != NULL && pread(page, text, (size_t)info.st_size, 0) == info.st_size)
        check->page = json_stringn(text, (size_t)info.st_size); /* NULL where it is not UTF-8 */
}

static _Noreturn void weave_fail(struct check *check, const struct weave_case *order, const json_t *result)
{
    const json_t *found = json_array_get(json_object_get(result, "findings"), 0);
    const json_t *trace = json_object_get(result, "trace");
    bool said = order->exit_means != NULL && strcmp(verdict_text(found, "kind"), "exit") == 0;
    struct finding finding = {
        .expected = expected_text(check, found),
        .found = check_text(check, "%s, with %s%s%s%s", verdict_text(found, "headline"), order->title,
                            sides_text(check, order, found), sayings_text(check, order, result, found),
                            steps_text(check, order, trace)),
        .cause = said ? order->exit_means : verdict_text(found, "why"),
        .next = check_text(check, "make replay%d runs these steps again; make replay%d HTML=1 draws them",
                           lab_number(check->lab), lab_number(check->lab)),
    };

    if (!said)
        place_find(check, found, trace, &finding);
    else if (step_buffered(trace) != NULL) /* or else the check's own advice says where to look */
        place_take(check, step_buffered(trace), &finding);
    replay_keep(check, order, result);
    check_fail(check, &finding);
}

void check_weave(struct check *check, const struct weave_case *order)
{
    if (TOOLCHAIN_WEAVE[0] == '\0')
        check_unjudged(check,
                       "weave is not built here: it needs Linux on x86-64 or arm64, and libdw (Debian: libdw-dev)");
    check_note(check, "every interleaving of %s", order->title);
    int json = memfd_create("weave", MFD_CLOEXEC), page = memfd_create("page", MFD_CLOEXEC);
    if (json == -1 || page == -1)
        check_broken(check, "memfd_create: %s", strerror(errno));
    struct program *weave = weave_start(check, order, json, page);
    int status = program_wait(weave);
    lseek(json, 0, SEEK_SET); /* weave's place in it is ours, too */
    json_t *result = json_loadfd(json, 0, NULL);
    close(json);
    page_keep(check, page);
    close(page);
    if (status == WEAVE_FOUND && json_array_size(json_object_get(result, "findings")) > 0)
        weave_fail(check, order, result);
    REQUIRE(check, status != WEAVE_FOUND, .expected = check_text(check, "%s can be explored", order->title),
            .found = program_output(weave), .cause = "a program wrote into memory that is not its own");
    const struct machine_answer weaves = status != 0 ? machine_weave() : (struct machine_answer){.good = true};
    if (!weaves.good)
        check_unjudged(check, check_text(check, "%s; %s", weaves.what, weaves.cure));
    if (status != 0)
        check_skip(check, check_text(check, "weave could not explore the programs (%s):\n%s",
                                     status_text(check, status), program_output(weave)));
    if (strncmp(verdict_text(result, "verdict"), "passed", strlen("passed")) != 0)
        check_broken(check, "weave ended with status 0, but its report does not say passed");
    json_decref(result);
}
