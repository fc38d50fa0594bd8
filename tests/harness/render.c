/* See render.h. */
#define _GNU_SOURCE
#include "render.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "places.h"
#include "verdict.h"

enum { WIDTH = 100, WIDTH_LEAST = 60, INDENT = 11, LABEL = 10 };

static const char green[] = "\033[32m", red[] = "\033[31m", yellow[] = "\033[33m", bold[] = "\033[1m",
                  normal[] = "\033[0m";

struct render render_to(FILE *stream)
{
    struct render render = {.stream = stream, .width = WIDTH, .source = ""};
    struct winsize size;

    if (!isatty(fileno(stream)))
        return render;
    render.colours = getenv("NO_COLOR") == NULL;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_LEAST)
        render.width = size.ws_col < WIDTH ? size.ws_col : WIDTH;
    return render;
}

static const char *colour(const struct render *render, const char *code)
{
    return render->colours ? code : "";
}

/* Columns that a UTF-8 text takes; every character counts for one. */
static int columns(const char *text, size_t length)
{
    int count = 0;

    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

/* One line of the text, broken where it is too wide and has spaces. */
static void line_print(const struct render *render, int margin, const char *line, size_t length)
{
    int column = margin;

    for (size_t at = 0; at < length;) {
        size_t word = at;
        while (word < length && line[word] == ' ')
            word++;
        while (word < length && line[word] != ' ')
            word++;
        int size = columns(line + at, word - at);
        if (column > margin && column + size > render->width) {
            while (line[at] == ' ')
                at++;
            fprintf(render->stream, "\n%*s", margin, "");
            column = margin;
            continue;
        }
        fwrite(line + at, 1, word - at, render->stream);
        column += size;
        at = word;
    }
}

void render_text(const struct render *render, int indent, const char *label, const char *text)
{
    int margin = indent + LABEL;

    fprintf(render->stream, "%*s%-*s", indent, "", LABEL, label);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        line_print(render, margin, text, length);
        text += length;
        if (text[0] == '\n' && text[1] != '\0')
            fprintf(render->stream, "\n%*s", margin, "");
        text += *text == '\n';
    }
    fputc('\n', render->stream);
}

static bool word_character(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Put "<label>" for every whole word `from`. Returns a new text, frees the old one. */
static char *text_replace(char *text, const char *from, const char *label)
{
    char *result = NULL;
    size_t size = 0, length = strlen(from);
    FILE *out = open_memstream(&result, &size);

    if (out == NULL || length == 0) {
        if (out != NULL)
            fclose(out);
        free(result);
        return text;
    }
    for (const char *at = text; *at != '\0';) {
        bool begins = at == text || !word_character(at[-1]) || !word_character(from[0]);
        bool ends = begins && strncmp(at, from, length) == 0 && !word_character(at[length]);
        if (ends) {
            fprintf(out, "<%s>", label);
            at += length;
        } else {
            fputc(*at++, out);
        }
    }
    fclose(out);
    free(text);
    return result;
}

/* "id 17" is "id <id>": programs print ids that the judge never saw. Returns a new text, frees the old one. */
static char *ids_replace(char *text)
{
    char *result = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&result, &size);

    if (out == NULL)
        return text;
    for (const char *at = text; *at != '\0';) {
        if (strncmp(at, "id ", 3) == 0 && isdigit((unsigned char)at[3]) && (at == text || !word_character(at[-1]))) {
            fputs("id <id>", out);
            at += 3 + strspn(at + 3, "0123456789");
        } else {
            fputc(*at++, out);
        }
    }
    fclose(out);
    free(text);
    return result;
}

char *render_label(const json_t *check, const char *text)
{
    char *shown = strdup(text);
    size_t i;
    json_t *pair;

    json_array_foreach (json_object_get(check, "varies"), i, pair) {
        if (shown != NULL)
            shown = text_replace(shown, json_string_value(json_array_get(pair, 1)),
                                 json_string_value(json_array_get(pair, 0)));
    }
    return shown != NULL ? ids_replace(shown) : NULL;
}

/* What differs from run to run, or when another line of the file is edited, is replaced where verdicts are compared. */
static void text_print(const struct render *render, const json_t *check, const char *key, const char *text)
{
    char *shown = NULL, *labelled = NULL;

    if (render->plain && render->folder != NULL) {
        shown = places_show(text, render->folder);
        labelled = render_label(check, shown != NULL ? shown : text);
    }
    render_text(render, INDENT, key, labelled != NULL ? labelled : text);
    free(labelled);
    free(shown);
}

static void member_print(const struct render *render, const json_t *check, const char *key)
{
    const char *text = verdict_text(check, key);

    if (text[0] != '\0')
        text_print(render, check, key, text);
}

static const char *path_shown(const struct render *render, const char *path)
{
    size_t length = strlen(render->source);

    return length > 0 && strncmp(path, render->source, length) == 0 && path[length] == '/' ? path + length + 1 : path;
}

