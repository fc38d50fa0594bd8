/* See statistics.h. */
#define _GNU_SOURCE
#include "statistics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- causes ---- */

/* What the student misunderstood, as far as the check can tell; to be freed. */
static char *cause_text(const json_t *check)
{
    const char *text = verdict_text(check, "cause"), *expected = verdict_text(check, "expected");
    char *whole = NULL;

    if (text[0] == '\0' && expected[0] != '\0')
        return asprintf(&whole, "expected: %.*s", (int)strcspn(expected, "\n"), expected) == -1 ? NULL : whole;
    if (text[0] == '\0')
        text = verdict_is(check, "outcome", "timeout") ? "it did not come to an end" : "no cause is known";
    return strndup(text, strcspn(text, "\n"));
}

/* The entry of this cause, made where it is not there yet. */
static json_t *cause_find(json_t *causes, int lab, const char *check, const char *text)
{
    size_t i;
    json_t *cause;

    json_array_foreach (causes, i, cause) {
        if (verdict_is(cause, "text", text))
            return cause;
    }
    cause = json_pack("{s:i, s:s, s:s, s:[]}", "lab", lab, "check", check, "text", text, "students");
    json_array_append_new(causes, cause);
    return cause;
}

static int by_students(const void *left, const void *right)
{
    const json_t *a = *(json_t *const *)left, *b = *(json_t *const *)right;
    size_t many = json_array_size(json_object_get(a, "students")),
           few = json_array_size(json_object_get(b, "students"));

    if (many != few)
        return many > few ? -1 : 1;
    if (verdict_integer(a, "lab") != verdict_integer(b, "lab"))
        return verdict_integer(a, "lab") < verdict_integer(b, "lab") ? -1 : 1;
    int order = strcmp(verdict_text(a, "check"), verdict_text(b, "check"));
    return order != 0 ? order : strcmp(verdict_text(a, "text"), verdict_text(b, "text"));
}

/* The same entries in that order. */
static json_t *array_sorted(const json_t *array, int (*order)(const void *, const void *))
{
    size_t count = json_array_size(array);
    json_t **entries = calloc(count + 1, sizeof *entries), *sorted = json_array();

    if (entries == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        entries[i] = json_array_get(array, i);
    qsort(entries, count, sizeof *entries, order);
    for (size_t i = 0; i < count; i++)
        json_array_append(sorted, entries[i]);
    free(entries);
    return sorted;
}

/* ---- checks and labs ---- */

static json_t *check_find(json_t *checks, const json_t *check)
{
    const char *name = verdict_text(check, "name");
    size_t i;
    json_t *each;

    json_array_foreach (checks, i, each) {
        if (verdict_is(each, "name", name))
            return each;
    }
    each = json_pack("{s:s, s:s, s:s, s:I, s:i, s:i, s:i, s:[]}", "name", name, "title", verdict_text(check, "title"),
                     "visibility", verdict_text(check, "visibility"), "points_max",
                     verdict_integer(check, "points_max"), "passed", 0, "failed", 0, "not_run", 0, "causes");
    json_array_append_new(checks, each);
    return each;
}

static void count_up(json_t *object, const char *key)
{
    json_object_set_new(object, key, json_integer(verdict_integer(object, key) + 1));
}

/* By the sum of their points a student is in the upper third of the class, in the lower, or between. */
enum third { BETWEEN, UPPER, LOWER };

static void check_add(json_t *lab, const json_t *check, size_t student, enum third third)
{
    json_t *entry = check_find(json_object_get(lab, "checks"), check);

    if (third != BETWEEN)
        count_up(entry, third == UPPER ? "upper" : "lower");
    if (third != BETWEEN && check_passed(check))
        count_up(entry, third == UPPER ? "upper_passed" : "lower_passed");
    count_up(entry, check_passed(check) ? "passed" : check_found_something(check) ? "failed" : "not_run");
    if (!check_found_something(check))
        return;
    char *text = cause_text(check);
    json_t *cause = cause_find(json_object_get(entry, "causes"), (int)verdict_integer(lab, "number"),
                               verdict_text(check, "name"), text != NULL ? text : "");
    json_array_append_new(json_object_get(cause, "students"), json_integer((json_int_t)student));
    free(text);
}

static void lab_add(json_t *lab, const json_t *verdict, size_t student, enum third third)
{
    size_t i;
    json_t *check;

    if (verdict == NULL || verdict_true(verdict, "missing")) {
        count_up(lab, "missing");
        return;
    }
    count_up(lab, "handed_in");
    json_object_set_new(lab, "title", json_string(verdict_text(verdict, "title")));
    json_object_set_new(lab, "points_max", json_integer(verdict_integer(verdict, "points_max")));
    json_array_append_new(json_object_get(lab, "marks"), json_integer(verdict_integer(verdict, "points")));
    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        check_add(lab, check, student, third);
    }
}

