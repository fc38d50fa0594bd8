/* See results.h. */
#define _GNU_SOURCE
#include "results.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"
#include "render.h"
#include "shmlab/error.h"
#include "text.h"
#include "toolchain.h"

static const char *const sums[] = {"points", "points_max", "challenge_points", "challenge_points_max"};
enum { SUMS = sizeof sums / sizeof sums[0] };

bool results_write(const char *path, const json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS), *whole = NULL;
    bool good = text != NULL && asprintf(&whole, "%s\n", text) != -1 && text_store(path, whole, strlen(whole));

    if (!good)
        error_report_errno("is there room, and may you write to that folder? The same command goes on afterwards", "%s",
                           path);
    free(whole);
    free(text);
    return good;
}

/* ---- What is the same in every run ---- */

/* Length of a path's beginning that says nothing to a reader: a folder of this run, or of this machine. */
static size_t place_length(const char *text, const char *room)
{
    const char *const places[] = {room, TOOLCHAIN_BUILD, TOOLCHAIN_SOURCE};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        size_t length = strlen(places[i]);
        if (length == 0 || strncmp(text, places[i], length) != 0 || text[length] != '/')
            continue;
        if (strncmp(text + length, "/shmlab.", 8) == 0) /* the judge's own folder has a name of chance */
            length += 1 + strcspn(text + length + 1, "/");
        return length + (text[length] == '/');
    }
    return 0;
}

/* To be released. */
static json_t *text_settled(const json_t *check, const char *text, const char *room)
{
    char *label = render_label(check, text), *result = NULL;
    size_t size;
    FILE *out = open_memstream(&result, &size);

    if (label == NULL || out == NULL)
        abort();
    for (const char *at = label; *at != '\0';) {
        size_t skip = place_length(at, room);
        at += skip;
        if (skip == 0)
            fputc(*at++, out);
    }
    fclose(out);
    json_t *settled = json_string(result);
    free(result);
    free(label);
    return settled;
}

static json_t *texts_settled(const json_t *check, const json_t *texts, const char *room)
{
    json_t *list = json_array();
    size_t i;
    json_t *text;

    json_array_foreach (texts, i, text)
        json_array_append_new(list, text_settled(check, json_string_value(text), room));
    return list;
}

static json_t *check_settled(const json_t *check, const char *room)
{
    static const char *const texts[] = {"expected", "found", "cause", "next"};
    json_t *settled = json_copy((json_t *)check);

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (json_object_get(check, texts[i]) != NULL)
            json_object_set_new(settled, texts[i], text_settled(check, verdict_text(check, texts[i]), room));
    }
    if (json_object_get(check, "leaks") != NULL)
        json_object_set_new(settled, "leaks", texts_settled(check, json_object_get(check, "leaks"), room));
    const char *page = strstr(verdict_text(check, "page"), "transcripts/lab"); /* within the submission's results */
    if (page != NULL)
        json_object_set_new(settled, "page", json_string(page));
    json_object_del(settled, "varies");
    json_object_del(settled, "transcript");
    json_object_del(settled, "duration_ms");
    if (outcome_of(settled) == OUTCOME_RUNNING)
        verdict_outcome(settled, OUTCOME_PENDING);
    return settled;
}

json_t *results_lab(const json_t *verdict, const char *room)
{
    static const char *const dropped[] = {"date", "folder", "compiler", "interrupted", "fingerprint"};
    json_t *lab = json_copy((json_t *)verdict), *checks = json_array(), *leaks = json_array(), *check;
    size_t i;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        json_t *settled = check_settled(check, room);
        json_array_extend(leaks, json_object_get(settled, "leaks"));
        json_array_append_new(checks, settled);
    }
    for (i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
        json_object_del(lab, dropped[i]);
    json_object_set_new(lab, "checks", checks);
    json_object_set_new(lab, "leaks", leaks);
    return lab;
}

json_t *results_lab_blank(const struct lab *lab, enum outcome outcome, const char *reason)
{
    json_t *blank = verdict_begin(lab);
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(blank, "checks"), i, check) {
        verdict_outcome(check, outcome);
        verdict_put(check, "found", reason);
    }
    return blank;
}

/* ---- Questions ---- */

bool results_lab_has(const json_t *lab, enum outcome outcome)
{
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(lab, "checks"), i, check) {
        if (outcome_of(check) == outcome)
            return true;
    }
    return false;
}

bool results_lab_complete(const json_t *lab)
{
    return lab != NULL && !results_lab_has(lab, OUTCOME_PENDING) && !results_lab_has(lab, OUTCOME_RUNNING);
}

void results_sum(json_t *submission)
{
    size_t i;
    json_t *lab;

    for (size_t sum = 0; sum < SUMS; sum++) {
        json_int_t total = 0;
        json_array_foreach (json_object_get(submission, "labs"), i, lab)
            total += verdict_integer(lab, sums[sum]);
        json_object_set_new(submission, sums[sum], json_integer(total));
    }
}
