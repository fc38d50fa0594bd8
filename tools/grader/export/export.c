/*
 * grader export: marks and feedback in the formats of other programs.
 *
 *     grader export RESULTS --format csv --out marks/          checks.csv, labs.csv, course.csv
 *     grader export RESULTS --format html --out class.html
 *     grader export RESULTS --format gradescope --student NAME --out results.json
 */
#define _GNU_SOURCE
#include "export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adjust.h"
#include "anonymous.h"
#include "grader.h"
#include "policy.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "text.h"

enum { OPTION_POLICY = 256, OPTION_STUDENT, OPTION_TABLE, OPTION_EXCEL, OPTION_ANONYMOUS, OPTION_COLUMN };

struct format {
    const char *name;
    const char *table;  /* the format has several tables, this is one */
    const char *suffix; /* of a file for one submission */
    export_class_function *whole;
    export_submission_function *single;
    bool paged;     /* in files the document of the class leads to others: see html_write */
    bool raw;       /* has no place for adjusted marks */
    bool gradebook; /* a table that another program reads: columns have that program's names */
};

static const struct format formats[] = {
    {.name = "csv", .table = "checks", .whole = csv_checks_write},
    {.name = "csv", .table = "labs", .whole = csv_labs_write},
    {.name = "csv", .table = "course", .whole = csv_course_write},
    {.name = "csv", .table = "mail", .whole = csv_mail_write},
    {.name = "csv", .table = "statistics", .whole = csv_statistics_write},
    {.name = "canvas", .whole = canvas_write, .gradebook = true},
    {.name = "moodle", .whole = moodle_write, .gradebook = true},
    {.name = "html", .whole = html_write, .paged = true},
    {.name = "pages", .suffix = ".html", .single = html_page_write},
    {.name = "junit", .whole = junit_write},
    {.name = "gradescope", .suffix = ".json", .single = gradescope_write},
    {.name = "autolab", .suffix = ".txt", .single = autolab_write},
    {.name = "classroom", .suffix = ".env", .single = classroom_write, .raw = true},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

struct options {
    const char *results, *format, *out, *student, *policy, *table, *anonymous;
    const char *columns[LABS_MAX]; /* "lab1=NAME" */
    size_t column_count;
    bool excel;
    const struct format *chosen; /* of several tables the first */
};

/* ---- documents ---- */

const char *export_hundredths(char text[HUNDREDTHS_TEXT], json_int_t hundredths)
{
    int length =
        snprintf(text, HUNDREDTHS_TEXT, "%" JSON_INTEGER_FORMAT ".%02d", hundredths / 100, (int)(hundredths % 100));

    while (length > 0 && text[length - 1] == '0')
        text[--length] = '\0';
    if (length > 0 && text[length - 1] == '.')
        text[--length] = '\0';
    return text;
}

static void sentence_write(FILE *out, const char *before, const char *text)
{
    char *plain = text_plain(text);

    if (plain[0] != '\0')
        fprintf(out, "%s%s\n", before, plain);
    free(plain);
}

void export_comments_write(FILE *out, const json_t *lab)
{
    char before[64];
    size_t i;
    json_t *each;

    snprintf(before, sizeof before, "Lab %d: ", (int)verdict_integer(lab, "number"));
    json_array_foreach (json_object_get(lab, "comments"), i, each)
        sentence_write(out, before, json_string_value(each));
}

void export_remarks_write(FILE *out, const json_t *submission)
{
    const char *reduced = submission_isolation(submission);
    size_t i;
    json_t *each;

    if (reduced != NULL)
        sentence_write(out, "Graded with reduced isolation: ", reduced);
    if (verdict_is(submission, "state", "refused"))
        fputs("This submission was not graded.\n", out);
    else if (verdict_is(submission, "state", "partial"))
        fputs("Grading was interrupted: checks without an outcome have not run yet.\n", out);
    json_array_foreach (json_object_get(submission, "refusals"), i, each) {
        sentence_write(out, "Not taken: ", json_is_string(each) ? json_string_value(each) : "");
    }
    json_array_foreach (json_object_get(submission, "labs"), i, each) {
        export_comments_write(out, each);
        sentence_write(out, "", verdict_text(json_object_get(each, "adjusted"), "note"));
    }
}

/* The whole document goes to the file, or to standard output; never half of it. */
static int document_save(const char *path, const char *text, size_t size)
{
    if (path == NULL)
        return fwrite(text, 1, size, stdout) == size ? EXIT_SUCCESS : EXIT_FAILURE;
    if (text_store(path, text, size))
        return EXIT_SUCCESS;
    return error_report_errno("is the folder there, and may you write to it?", "%s", path);
}

/* One document; submission: NULL for a format that takes the whole class. */
static int document_make(const struct format *format, const struct export_order *class, const json_t *submission,
                         const char *path)
{
    struct export_order own = *class;
    const struct export_order *order = &own;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        abort();
    own.out = path;
    if (order->mark && (format->table != NULL || format->gradebook))
        fputs("\xEF\xBB\xBF", out);
    if (submission != NULL)
        format->single(out, order, submission);
    else
        format->whole(out, order);
    if (fclose(out) != 0)
        abort();
    int status = document_save(path, text, size);
    free(text);
    return status;
}

static int document_in_folder(const struct format *format, const struct export_order *order, const json_t *submission,
                              const char *folder)
{
    char *path;
    const char *name = submission != NULL ? verdict_text(submission, "name") : format->table;

    if (asprintf(&path, "%s/%s%s", folder, name, submission != NULL ? format->suffix : ".csv") == -1)
        abort();
    int status = document_make(format, order, submission, path);
    free(path);
    return status;
}

/* A document a submission, or a document a table. */
static int folder_fill(const struct options *options, const struct export_order *order)
{
    int status = EXIT_SUCCESS;
    size_t i;
    json_t *submission;

    if (mkdir(options->out, 0777) == -1 && errno != EEXIST)
        return error_report_errno("is the folder above it there, and may you write to it?", "folder %s", options->out);
    if (options->chosen->single != NULL) {
        json_array_foreach (order->results->submissions, i, submission) {
            if (status == EXIT_SUCCESS)
                status = document_in_folder(options->chosen, order, submission, options->out);
        }
        return status;
    }
    for (size_t k = 0; k < FORMATS && status == EXIT_SUCCESS; k++)
        if (strcmp(formats[k].name, options->format) == 0)
            status = document_in_folder(&formats[k], order, NULL, options->out);
    return status;
}

static const struct format *format_find(const char *name, const char *table)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0 &&
            (table == NULL || (formats[i].table != NULL && strcmp(formats[i].table, table) == 0)))
            return &formats[i];
    return NULL;
}

