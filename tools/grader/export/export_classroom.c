/*
 * Results for GitHub Classroom's autograding reporter
 * (github.com/classroom-resources/autograding-grading-reporter): lines NAME=VALUE for a workflow. The first,
 * "runners=a,b,...", is the reporter's input; each other one, "A_RESULTS=BASE64", is a variable of its
 * environment.
 *
 * Every check is a runner of its own with one test. The reporter's table shows passed tests by all tests
 * times the runner's maximum, while the grade is the sum of the scores: the two agree only if a runner has
 * one test. A challenge has the maximum 0 and so does not count, because extra credit has no place there.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "plain.h"
#include "policy.h"
#include "text.h"

enum { RUNNER = 96 };

/* Letters and digits only, and another one than `taken` (a set): the reporter splits and upper-cases these names. */
static void runner_name(char name[RUNNER], const json_t *lab, const json_t *check, json_t *taken)
{
    int used = snprintf(name, RUNNER, "lab%d", (int)verdict_integer(lab, "number"));
    size_t length = (size_t)used;

    for (const char *at = check_label(check, true); *at != '\0' && length < RUNNER / 2; at++)
        if (isalnum((unsigned char)*at))
            name[length++] = (char)tolower((unsigned char)*at);
    name[length] = '\0';
    for (int more = 2; json_object_get(taken, name) != NULL; more++)
        snprintf(name + length, RUNNER - length, "%d", more);
    json_object_set_new(taken, name, json_null());
}

static json_t *result_of(const json_t *check)
{
    bool broken = verdict_is(check, "outcome", "error");
    bool challenge = verdict_true(check, "challenge"), passed = check_passed(check);
    const char *status = passed ? "pass" : broken ? "error" : "fail";
    char *feedback = check_feedback(check, true), *title = text_plain(check_title(check, true));
    bool hidden = check_is_hidden(check);
    char *file = text_plain(hidden || passed ? "" : verdict_text(check, "file"));
    /* a challenge that was not taken up fails nobody */
    json_t *result =
        json_pack("{s:i, s:s, s:i, s:[{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i}]}", "version", 1, "status",
                  challenge ? "pass" : status, "max_score", challenge ? 0 : (int)verdict_integer(check, "points_max"),
                  "tests", "name", title, "status", status, "message", feedback, "test_code", check_label(check, true),
                  "filename", file, "line_no", hidden ? 0 : (int)verdict_integer(check, "line"), "score",
                  (int)verdict_integer(check, "points"), "duration", 0);

    free(feedback);
    free(title);
    free(file);
    return result;
}

/* Points and comments by hand: a runner out of 0 points, so that its score, which may be below 0, is all it adds. */
static json_t *result_by_hand(const json_t *lab)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    double points = (double)(policy_hundredths(lab, "points") - verdict_integer(lab, "points") * 100) / 100;

    if (out == NULL)
        abort();
    export_comments_write(out, lab);
    if (fclose(out) != 0)
        abort();
    json_t *result =
        json_pack("{s:i, s:s, s:i, s:[{s:s, s:s, s:s, s:s, s:s, s:i, s:f, s:i}]}", "version", 1, "status", "pass",
                  "max_score", 0, "tests", "name", "points and comments by hand", "status", "pass", "message", text,
                  "test_code", "by hand", "filename", "", "line_no", 0, "score", points, "duration", 0);
    free(text);
    return result;
}

/* Takes the result. */
static void runner_write(FILE *out, const char *name, json_t *result)
{
    char *text = json_dumps(result, JSON_COMPACT);

    if (text == NULL)
        abort();
    for (const char *at = name; *at != '\0'; at++)
        fputc(toupper((unsigned char)*at), out);
    fputs("_RESULTS=", out);
    plain_base64(out, text, strlen(text));
    fputc('\n', out);
    free(text);
    json_decref(result);
}

void classroom_write(FILE *out, const struct export_order *order, const json_t *submission)
{
    json_t *taken = json_object(), *lab, *check, *value;
    char name[RUNNER], *lines = NULL;
    const char *runner, *separator = "runners=";
    size_t size = 0, i, j;
    FILE *variables = open_memstream(&lines, &size);

    (void)order;
    if (variables == NULL)
        abort();
    json_array_foreach (json_object_get(submission, "labs"), i, lab) {
        json_array_foreach (json_object_get(lab, "checks"), j, check) {
            runner_name(name, lab, check, taken);
            runner_write(variables, name, result_of(check));
        }
        if (json_array_size(json_object_get(lab, "comments")) > 0) {
            snprintf(name, sizeof name, "lab%dbyhand", (int)verdict_integer(lab, "number"));
            json_object_set_new(taken, name, json_null());
            runner_write(variables, name, result_by_hand(lab));
        }
    }
    if (fclose(variables) != 0)
        abort();
    json_object_foreach (taken, runner, value) {
        fprintf(out, "%s%s", separator, runner);
        separator = ",";
    }
    fprintf(out, "\n%s", lines);
    free(lines);
    json_decref(taken);
}
