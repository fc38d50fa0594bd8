/* See anonymous.h. */
#define _GNU_SOURCE
#include "anonymous.h"

#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "shmlab/error.h"
#include "text.h"

struct entry {
    json_t *submission;
    uint64_t hash;
};

/* By a hash of the name: the same in every export, and in no order that tells anything. */
static int by_hash(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return strcmp(verdict_text(a->submission, "name"), verdict_text(b->submission, "name"));
}

static void key_row(struct csv_table *table, const char *number, const json_t *submission)
{
    const json_t *student = json_object_get(submission, "student");

    csv_texts(table, (const char *const[]){number, verdict_text(submission, "name"), verdict_text(student, "id"),
                                           verdict_text(student, "name"), NULL});
    csv_row_end(table);
}

/* Reasons to look that speak of the programs; the others speak of names and files. */
static json_t *attention_kept(const json_t *attention)
{
    json_t *kept = json_array(), *sentence;
    size_t i;

    json_array_foreach (attention, i, sentence)
        if (strncmp(json_string_value(sentence), "lab ", 4) == 0)
            json_array_append(kept, sentence);
    return kept;
}

static void submission_hide(json_t *submission, const char *number)
{
    json_object_set_new(submission, "name", json_string(number));
    json_object_del(submission, "student");
    json_object_set_new(submission, "attention", attention_kept(json_object_get(submission, "attention")));
    json_object_set_new(submission, "refusals", json_array());
    json_object_set_new(submission, "notes", json_array());
}

bool anonymous_make(struct class_results *results, const char *key)
{
    size_t count = json_array_size(results->submissions), size = 0;
    struct entry *entries = calloc(count + 1, sizeof *entries);
    json_t *hidden = json_array();
    char *text = NULL, number[32];
    struct csv_table table = {.out = open_memstream(&text, &size)};

    if (entries == NULL || table.out == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        json_t *each = json_array_get(results->submissions, i);
        const char *name = verdict_text(each, "name");
        entries[i] = (struct entry){each, text_hash(TEXT_HASH, name, strlen(name))};
    }
    qsort(entries, count, sizeof *entries, by_hash);
    csv_texts(&table, (const char *const[]){"number", "submission", "id", "name", NULL});
    csv_row_end(&table);
    for (size_t i = 0; i < count; i++) {
        snprintf(number, sizeof number, "student-%03zu", i + 1);
        key_row(&table, number, entries[i].submission);
        submission_hide(entries[i].submission, number);
        json_array_append(hidden, entries[i].submission);
    }
    json_decref(results->submissions);
    results->submissions = hidden;
    json_object_del(results->class, "roster");
    json_object_del(results->class, "roster_columns");
    bool good = fclose(table.out) == 0 && text_store(key, text, size);
    if (!good)
        error_report_errno("is the folder there, and may you write to it?", "%s", key);
    free(text);
    free(entries);
    return good;
}
