/* See class_results.h. */
#define _GNU_SOURCE
#include "class_results.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shmlab/error.h"
#include "text.h"

/* ---- reading ---- */

static json_t *document_read(const char *path, const char *schema)
{
    json_error_t error;
    json_t *document = json_load_file(path, 0, &error);

    if (document == NULL) {
        error_report("is this a folder that `grader grade --out` wrote? Grade again what is damaged",
                     "%s: %s (line %d)", path, error.text, error.line);
        return NULL;
    }
    if (!verdict_is(document, "schema", schema)) {
        error_report("it comes from another program, or from another version of this one", "%s is no \"%s\" but \"%s\"",
                     path, schema, verdict_text(document, "schema"));
        json_decref(document);
        return NULL;
    }
    return document;
}

/* Names become file names: one that leads out of its folder was written by nobody of ours. */
static bool name_is_safe(const char *name)
{
    return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strchr(name, '/') == NULL;
}

static bool submission_read(struct class_results *results, const char *name)
{
    char *path;

    if (!name_is_safe(name)) {
        error_report("fix the list \"submissions\"", "%s/class.json: '%s' is no name of a submission", results->folder,
                     name);
        return false;
    }
    if (asprintf(&path, "%s/submissions/%s/result.json", results->folder, name) == -1)
        abort();
    json_t *submission = document_read(path, "shmlab-submission/1");
    if (submission != NULL)
        json_array_append_new(results->submissions, submission);
    free(path);
    return submission != NULL;
}

bool class_read(struct class_results *results, const char *folder, const char *only)
{
    char *path;
    size_t i;
    json_t *name;
    bool good = true;

    *results = (struct class_results){.folder = folder, .submissions = json_array()};
    if (asprintf(&path, "%s/class.json", folder) == -1)
        abort();
    results->class = document_read(path, "shmlab-class/1");
    free(path);
    json_array_foreach (json_object_get(results->class, "submissions"), i, name) {
        const char *text = json_is_string(name) ? json_string_value(name) : "";
        if (good && (only == NULL || strcmp(only, text) == 0))
            good = submission_read(results, text);
    }
    if (results->class != NULL && good && only != NULL && json_array_size(results->submissions) == 0) {
        error_report("class.json in that folder lists the names", "%s has no submission '%s'", folder, only);
        good = false;
    }
    if (results->class != NULL && good)
        return true;
    class_release(results);
    return false;
}

void class_release(struct class_results *results)
{
    json_decref(results->class);
    json_decref(results->submissions);
    *results = (struct class_results){0};
}

/* ---- what they mean ---- */

const json_t *class_person(const struct class_results *results, const char *id)
{
    size_t i;
    json_t *person;

    json_array_foreach (json_object_get(results->class, "roster"), i, person) {
        if (id[0] != '\0' && verdict_is(person, "id", id))
            return person;
    }
    return NULL;
}

json_t *class_absent(const struct class_results *results)
{
    json_t *absent = json_array(), *there = json_object(), *each;
    size_t i;

    json_array_foreach (results->submissions, i, each)
        json_object_set_new(there, verdict_text(json_object_get(each, "student"), "id"), json_null());
    json_array_foreach (json_object_get(results->class, "roster"), i, each)
        if (json_object_get(there, verdict_text(each, "id")) == NULL)
            json_array_append(absent, each);
    json_decref(there);
    return absent;
}

const char *submission_person(const json_t *submission)
{
    const char *name = verdict_text(json_object_get(submission, "student"), "name");

    return name[0] != '\0' ? name : verdict_text(submission, "name");
}

const json_t *submission_lab(const json_t *submission, json_int_t number)
{
    size_t i;
    json_t *lab;

    json_array_foreach (json_object_get(submission, "labs"), i, lab) {
        if (verdict_integer(lab, "number") == number)
            return lab;
    }
    return NULL;
}

const char *submission_isolation(const json_t *submission)
{
    const char *mode = verdict_text(submission, "isolation");

    return strcmp(mode, "full") == 0 ? NULL : mode[0] != '\0' ? mode : "unknown";
}

bool check_is_hidden(const json_t *check)
{
    return verdict_is(check, "visibility", "instructor");
}

bool check_passed(const json_t *check)
{
    return outcome_of(check) == OUTCOME_PASSED;
}

const char *check_label(const json_t *check, bool for_student)
{
    return for_student && check_is_hidden(check) ? "hidden" : verdict_text(check, "name");
}

const char *check_title(const json_t *check, bool for_student)
{
    return verdict_text(check, for_student && check_is_hidden(check) ? "concept" : "title");
}

bool check_found_something(const json_t *check)
{
    return outcome_found(outcome_of(check));
}

char *check_place(const json_t *check)
{
    char *place;
    const char *file = verdict_text(check, "file");
    int line = (int)verdict_integer(check, "line");

    if (asprintf(&place, line > 0 && file[0] != '\0' ? "%s:%d" : "%s", file, line) == -1)
        abort();
    return place;
}

/* ---- feedback as text ---- */

enum { LABEL = 10 };

/* Lines behind a label, the following ones below the first. */
static void labelled_write(FILE *out, const char *label, const char *text)
{
    char *plain = text_plain(text);
    const char *at = plain;

    for (const char *each = label; *at != '\0'; each = "") {
        const char *end = strchrnul(at, '\n');
        fprintf(out, "%-*s%.*s\n", LABEL, each, (int)(end - at), at);
        at = *end != '\0' ? end + 1 : end;
    }
    free(plain);
}

static void feedback_write(FILE *out, const json_t *check)
{
    char *place = check_place(check);
    size_t i;
    json_t *leak;

    labelled_write(out, "expected", verdict_text(check, "expected"));
    labelled_write(out, check_found_something(check) ? "found" : "why", verdict_text(check, "found"));
    labelled_write(out, "where", place);
    labelled_write(out, "cause", verdict_text(check, "cause"));
    labelled_write(out, "next", verdict_text(check, "next"));
    json_array_foreach (json_object_get(check, "leaks"), i, leak) {
        labelled_write(out, "left", json_is_string(leak) ? json_string_value(leak) : "");
    }
    free(place);
}

char *check_feedback(const json_t *check, bool for_student)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        abort();
    if (!check_passed(check) && !(for_student && check_is_hidden(check)))
        feedback_write(out, check);
    else if (!check_passed(check))
        fputs("What this check found is not shown: it is one of the instructor's.\n", out);
    if (fclose(out) != 0)
        abort();
    return text;
}
