/* See verdict.h. */
#include "verdict.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static const char *const names[OUTCOMES] = {
    [OUTCOME_PENDING] = "pending", [OUTCOME_RUNNING] = "running",   [OUTCOME_PASSED] = "passed",
    [OUTCOME_FAILED] = "failed",   [OUTCOME_TIMEOUT] = "timeout",   [OUTCOME_ERROR] = "error",
    [OUTCOME_SKIPPED] = "skipped", [OUTCOME_UNJUDGED] = "unjudged", [OUTCOME_HIDDEN] = "hidden",
};

const char *outcome_name(enum outcome outcome)
{
    return names[outcome];
}

enum outcome outcome_of(const json_t *check)
{
    for (int i = 0; i < OUTCOMES; i++)
        if (verdict_is(check, "outcome", names[i]))
            return (enum outcome)i;
    return OUTCOME_PENDING;
}

bool outcome_final(enum outcome outcome)
{
    return outcome != OUTCOME_PENDING && outcome != OUTCOME_RUNNING;
}

bool outcome_found(enum outcome outcome)
{
    return outcome == OUTCOME_FAILED || outcome == OUTCOME_TIMEOUT || outcome == OUTCOME_ERROR;
}

/* ---- Members ---- */

const char *verdict_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

json_int_t verdict_integer(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

bool verdict_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

bool verdict_is(const json_t *object, const char *key, const char *text)
{
    return strcmp(verdict_text(object, key), text) == 0;
}

void verdict_put(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, json_string(text));
}

void verdict_outcome(json_t *check, enum outcome outcome)
{
    verdict_put(check, "outcome", names[outcome]);
}

json_t *verdict_check(const json_t *verdict, const char *name)
{
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        if (verdict_is(check, "name", name))
            return check;
    }
    return NULL;
}

/* ---- The whole ---- */

int lab_number(const struct lab *lab)
{
    return atoi(lab->name + strlen("lab"));
}

json_t *verdict_check_begin(const struct check_case *which)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:b, s:s, s:s}", "name", which->name, "title", which->title, "concept",
                     which->concept, "points", 0, "points_max", which->points, "challenge", (int)which->challenge,
                     "visibility", which->visibility == CHECK_PUBLIC ? "public" : "instructor", "outcome",
                     names[OUTCOME_PENDING]);
}

json_t *verdict_begin(const struct lab *lab)
{
    json_t *checks = json_array();

    for (size_t i = 0; i < lab->case_count; i++)
        json_array_append_new(checks, verdict_check_begin(&lab->cases[i]));
    json_t *verdict = json_pack("{s:s, s:s, s:i, s:s, s:o, s:[]}", "schema", VERDICT_SCHEMA, "lab", lab->name, "number",
                                lab_number(lab), "title", lab->title, "checks", checks, "leaks");
    verdict_sum(verdict);
    return verdict;
}

/* Points of those that count, or of the challenges. */
struct sums {
    json_int_t points, most, unjudged;
};

/* Where everything is judged there is nothing to say. */
static void unjudged_set(json_t *verdict, const char *key, json_int_t points)
{
    if (points > 0)
        json_object_set_new(verdict, key, json_integer(points));
    else
        json_object_del(verdict, key);
}

void verdict_sum(json_t *verdict)
{
    struct sums counted = {0}, extra = {0};
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        struct sums *sums = verdict_true(check, "challenge") ? &extra : &counted;
        enum outcome outcome = outcome_of(check);
        json_int_t worth = verdict_integer(check, "points_max"), earned = outcome == OUTCOME_PASSED ? worth : 0;
        json_object_set_new(check, "points", json_integer(earned));
        sums->points += earned;
        sums->most += worth;
        sums->unjudged += outcome == OUTCOME_UNJUDGED ? worth : 0;
    }
    json_object_set_new(verdict, "points", json_integer(counted.points));
    json_object_set_new(verdict, "points_max", json_integer(counted.most));
    json_object_set_new(verdict, "challenge_points", json_integer(extra.points));
    json_object_set_new(verdict, "challenge_points_max", json_integer(extra.most));
    unjudged_set(verdict, "points_unjudged", counted.unjudged);
    unjudged_set(verdict, "challenge_points_unjudged", extra.unjudged);
}

bool verdict_right(const json_t *verdict)
{
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        enum outcome outcome = outcome_of(check);
        if (!verdict_true(check, "challenge") && outcome != OUTCOME_PASSED && outcome != OUTCOME_HIDDEN &&
            outcome != OUTCOME_UNJUDGED)
            return false;
    }
    return true;
}

bool verdict_full(const json_t *verdict)
{
    return verdict_integer(verdict, "points") + verdict_integer(verdict, "points_unjudged") ==
           verdict_integer(verdict, "points_max");
}
