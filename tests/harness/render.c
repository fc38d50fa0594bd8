/* See render.h. */
#define _GNU_SOURCE
#include "render.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "places.h"

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

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
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
    const char *text = text_of(check, key);

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
    if (text_of(check, "file")[0] != '\0') {
        json_int_t at = number_of(check, "line");
        bool whole = render->folder != NULL && !render->plain;
        int used = snprintf(line, sizeof line, "%s%s%s", whole ? path_shown(render, render->folder) : "",
                            whole ? "/" : "", text_of(check, "file"));
        if (at > 0 && used > 0 && (size_t)used < sizeof line)
            snprintf(line + used, sizeof line - (size_t)used, ":%d", (int)at);
        text_print(render, check, "where", line);
    }
    member_print(render, check, "cause");
    member_print(render, check, "next");
    if (render->plain)
        return;
    if (text_of(check, "transcript")[0] != '\0')
        render_text(render, INDENT, "whole", path_shown(render, text_of(check, "transcript")));
    snprintf(line, sizeof line, "make lab%d CHECK=%s      (a hint: make hint%d CHECK=%s)", number,
             text_of(check, "name"), number, text_of(check, "name"));
    render_text(render, INDENT, "again", line);
}

struct look {
    const char *outcome, *word, *code;
};

static const struct look *look_of(const char *outcome)
{
    static const struct look looks[] = {
        {"passed", "ok", green},     {"failed", "FAIL", red},     {"timeout", "TIME", red}, {"error", "ERROR", red},
        {"skipped", "skip", yellow}, {"hidden", "later", yellow}, {"pending", "-", yellow},
    };
    size_t count = sizeof looks / sizeof looks[0];

    for (size_t i = 0; i + 1 < count; i++)
        if (strcmp(looks[i].outcome, outcome) == 0)
            return &looks[i];
    return &looks[count - 1];
}

void render_head(const struct render *render, const json_t *verdict)
{
    fprintf(render->stream, "%sLab %d: %s%s", colour(render, bold), (int)number_of(verdict, "number"),
            text_of(verdict, "title"), colour(render, normal));
    if (!render->plain)
        fprintf(render->stream, "  (%s)", path_shown(render, text_of(verdict, "folder")));
    fprintf(render->stream, "\n");
}

/* Of a check that was repeated. */
static void runs_print(const struct render *render, const json_t *check)
{
    int runs = (int)number_of(check, "runs"), passed = (int)number_of(check, "runs_passed");
    char line[128];

    if (passed == runs || passed == 0)
        snprintf(line, sizeof line, "%d, %s passed", runs, passed == 0 ? "none has" : "all have");
    else
        snprintf(line, sizeof line, "%d, %d passed: it depends on chance, or on who is faster", runs, passed);
    render_text(render, INDENT, "runs", line);
}

void render_check(const struct render *render, int number, const json_t *check)
{
    const char *outcome = text_of(check, "outcome");
    const struct look *look = look_of(outcome);
    bool failed = look->code == red;
    bool passed = look->code == green;
    bool hidden = strcmp(text_of(check, "visibility"), "instructor") == 0;
    int worth = (int)number_of(check, "points_max");
    char label[96], points[24];

    snprintf(points, sizeof points, "%s%d/%d", json_is_true(json_object_get(check, "challenge")) ? "+" : "",
             passed ? worth : 0, worth);
    fprintf(render->stream, "  %s%-5s%s %7s  ", colour(render, look->code), look->word, colour(render, normal), points);
    snprintf(label, sizeof label, "%s: ", text_of(check, "name"));
    fprintf(render->stream, "%s", label);
    line_print(render, 17 + (int)strlen(label), text_of(check, hidden ? "concept" : "title"),
               strlen(text_of(check, hidden ? "concept" : "title")));
    fputc('\n', render->stream);
    if (json_object_get(check, "runs") != NULL && !render->plain)
        runs_print(render, check);
    if (failed)
        failure_print(render, number, check);
    else if (!passed && text_of(check, "found")[0] != '\0')
        render_text(render, INDENT, "why", text_of(check, "found"));
    fflush(render->stream);
}

void render_sum(const struct render *render, const json_t *verdict)
{
    int points = (int)number_of(verdict, "points"), most = (int)number_of(verdict, "points_max");
    int extra = (int)number_of(verdict, "challenge_points"),
        extra_most = (int)number_of(verdict, "challenge_points_max");

    fprintf(render->stream, "%s%s%d of %d points%s", colour(render, bold), colour(render, points == most ? green : ""),
            points, most, colour(render, normal));
    if (extra_most > 0)
        fprintf(render->stream, ", challenge %d of %d", extra, extra_most);
    fputc('\n', render->stream);
}