static int by_number(const void *left, const void *right)
{
    json_int_t a = json_integer_value(*(json_t *const *)left), b = json_integer_value(*(json_t *const *)right);

    return (a > b) - (a < b);
}

struct rank {
    json_int_t points;
    size_t student;
};

static int by_points(const void *left, const void *right)
{
    const struct rank *a = left, *b = right;

    if (a->points != b->points)
        return a->points > b->points ? -1 : 1;
    return a->student < b->student ? -1 : a->student > b->student;
}

/* Of each submission; whoever has as many points as the last of a third is in it, too. To be freed. */
static enum third *thirds_make(const struct class_results *results)
{
    size_t count = json_array_size(results->submissions), size = count / 3;
    struct rank *ranks = calloc(count + 1, sizeof *ranks);
    enum third *thirds = calloc(count + 1, sizeof *thirds);

    if (ranks == NULL || thirds == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        ranks[i] = (struct rank){verdict_integer(json_array_get(results->submissions, i), "points"), i};
    qsort(ranks, count, sizeof *ranks, by_points);
    json_int_t upper = size > 0 ? ranks[size - 1].points : 0, lower = size > 0 ? ranks[count - size].points : 0;
    for (size_t i = 0; i < count && upper > lower; i++)
        thirds[ranks[i].student] = ranks[i].points >= upper ? UPPER : ranks[i].points <= lower ? LOWER : BETWEEN;
    free(ranks);
    return thirds;
}

static json_t *lab_make(const struct class_results *results, json_int_t number, const enum third *thirds)
{
    json_t *lab = json_pack("{s:I, s:s, s:i, s:i, s:i, s:[], s:[]}", "number", number, "title", "", "points_max", 0,
                            "handed_in", 0, "missing", 0, "marks", "checks");
    size_t i;
    json_t *each;

    json_array_foreach (results->submissions, i, each) {
        lab_add(lab, submission_lab(each, number), i, thirds[i]);
    }
    json_object_set_new(lab, "marks", array_sorted(json_object_get(lab, "marks"), by_number));
    json_array_foreach (json_object_get(lab, "checks"), i, each) {
        json_object_set_new(each, "causes", array_sorted(json_object_get(each, "causes"), by_students));
    }
    return lab;
}

/* The sums of those who handed something in. */
static json_t *all_make(const struct class_results *results)
{
    json_t *marks = json_array(), *each;
    json_int_t most = 0;
    size_t i;

    json_array_foreach (results->submissions, i, each) {
        json_array_append_new(marks, json_integer(verdict_integer(each, "points")));
        most = verdict_integer(each, "points_max") > most ? verdict_integer(each, "points_max") : most;
    }
    json_t *sorted = array_sorted(marks, by_number);
    json_decref(marks);
    return json_pack("{s:I, s:o}", "points_max", most, "marks", sorted);
}

json_t *statistics_make(const struct class_results *results)
{
    json_t *labs = json_array(), *causes = json_array(), *number, *check;
    enum third *thirds = thirds_make(results);
    size_t i, j;

    json_array_foreach (json_object_get(results->class, "labs"), i, number) {
        json_t *lab = lab_make(results, json_integer_value(number), thirds);
        json_array_append_new(labs, lab);
        json_array_foreach (json_object_get(lab, "checks"), j, check) {
            json_array_extend(causes, json_object_get(check, "causes"));
        }
    }
    json_t *sorted = array_sorted(causes, by_students);
    json_decref(causes);
    free(thirds);
    return json_pack("{s:o, s:o, s:o}", "labs", labs, "causes", sorted, "all", all_make(results));
}

json_int_t statistics_median(const json_t *sorted)
{
    enum { HALF_HUNDRED = 50 };
    size_t count = json_array_size(sorted);

    if (count == 0)
        return 0;
    return (json_integer_value(json_array_get(sorted, (count - 1) / 2)) +
            json_integer_value(json_array_get(sorted, count / 2))) *
           HALF_HUNDRED;
}
