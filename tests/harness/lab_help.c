/* lab hint, lab progress, lab solution: what a student asks for besides the verdict. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"
#include "render.h"
#include "shmlab/error.h"
#include "toolchain.h"

/* The first check that failed by a verdict, and has not passed by the one given since; NULL: there is none. */
static const struct check_case *case_failed(const struct lab *lab, const json_t *verdict, const json_t *since)
{
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        const char *name = verdict_text(check, "name");
        enum outcome outcome = outcome_of(check);
        if ((outcome == OUTCOME_FAILED || outcome == OUTCOME_TIMEOUT) &&
            outcome_of(verdict_check(since, name)) != OUTCOME_PASSED)
            return judge_case(lab, name);
    }
    return NULL;
}

/* How many hints of the check have been given, this one included. Remembered in a file of the lab's results. */
static int hint_step(const struct lab_options *options, const char *name)
{
    char *results = lab_results(options), *path;

    if (asprintf(&path, "%s/hints.json", results) == -1)
        abort();
    json_t *given = json_load_file(path, 0, NULL);
    if (!json_is_object(given)) {
        json_decref(given);
        given = json_object();
    }
    int step = (int)json_integer_value(json_object_get(given, name)) + 1;
    if (step > CHECK_HINTS)
        step = CHECK_HINTS;
    json_object_set_new(given, name, json_integer(step));
    json_dump_file(given, path, JSON_INDENT(2));
    json_decref(given);
    free(path);
    free(results);
    return step;
}

static bool verdict_current(const struct lab_options *options, const json_t *verdict)
{
    char now[32], *folder = lab_folder(options);

    snprintf(now, sizeof now, "%016" PRIx64, lab_fingerprint(folder));
    free(folder);
    return strcmp(now, verdict_text(verdict, "fingerprint")) == 0;
}

/* What a verdict says may be over: say so. */
static void edited_print(const struct lab_options *options, const json_t *verdict)
{
    int number = lab_number(options->lab);
    const char *check = verdict_text(verdict, "check");

    if (verdict_current(options, verdict))
        return;
    if (check[0] != '\0')
        printf("Files were edited since the last verdict on %s: make lab%d CHECK=%s looks again.\n", check, number,
               check);
    else
        printf("Files were edited since the last verdict on the whole lab: make lab%d looks again.\n", number);
}

/* Of what the last run was about, the first check that failed; without one, what the whole lab lacks besides.
 * NULL after a message. */
static const struct check_case *case_next(const struct lab_options *options, int *status)
{
    json_t *latest = lab_verdict(options, LAB_VERDICT_LATEST), *whole = lab_verdict(options, LAB_VERDICT_WHOLE);
    const json_t *told = latest;
    const struct check_case *next = case_failed(options->lab, latest, NULL);
    int number = lab_number(options->lab);

    if (next == NULL && whole != NULL) {
        told = whole;
        next = case_failed(options->lab, whole, latest);
    }
    if (told != NULL)
        edited_print(options, told);
    if (told == NULL)
        *status =
            error_report(NULL, "lab %d has no verdict yet: let it be looked at first, make lab%d", number, number);
    else if (next == NULL)
        printf("Lab %d: no check has failed. A hint for any of them: make hint%d CHECK=name\n", number, number);
    json_decref(latest);
    json_decref(whole);
    return next;
}

int lab_hint(const struct lab_options *options)
{
    static const char *const labels[CHECK_HINTS] = {"concept", "where", "nearly"};
    struct render render = render_to(stdout);
    int number = lab_number(options->lab), status = EXIT_SUCCESS;
    const struct check_case *wanted =
        options->check != NULL ? judge_case(options->lab, options->check) : case_next(options, &status);

    if (wanted == NULL)
        return status;
    int step = hint_step(options, wanted->name);
    char *head;
    if (asprintf(&head, "%s: %s", wanted->name, wanted->visibility == CHECK_PUBLIC ? wanted->title : wanted->concept) ==
        -1)
        abort();
    render_line(&render, 0, head);
    free(head);
    for (int i = 0; i < step; i++)
        render_text(&render, 2, labels[i], wanted->hints[i]);
    char line[256];
    snprintf(line, sizeof line, "Once more for the next step (%d of %d): make hint%d CHECK=%s", step, CHECK_HINTS,
             number, wanted->name);
    if (step < CHECK_HINTS)
        render_line(&render, 0, line);
    else
        printf("That was the last hint.\n");
    return EXIT_SUCCESS;
}

static int titles_width(void)
{
    size_t width = 0;

    for (const struct lab *const *each = judge_labs; *each != NULL; each++)
        width = strlen((*each)->title) > width ? strlen((*each)->title) : width;
    return (int)width;
}

/* A lab's line: on a wide terminal with its title, a bar and what there is to say, on a narrow one with what fits.
 * Returns the points. */
static int progress_print(const struct lab_options *options, const struct render *render, int width)
{
    enum { TITLED = 76, WHOLE = 86 }; /* columns that it takes with a title, and with a long bar as well */
    struct render bar = *render;
    json_t *verdict = lab_verdict(options, LAB_VERDICT_WHOLE);
    int points = (int)verdict_integer(verdict, "points"), extra = (int)verdict_integer(verdict, "challenge_points");
    char challenge[16] = "";

    if (extra > 0)
        snprintf(challenge, sizeof challenge, "+%d", extra);
    printf("lab %d  ", lab_number(options->lab));
    if (render->width >= TITLED)
        printf("%-*s ", width, options->lab->title);
    if (render->width >= TITLED && render->width < WHOLE)
        bar.width = 0;
    render_bar(&bar, points, 100);
    printf(" %3d %-4s%s\n", points, challenge,
           verdict == NULL                      ? "not begun"
           : !verdict_current(options, verdict) ? "edited since"
           : verdict_full(verdict)              ? "solved"
                                                : "");
    json_decref(verdict);
    return points;
}

int lab_progress(const struct lab_options *options)
{
    int sum = 0, most = 0, width = titles_width();
    struct render render = render_to(stdout);

    for (const struct lab *const *each = judge_labs; *each != NULL; each++) {
        struct lab_options one = *options;
        one.lab = *each;
        sum += progress_print(&one, &render, width);
        most += 100;
    }
    char line[80];
    snprintf(line, sizeof line, "%d of %d points, challenges (+) not counted", sum, most);
    render_line(&render, 0, line);
    return EXIT_SUCCESS;
}

int lab_solution(const struct lab_options *options)
{
    int number = lab_number(options->lab);
    json_t *verdict = lab_verdict(options, LAB_VERDICT_WHOLE);
    bool solved = verdict != NULL && verdict_full(verdict) && verdict_current(options, verdict);
    char *folder;

    json_decref(verdict);
    if (asprintf(&folder, TOOLCHAIN_SOURCE "/solutions/%s", options->lab->name) == -1)
        abort();
    bool there = access(folder, R_OK) == 0;
    free(folder);
    if (!there)
        return error_report("your instructor has it", "this tree has no solution of lab %d", number);
    if (!solved && !options->yes) {
        char question[160];
        snprintf(question, sizeof question,
                 "Lab %d is not solved yet. A hint would be: make hint%d. Show the solution?", number, number);
        if (!lab_confirm(question))
            return EXIT_FAILURE;
    }
    printf("The reference is solutions/%s. To compare:\n\n    diff -u labs/%s solutions/%s\n", options->lab->name,
           options->lab->name, options->lab->name);
    return EXIT_SUCCESS;
}
