/*
 * JUnit XML as Jenkins and GitLab read it: a test suite a submission and lab, a test case a check. What the
 * checks found is a failure; a runaway, a crash, a build that fails and a broken check are errors, by type;
 * what did not run is skipped. JUnit knows no points: they stand in the suite's properties.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "plain.h"
#include "policy.h"

struct counts {
    int tests, failures, errors, skipped;
};

/* NULL: it is a failure or no finding at all. */
static const char *error_type(const json_t *check)
{
    if (!check_found_something(check))
        return NULL;
    if (!verdict_is(check, "outcome", "failed"))
        return verdict_text(check, "outcome");
    if (verdict_is(check, "name", "builds"))
        return "build";
    return verdict_is(check, "ended", "signal") ? "crash" : NULL;
}

static void check_count(struct counts *counts, const json_t *check)
{
    counts->tests++;
    if (check_passed(check))
        return;
    if (!check_found_something(check))
        counts->skipped++;
    else if (error_type(check) != NULL)
        counts->errors++;
    else
        counts->failures++;
}

static struct counts lab_count(const json_t *lab)
{
    struct counts counts = {0};
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(lab, "checks"), i, check) {
        check_count(&counts, check);
    }
    return counts;
}

static struct counts class_count(const struct class_results *results)
{
    struct counts sum = {0};
    size_t i, j;
    json_t *submission, *lab;

    json_array_foreach (results->submissions, i, submission) {
        json_array_foreach (json_object_get(submission, "labs"), j, lab) {
            struct counts counts = lab_count(lab);
            sum.tests += counts.tests;
            sum.failures += counts.failures;
            sum.errors += counts.errors;
            sum.skipped += counts.skipped;
        }
    }
    return sum;
}

static void attribute_write(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    plain_escape(out, value);
    fputc('"', out);
}

static void property_write(FILE *out, const char *name, const char *value)
{
    fputs("      <property", out);
    attribute_write(out, "name", name);
    attribute_write(out, "value", value);
    fputs("/>\n", out);
}

static void property_points(FILE *out, const char *name, const json_t *owner)
{
    char text[2 * HUNDREDTHS_TEXT];

    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, verdict_integer(owner, "points"),
             verdict_integer(owner, "points_max"));
    property_write(out, name, text);
}

static void properties_write(FILE *out, const struct export_order *order, const json_t *submission, const json_t *lab)
{
    char text[HUNDREDTHS_TEXT], name[128];
    size_t i;
    json_t *check;

    fputs("    <properties>\n", out);
    property_write(out, "submission", verdict_text(submission, "name"));
    property_write(out, "isolation", verdict_text(submission, "isolation"));
    property_points(out, "points", lab);
    if (order->policy) {
        property_write(out, "points.adjusted", export_hundredths(text, policy_hundredths(lab, "points")));
        property_write(out, "policy", verdict_text(json_object_get(lab, "adjusted"), "note"));
    }
    json_array_foreach (json_object_get(lab, "comments"), i, check)
        property_write(out, "comment", json_string_value(check));
    json_array_foreach (json_object_get(lab, "checks"), i, check) {
        if (check_is_hidden(check) && order->one)
            continue;
        snprintf(name, sizeof name, "points.%s%s", verdict_text(check, "name"),
                 verdict_true(check, "challenge") ? ".challenge" : "");
        property_points(out, name, check);
    }
    fputs("    </properties>\n", out);
}

/* The element that says what became of the check, with all the feedback. */
static void outcome_write(FILE *out, const json_t *check, bool for_student)
{
    char *feedback = check_feedback(check, for_student);
    const char *type = error_type(check);

    if (!check_found_something(check)) { /* in Jenkins' schema it has text only */
        fputs("      <skipped>", out);
        plain_escape(out, feedback);
        fputs("</skipped>\n", out);
    } else {
        fprintf(out, "      <%s", type != NULL ? "error" : "failure");
        attribute_write(out, "type", type != NULL ? type : "assertion");
        attribute_write(out, "message", check_title(check, for_student));
        fputs(">\n", out);
        plain_escape(out, feedback);
        fprintf(out, "      </%s>\n", type != NULL ? "error" : "failure");
    }
    free(feedback);
}

static void case_write(FILE *out, const char *class_name, const json_t *check, bool for_student)
{
    char name[256];

    /* two hidden checks of a student's document would have one name: the concept tells them apart */
    bool hidden = for_student && check_is_hidden(check);
    snprintf(name, sizeof name, "%s%s%s", check_label(check, for_student), hidden ? " " : "",
             hidden ? check_title(check, true) : "");
    fputs("    <testcase", out);
    attribute_write(out, "name", name);
    attribute_write(out, "classname", class_name);
    if (check_passed(check)) {
        fputs("/>\n", out);
        return;
    }
    fputs(">\n", out);
    outcome_write(out, check, for_student);
    fputs("    </testcase>\n", out);
}

static void suite_write(FILE *out, const struct export_order *order, const json_t *submission, const json_t *lab)
{
    struct counts counts = lab_count(lab);
    char *name;
    size_t i;
    json_t *check;

    if (asprintf(&name, "%s.%s", verdict_text(submission, "name"), verdict_text(lab, "lab")) == -1)
        abort();
    for (size_t at = 0; at < strlen(verdict_text(submission, "name")); at++)
        if (name[at] == '.') /* whoever reads it splits packages there */
            name[at] = '_';
    fputs("  <testsuite", out);
    attribute_write(out, "name", name);
    fprintf(out, " tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\">\n", counts.tests, counts.failures,
            counts.errors, counts.skipped);
    properties_write(out, order, submission, lab);
    json_array_foreach (json_object_get(lab, "checks"), i, check) {
        case_write(out, name, check, order->one);
    }
    fputs("  </testsuite>\n", out);
    free(name);
}

/* Somebody in the roster who handed in nothing: a suite with one case that did not run. */
static void absent_write(FILE *out, const json_t *person)
{
    char *name;

    if (asprintf(&name, "%s.no_submission", verdict_text(person, "id")) == -1)
        abort();
    fputs("  <testsuite", out);
    attribute_write(out, "name", name);
    fputs(" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\">\n    <testcase name=\"submission\"", out);
    attribute_write(out, "classname", name);
    fputs(">\n      <skipped>", out);
    plain_escape(out, verdict_text(person, "name"));
    fputs(" handed in nothing</skipped>\n    </testcase>\n  </testsuite>\n", out);
    free(name);
}

void junit_write(FILE *out, const struct export_order *order)
{
    struct counts sum = class_count(order->results);
    size_t i, j;
    json_t *submission, *lab, *absent = order->one ? json_array() : class_absent(order->results);

    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"shmlab\" tests=\"%d\" failures=\"%d\" errors=\"%d\">\n",
            sum.tests + (int)json_array_size(absent), sum.failures, sum.errors);
    json_array_foreach (order->results->submissions, i, submission) {
        json_array_foreach (json_object_get(submission, "labs"), j, lab) {
            suite_write(out, order, submission, lab);
        }
    }
    json_array_foreach (absent, i, submission)
        absent_write(out, submission);
    json_decref(absent);
    fputs("</testsuites>\n", out);
}