int export_stem(const char *name)
{
    static const char end[] = ".html";

    return (int)(strlen(name) - (text_ends(name, end) ? strlen(end) : 0));
}

/* The document of the class, and before it those that it leads to. */
static int paged_make(const struct options *options, const struct export_order *order)
{
    const char *slash = strrchr(options->out, '/');
    struct options pages = *options;
    struct export_order own = *order;
    char *folder, *path;
    size_t i;
    json_t *number;

    own.index = slash != NULL ? slash + 1 : options->out;
    if (asprintf(&folder, "%.*s-pages", export_stem(options->out), options->out) == -1)
        abort();
    pages.out = folder;
    pages.chosen = format_find("pages", NULL);
    int status = folder_fill(&pages, &own);
    free(folder);
    json_array_foreach (json_object_get(order->results->class, "labs"), i, number) {
        own.lab = json_integer_value(number);
        if (asprintf(&path, "%.*s-lab%d.html", export_stem(options->out), options->out, (int)own.lab) == -1)
            abort();
        status = status == EXIT_SUCCESS ? document_make(options->chosen, &own, NULL, path) : status;
        free(path);
    }
    own.lab = 0;
    return status == EXIT_SUCCESS ? document_make(options->chosen, &own, NULL, options->out) : status;
}

static bool makes_folder(const struct options *options)
{
    bool tables = options->chosen->table != NULL && options->table == NULL;

    return tables || (options->chosen->single != NULL && options->student == NULL);
}

