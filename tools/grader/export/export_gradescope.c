/*
 * Gradescope's results.json: <https://gradescope-autograders.readthedocs.io/en/latest/specs/>.
 *
 * Every test is "visible", because one that is hidden takes the total away from the student; what an
 * instructor's check may not tell is left out of it instead. Every test has a "status": without one, passed
 * means full points, and a check that is worth nothing would always have passed. A challenge is extra credit:
 * points out of a maximum of 0.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "export.h"
#include "policy.h"
#include "text.h"

static void text_put(json_t *object, const char *key, const char *text)
{
    char *plain = text_plain(text);

    if (plain[0] != '\0')
        json_object_set_new(object, key, json_string(plain));
    free(plain);
}

static json_t *test_of(const json_t *lab, const json_t *check, size_t index)
{
    char text[512];
    char *feedback = check_feedback(check, true);
    json_int_t number = verdict_integer(lab, "number");
    bool challenge = verdict_true(check, "challenge");
    json_t *test = json_object();

    json_object_set_new(test, "score", json_integer(verdict_integer(check, "points")));
    json_object_set_new(test, "max_score", json_integer(challenge ? 0 : verdict_integer(check, "points_max")));
    text_put(test, "status", check_passed(check) ? "passed" : "failed");
    snprintf(text, sizeof text, "%s%s: %s", challenge ? "challenge " : "", check_label(check, true),
             check_title(check, true));
    text_put(test, "name", text);
    snprintf(text, sizeof text, "%d.%zu", (int)number, index + 1);
    text_put(test, "number", text);
    text_put(test, "output", feedback);
    text_put(test, "output_format", "text");
    snprintf(text, sizeof text, "lab%d", (int)number);
    json_object_set_new(test, "tags", json_pack("[s, s]", text, verdict_text(check, "outcome")));
    text_put(test, "visibility", "visible");
    free(feedback);
    return test;
}

static json_t *tests_of(const json_t *submission)
{
    json_t *tests = json_array(), *lab, *check;
    size_t i, j;

    json_array_foreach (json_object_get(submission, "labs"), i, lab) {
        json_array_foreach (json_object_get(lab, "checks"), j, check) {
            json_array_append_new(tests, test_of(lab, check, j));
        }
    }
    return tests;
}

static void remarks_put(json_t *document, const json_t *submission)
{
    char *remarks = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&remarks, &size);

    if (out == NULL)
        abort();
    export_remarks_write(out, submission);
    if (fclose(out) != 0)
        abort();
    text_put(document, "output", remarks);
    free(remarks);
}

void gradescope_write(FILE *out, const struct export_order *order, const json_t *submission)
{
    json_t *document = json_object(), *tests = tests_of(submission);

    /* Without policy Gradescope adds the tests up; of nothing there is no sum. */
    if (order->policy)
        json_object_set_new(document, "score",
                            json_real((double)(policy_hundredths(submission, "points") +
                                               policy_hundredths(submission, "challenge_points")) /
                                      100));
    else if (json_array_size(tests) == 0)
        json_object_set_new(document, "score", json_integer(0));
    remarks_put(document, submission);
    text_put(document, "output_format", "text");
    text_put(document, "visibility", "visible");
    text_put(document, "stdout_visibility", "hidden");
    json_object_set_new(document, "tests", tests);
    json_dumpf(document, out, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    fputc('\n', out);
    json_decref(document);
}