static void failure_print(const struct render *render, int number, const json_t *check)
{
    char line[1024];

    member_print(render, check, "expected");
    member_print(render, check, "found");
    if (verdict_text(check, "file")[0] != '\0') {
        json_int_t at = verdict_integer(check, "line");
        bool whole = render->folder != NULL && !render->plain;
        int used = snprintf(line, sizeof line, "%s%s%s", whole ? path_shown(render, render->folder) : "",
                            whole ? "/" : "", verdict_text(check, "file"));
        if (at > 0 && used > 0 && (size_t)used < sizeof line)
            snprintf(line + used, sizeof line - (size_t)used, ":%d", (int)at);
        text_print(render, check, "where", line);
    }
    member_print(render, check, "cause");
    member_print(render, check, "next");
    if (render->plain)
        return;
    if (verdict_text(check, "transcript")[0] != '\0')
        render_text(render, INDENT, "whole", path_shown(render, verdict_text(check, "transcript")));
    snprintf(line, sizeof line, "make lab%d CHECK=%s      (a hint: make hint%d CHECK=%s)", number,
             verdict_text(check, "name"), number, verdict_text(check, "name"));
    render_text(render, INDENT, "again", line);
}

/* How an outcome is shown. */
static const struct look {
    const char *word, *code;
} looks[OUTCOMES] = {
    [OUTCOME_PENDING] = {"-", yellow},    [OUTCOME_RUNNING] = {"-", yellow},    [OUTCOME_PASSED] = {"ok", green},
    [OUTCOME_FAILED] = {"FAIL", red},     [OUTCOME_TIMEOUT] = {"TIME", red},    [OUTCOME_ERROR] = {"ERROR", red},
    [OUTCOME_SKIPPED] = {"skip", yellow}, [OUTCOME_UNJUDGED] = {"n/a", yellow}, [OUTCOME_HIDDEN] = {"later", yellow},
};

void render_head(const struct render *render, const json_t *verdict)
{
    fprintf(render->stream, "%sLab %d: %s%s", colour(render, bold), (int)verdict_integer(verdict, "number"),
            verdict_text(verdict, "title"), colour(render, normal));
    if (!render->plain)
        fprintf(render->stream, "  (%s)", path_shown(render, verdict_text(verdict, "folder")));
    fprintf(render->stream, "\n");
}

/* Of a check that was repeated. */
static void runs_print(const struct render *render, const json_t *check)
{
    int runs = (int)verdict_integer(check, "runs"), passed = (int)verdict_integer(check, "runs_passed");
    char line[128];

    if (passed == runs || passed == 0)
        snprintf(line, sizeof line, "%d, %s passed", runs, passed == 0 ? "none has" : "all have");
    else
        snprintf(line, sizeof line, "%d, %d passed: it depends on chance, or on who is faster", runs, passed);
    render_text(render, INDENT, "runs", line);
}

void render_check(const struct render *render, int number, const json_t *check)
{
    enum outcome outcome = outcome_of(check);
    const struct look *look = &looks[outcome];
    bool failed = outcome_found(outcome);
    bool passed = outcome == OUTCOME_PASSED;
    bool hidden = strcmp(verdict_text(check, "visibility"), "instructor") == 0;
    int worth = (int)verdict_integer(check, "points_max");
    char label[96], points[24];

    snprintf(points, sizeof points, "%s%d/%d", json_is_true(json_object_get(check, "challenge")) ? "+" : "",
             passed ? worth : 0, worth);
    fprintf(render->stream, "  %s%-5s%s %7s  ", colour(render, look->code), look->word, colour(render, normal), points);
    snprintf(label, sizeof label, "%s: ", verdict_text(check, "name"));
    fprintf(render->stream, "%s", label);
    line_print(render, 17 + (int)strlen(label), verdict_text(check, hidden ? "concept" : "title"),
               strlen(verdict_text(check, hidden ? "concept" : "title")));
    fputc('\n', render->stream);
    if (json_object_get(check, "runs") != NULL && !render->plain)
        runs_print(render, check);
    if (failed)
        failure_print(render, number, check);
    else if (!passed && verdict_text(check, "found")[0] != '\0')
        render_text(render, INDENT, "why", verdict_text(check, "found"));
    fflush(render->stream);
}

void render_sum(const struct render *render, const json_t *verdict)
{
    int points = (int)verdict_integer(verdict, "points"), most = (int)verdict_integer(verdict, "points_max");
    int extra = (int)verdict_integer(verdict, "challenge_points"),
        extra_most = (int)verdict_integer(verdict, "challenge_points_max");

    int unjudged = (int)verdict_integer(verdict, "points_unjudged");

    fprintf(render->stream, "%s%s%d of %d%s points%s", colour(render, bold),
            colour(render, verdict_full(verdict) ? green : ""), points, most - unjudged, unjudged > 0 ? " judged" : "",
            colour(render, normal));
    if (unjudged > 0)
        fprintf(render->stream, "; %d not judged on this machine: see make doctor", unjudged);
    if (extra_most > 0)
        fprintf(render->stream, ", challenge %d of %d", extra, extra_most);
    fputc('\n', render->stream);
}