static int class_export(const struct options *options, struct class_results *results)
{
    struct export_order order = {.results = results,
                                 .one = options->student != NULL,
                                 .mark = options->excel,
                                 .columns = options->columns,
                                 .column_count = options->column_count};

    if (!adjust_apply(results, &order.policy))
        return EXIT_FAILURE;
    if (options->policy != NULL) {
        struct policy *policy = policy_read(options->policy);
        if (policy == NULL)
            return EXIT_FAILURE;
        policy_apply(policy, results);
        policy_free(policy);
        order.policy = true;
    }
    if (options->anonymous != NULL && !anonymous_make(results, options->anonymous))
        return EXIT_FAILURE;
    if (makes_folder(options))
        return folder_fill(options, &order);
    if (options->chosen->paged && !order.one && options->out != NULL)
        return paged_make(options, &order);
    const json_t *submission = options->chosen->single != NULL ? json_array_get(results->submissions, 0) : NULL;
    return document_make(options->chosen, &order, submission, options->out);
}

/* ---- command line ---- */

/* Do the options fit together? */
static void options_check(struct options *options, struct argp_state *state)
{
    if (options->results == NULL || options->format == NULL)
        argp_error(state, "which results, and --format what?");
    if (format_find(options->format, NULL) == NULL)
        argp_error(state, "there is no format '%s'", options->format);
    options->chosen = format_find(options->format, options->table);
    if (options->chosen == NULL)
        argp_error(state, "the format %s has no table '%s'", options->format, options->table);
    if (options->policy != NULL && options->chosen->raw)
        argp_error(state, "the format %s has no place for adjusted marks: leave --policy out", options->format);
    if (options->anonymous != NULL && (options->student != NULL || options->chosen->gradebook))
        argp_error(state, "--anonymous is for the whole class, and for people to read");
    if (options->column_count > 0 && !options->chosen->gradebook)
        argp_error(state, "--column is for canvas and moodle");
    if (makes_folder(options) && options->out == NULL)
        argp_error(state, "%s makes several files: --out DIR says where%s", options->format,
                   options->chosen->table != NULL ? ", or --table NAME which one" : ", or --student NAME whose one");
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'f':
        options->format = text;
        return 0;
    case 'o':
        options->out = text;
        return 0;
    case OPTION_STUDENT:
        options->student = text;
        return 0;
    case OPTION_POLICY:
        options->policy = text;
        return 0;
    case OPTION_EXCEL:
        options->excel = true;
        return 0;
    case OPTION_ANONYMOUS:
        options->anonymous = text;
        return 0;
    case OPTION_COLUMN:
        if (strncmp(text, "lab", 3) != 0 || strchr(text, '=') == NULL || options->column_count == LABS_MAX)
            argp_error(state, "--column %s: it is like lab1='Lab 1 (4711)'", text);
        options->columns[options->column_count++] = text;
        return 0;
    case OPTION_TABLE:
        options->table = text;
        return 0;
    case ARGP_KEY_ARG:
        options_argument(state, &options->results, text);
        return 0;
    case ARGP_KEY_END:
        options_check(options, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"format", 'f', "NAME", 0,
     "csv, html, pages (html, one for each student), canvas, moodle, junit, gradescope, autolab or classroom", 0},
    {"out", 'o', "PATH", 0,
     "File to write (default: standard output); a folder where a format makes several: csv, and the last three of a "
     "whole class",
     0},
    {"student", OPTION_STUDENT, "NAME", 0, "Only this submission, by its name in RESULTS, as its student may see it",
     0},
    {"table", OPTION_TABLE, "NAME", 0, "Of csv only this one: checks, labs, course, mail or statistics", 0},
    {"column", OPTION_COLUMN, "labN=NAME", 0, "Of canvas and moodle: what the grade book calls that lab", 0},
    {"anonymous", OPTION_ANONYMOUS, "KEY", 0, "Numbers for names; who is who goes into the file KEY", 0},
    {"excel", OPTION_EXCEL, NULL, 0, "Begin tables with the mark by which Excel knows UTF-8", 0},
    {"policy", OPTION_POLICY, "FILE", 0, "Adjust marks for lateness; raw ones stay beside them", 0},
    {0},
};

int grader_export(int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_list,
        .parser = option_parse,
        .args_doc = "RESULTS",
        .doc = "Turn results into what other programs read.\v"
               "RESULTS is the folder that `grader grade --out` wrote; it is not changed. "
               "tools/grader/exports.md describes the formats and the policy file.",
    };
    struct options options = {0};
    struct class_results results;

    options_parse(&argp, argc, argv, &options);
    if (!class_read(&results, options.results, options.student))
        return EXIT_FAILURE;
    int status = class_export(&options, &results);
    class_release(&results);
    return status;
}
