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

enum {
    WIDTH = 100,
    WIDTH_LEAST = 40,
    INDENT = 11,
    LABEL = 10,
    NARROW = 70,     /* columns: below that texts are less indented */
    FOUND_LEAST = 6, /* lines of what was found that are shown on the lowest terminal */
    AROUND = 17,     /* lines of a verdict on one mistake besides those */
};

static const char green[] = "\033[32m", red[] = "\033[31m", yellow[] = "\033[33m", magenta[] = "\033[35m",
                  cyan[] = "\033[36m", bold[] = "\033[1m", normal[] = "\033[0m";

struct render render_to(FILE *stream)
{
    struct render render = {.stream = stream, .width = WIDTH, .source = ""};
    struct winsize size;

    if (!isatty(fileno(stream)))
        return render;
    const char *kind = getenv("TERM");
    render.terminal = kind != NULL && strcmp(kind, "dumb") != 0;
    render.colours = render.terminal && getenv("NO_COLOR") == NULL;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        render.width = size.ws_col > WIDTH ? WIDTH : size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
        render.rows = size.ws_row;
    }
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
        int size = columns(line + at, word - at), room = render->width - margin;
        if (column == margin && size > room && room > 0 && render->width < NARROW) { /* a path, in a narrow window */
            for (word = at; columns(line + at, word + 1 - at) <= room || ((unsigned char)line[word] & 0xC0) == 0x80;)
                word++;
            size = columns(line + at, word - at);
        }
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

void render_line(const struct render *render, int margin, const char *text)
{
    fprintf(render->stream, "%*s", margin, "");
    line_print(render, margin, text, strlen(text));
    fputc('\n', render->stream);
}

void render_behind(const struct render *render, const char *head, const char *text)
{
    fputs(head, render->stream);
    line_print(render, (int)strlen(head), text, strlen(text));
    fputc('\n', render->stream);
}

void render_text(const struct render *render, int indent, const char *label, const char *text)
{
    if (render->width < NARROW && indent > 2)
        indent = 2;
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

/* Numbers that differ from run to run, by the words before them: lines of tracebacks, processes, limits that follow the
 * load. Returns a new text, frees the old one. */
static char *numbers_replace(char *text)
{
    static const struct {
        const char *before, *label;
    } numbers[] = {{"\", line ", "n"}, {"process ", "pid"}, {"--timeout ", "limit"}, {"within ", "limit"}};
    enum { NUMBERS = sizeof numbers / sizeof numbers[0] };
    char *result = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&result, &size);

    if (out == NULL)
        return text;
    for (const char *at = text; *at != '\0';) {
        size_t i = 0, length = 0;
        for (; i < NUMBERS; i++) {
            length = strlen(numbers[i].before);
            if (strncmp(at, numbers[i].before, length) == 0 && isdigit((unsigned char)at[length]))
                break;
        }
        if (i == NUMBERS) {
            fputc(*at++, out);
            continue;
        }
        fprintf(out, "%s<%s>", numbers[i].before, numbers[i].label);
        at += length + strspn(at + length, "0123456789");
    }
    fclose(out);
    free(text);
    return result;
}

/* The folder that holds the tree of labs is <root>: a verdict is compared with one that was given elsewhere. */
static char *root_replace(char *text, const char *lab_folder)
{
    char *root = strdup(lab_folder);

    for (int up = 0; root != NULL && up < 2; up++) {
        char *slash = strrchr(root, '/');
        if (slash == NULL || slash == root)
            break;
        *slash = '\0';
    }
    if (root != NULL)
        text = text_replace(text, root, "root");
    free(root);
    return text;
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
        if (labelled != NULL)
            labelled = numbers_replace(root_replace(labelled, render->folder));
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

/* "labs/lab3_handshake/writer.c:17"; "" when no place is known. */
static void place_write(const struct render *render, const json_t *check, char *line, size_t size)
{
    json_int_t at = verdict_integer(check, "line");
    const char *file = verdict_text(check, "file");
    bool whole = render->folder != NULL && !render->plain;

    line[0] = '\0';
    if (file[0] == '\0')
        return;
    int used = snprintf(line, size, "%s%s%s", whole ? path_shown(render, render->folder) : "", whole ? "/" : "", file);
    if (at > 0 && used > 0 && (size_t)used < size)
        snprintf(line + used, size - (size_t)used, ":%d", (int)at);
}

/* As the compiler itself would colour it. */
static const char *compiler_colour(const char *line, size_t length)
{
    static const struct {
        const char *word, *code;
    } words[] = {{": error: ", red}, {": fatal error: ", red}, {": warning: ", magenta}, {": note: ", cyan}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (memmem(line, length, words[i].word, strlen(words[i].word)) != NULL)
            return words[i].code;
    return "";
}

/* A message of the compiler, its lines as they are: what is below each other belongs together. */
static void compiler_print(const struct render *render, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        const char *code = compiler_colour(text, length);
        fprintf(render->stream, "    %s", colour(render, code));
        if (code[0] != '\0')
            line_print(render, 6, text, length);
        else /* a source's line and what points into it */
            fwrite(text, 1, length, render->stream);
        fprintf(render->stream, "%s\n", code[0] != '\0' ? colour(render, normal) : "");
        text += length + (text[length] == '\n');
    }
}

/* What was found, as far as the terminal has room for it. */
static void found_print(const struct render *render, const json_t *check)
{
    const char *text = verdict_text(check, "found"), *end = text;
    int room = render->rows - AROUND, lines = 0, most = room > FOUND_LEAST ? room : FOUND_LEAST;

    if (render->rows == 0 || render->verbose || render->plain) {
        member_print(render, check, "found");
        return;
    }
    for (; *end != '\0' && lines < most; lines++)
        end += strcspn(end, "\n"), end += *end == '\n';
    char *part = strndup(text, (size_t)(end - text));
    if (part != NULL && text[0] != '\0')
        text_print(render, check, "found", part);
    free(part);
    for (lines = 0; *end != '\0'; lines++)
        end += strcspn(end, "\n"), end += *end == '\n';
    if (lines > 0)
        fprintf(render->stream, "%*s... and %d more lines: VERBOSE=1\n", INDENT + LABEL, "", lines);
}

static void failure_print(const struct render *render, int number, const json_t *check)
{
    char line[1024];

    if (verdict_text(check, "compiler")[0] != '\0' && !render->plain) {
        compiler_print(render, verdict_text(check, "compiler"));
        return;
    }
    member_print(render, check, "expected");
    found_print(render, check);
    place_write(render, check, line, sizeof line);
    if (line[0] != '\0')
        text_print(render, check, "where", line);
    member_print(render, check, "cause");
    if (render->plain || render->verbose)
        member_print(render, check, "next");
    if (render->plain || !render->verbose)
        return;
    if (verdict_text(check, "transcript")[0] != '\0')
        render_text(render, INDENT, "log", path_shown(render, verdict_text(check, "transcript")));
    if (verdict_text(check, "page")[0] != '\0')
        render_text(render, INDENT, "page", path_shown(render, verdict_text(check, "page")));
    snprintf(line, sizeof line, "make lab%d CHECK=%s      (a hint: make hint%d CHECK=%s)", number,
             verdict_text(check, "name"), number, verdict_text(check, "name"));
    render_text(render, INDENT, "rerun", line);
}

/* How an outcome is shown. */
static const struct look {
    const char *word, *code;
} looks[OUTCOMES] = {
    [OUTCOME_PENDING] = {"-", yellow},    [OUTCOME_RUNNING] = {"-", yellow},    [OUTCOME_PASSED] = {"ok", green},
    [OUTCOME_FAILED] = {"FAIL", red},     [OUTCOME_TIMEOUT] = {"TIME", red},    [OUTCOME_ERROR] = {"ERROR", red},
    [OUTCOME_SKIPPED] = {"skip", yellow}, [OUTCOME_UNJUDGED] = {"n/a", yellow}, [OUTCOME_HIDDEN] = {"later", yellow},
};

void render_head(const struct render *render, int number, const char *title)
{
    int used = fprintf(render->stream, "%sLab %d: %s%s", colour(render, bold), number, title, colour(render, normal));
    const char *folder = render->folder != NULL ? path_shown(render, render->folder) : "";

    if (used + (int)strlen(folder) + 4 <= render->width)
        fprintf(render->stream, "  (%s)", folder);
    fputs("\n\n", render->stream);
    fflush(render->stream);
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

/* "  FAIL     0/10  bytes: The box holds what the handout says" */
static void line_begin(const struct render *render, enum outcome outcome, bool challenge, int points, int most)
{
    const struct look *look = &looks[outcome];
    char text[32];

    snprintf(text, sizeof text, "%s%d/%d", challenge ? "+" : "", points, most);
    fprintf(render->stream, "  %s%-5s%s %7s  ", colour(render, look->code), look->word, colour(render, normal), text);
}

enum { LINE_BEGIN = 17 }; /* columns that it takes */

static void title_print(const struct render *render, const json_t *check)
{
    enum outcome outcome = outcome_of(check);
    bool hidden = verdict_is(check, "visibility", "instructor");
    int worth = (int)verdict_integer(check, "points_max");
    const char *title = verdict_text(check, hidden ? "concept" : "title");
    char label[96];

    line_begin(render, outcome, verdict_true(check, "challenge"), outcome == OUTCOME_PASSED ? worth : 0, worth);
    snprintf(label, sizeof label, "%s: ", verdict_text(check, "name"));
    fprintf(render->stream, "%s", label);
    int margin = LINE_BEGIN + (int)strlen(label);
    line_print(render, render->width < NARROW ? LINE_BEGIN : margin, title, strlen(title));
    fputc('\n', render->stream);
}

void render_check(const struct render *render, int number, const json_t *check)
{
    enum outcome outcome = outcome_of(check);

    title_print(render, check);
    if (json_object_get(check, "runs") != NULL && !render->plain)
        runs_print(render, check);
    if (outcome_found(outcome))
        failure_print(render, number, check);
    else if (outcome != OUTCOME_PASSED && verdict_text(check, "found")[0] != '\0')
        render_text(render, INDENT, "why", verdict_text(check, "found"));
    fflush(render->stream);
}

/* ---- The whole ---- */

/* Is it one of those that are told in one line together? What could not be judged, or not be carried out, has a reason
 * of its own; what was run again has its runs. */
static bool check_folds(const json_t *check, enum outcome outcome)
{
    if (outcome_of(check) != outcome || json_object_get(check, "runs") != NULL)
        return false;
    return outcome == OUTCOME_PASSED || outcome == OUTCOME_HIDDEN ||
           (outcome == OUTCOME_SKIPPED && json_object_get(check, "needs") != NULL);
}

/* The failures that kept checks from running, as a list: "bytes", "bytes or receives", "bytes, receives or refuses". */
static void needs_print(FILE *out, const json_t *verdict)
{
    json_t *names = json_object(), *check;
    const char *name;
    void *next;
    size_t i;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        const char *needs = verdict_text(check, "needs");
        if (check_folds(check, OUTCOME_SKIPPED) && outcome_found(outcome_of(verdict_check(verdict, needs))))
            json_object_set_new(names, needs, json_true());
    }
    size_t left = json_object_size(names);
    json_object_foreach_safe(names, next, name, check)
    {
        fprintf(out, "%s%s", name, left > 2 ? ", " : left == 2 ? " or " : "");
        left--;
    }
    json_decref(names);
}

/* All checks of this outcome that are told together. */
static void fold_print(const struct render *render, const json_t *verdict, enum outcome outcome)
{
    int count = 0, most = 0;
    size_t i, size;
    json_t *check;
    char *text = NULL;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        bool one = check_folds(check, outcome);
        count += one;
        most += one && !verdict_true(check, "challenge") ? (int)verdict_integer(check, "points_max") : 0;
    }
    FILE *out = count > 0 ? open_memstream(&text, &size) : NULL;
    if (out == NULL)
        return;
    fprintf(out, "%d check%s", count, count == 1 ? "" : "s");
    if (outcome == OUTCOME_HIDDEN)
        fputs(" that your instructor has", out);
    if (outcome == OUTCOME_SKIPPED) {
        fputs(count == 1 ? " that needs " : " that need ", out);
        needs_print(out, verdict);
    }
    fclose(out);
    line_begin(render, outcome, false, outcome == OUTCOME_PASSED ? most : 0, most);
    line_print(render, LINE_BEGIN, text, strlen(text));
    fputc('\n', render->stream);
    free(text);
}

const json_t *render_first(const json_t *verdict)
{
    const json_t *extra = NULL;
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        if (!outcome_found(outcome_of(check)))
            continue;
        if (!verdict_true(check, "challenge"))
            return check;
        if (extra == NULL)
            extra = check;
    }
    return extra;
}

/* The first failure in full, the other ones a line each, and a line for all that passed, and for all that did not run.
 */
static void checks_folded(const struct render *render, const json_t *verdict)
{
    const json_t *first = render_first(verdict);
    size_t i;
    json_t *check;

    fold_print(render, verdict, OUTCOME_PASSED);
    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        enum outcome outcome = outcome_of(check);
        if (check_folds(check, outcome))
            continue;
        if (check == first || !outcome_found(outcome))
            render_check(render, (int)verdict_integer(verdict, "number"), check);
        else
            title_print(render, check);
    }
    fold_print(render, verdict, OUTCOME_HIDDEN);
    fold_print(render, verdict, OUTCOME_SKIPPED);
}

enum { AFTER_FIRST = 7 }; /* columns */

/* What to do first: where, what, and with which command. */
static void first_print(const struct render *render, const json_t *verdict)
{
    const json_t *first = render_first(verdict);
    int number = (int)verdict_integer(verdict, "number");
    const char *name = verdict_text(first, "name"), *next = verdict_text(first, "next");
    char place[1024], line[1300];

    if (first == NULL)
        return;
    place_write(render, first, place, sizeof place);
    fprintf(render->stream, "\n%sFirst:%s ", colour(render, bold), colour(render, normal));
    snprintf(line, sizeof line, "%s%s%s", name, place[0] != '\0' ? ", " : "", place);
    line_print(render, AFTER_FIRST, line, strlen(line));
    fputc('\n', render->stream);
    if (next[0] == '\0' && verdict_text(first, "compiler")[0] != '\0')
        next = "fix the first message of the compiler; those after it often follow from it";
    if (next[0] != '\0')
        render_line(render, AFTER_FIRST, next);
    snprintf(line, sizeof line, "make lab%d CHECK=%s   a hint: make hint%d CHECK=%s", number, name, number, name);
    render_line(render, AFTER_FIRST, line);
    if (verdict_text(first, "transcript")[0] == '\0')
        return;
    snprintf(line, sizeof line, "all that was said: %s", path_shown(render, verdict_text(first, "transcript")));
    render_line(render, AFTER_FIRST, line);
}

/* The compiler's warning may name the very mistake; where the compiler itself is what fails, it has been shown. */
static void warning_print(const struct render *render, const json_t *verdict)
{
    const json_t *first = render_first(verdict);

    if (first == NULL || verdict_text(first, "compiler")[0] != '\0' || verdict_text(verdict, "warning")[0] == '\0')
        return;
    fprintf(render->stream, "\nThe compiler warns:\n");
    compiler_print(render, verdict_text(verdict, "warning"));
}

void render_verdict(const struct render *render, const json_t *verdict)
{
    size_t i;
    json_t *check;

    if (!render->plain && !render->verbose)
        checks_folded(render, verdict);
    else
        json_array_foreach (json_object_get(verdict, "checks"), i, check)
            render_check(render, (int)verdict_integer(verdict, "number"), check);
    if (!render->plain)
        warning_print(render, verdict);
    if (!render->plain)
        fputc('\n', render->stream);
    render_sum(render, verdict);
    if (!render->plain)
        first_print(render, verdict);
    fflush(render->stream);
}

void render_bar(const struct render *render, int points, int most)
{
    enum { BAR = 20, BAR_NARROW = 10 };
    int width = render->width < NARROW ? BAR_NARROW : BAR;
    int filled = most > 0 ? points * width / most : 0;

    fputc('[', render->stream);
    for (int i = 0; i < width; i++)
        fputc(i < filled ? '#' : '.', render->stream);
    fputc(']', render->stream);
}

/* "16 of 26 points", or of a part of the lab "16 of the 26 points of these 4 checks". */
static void points_print(const struct render *render, const json_t *verdict)
{
    int points = (int)verdict_integer(verdict, "points"), most = (int)verdict_integer(verdict, "points_max");
    int unjudged = (int)verdict_integer(verdict, "points_unjudged");
    bool part = verdict_text(verdict, "check")[0] != '\0' && most > 0;
    int count = (int)json_array_size(json_object_get(verdict, "checks"));

    fprintf(render->stream, "%s%s%d of %s%d%s points", colour(render, bold),
            colour(render, verdict_full(verdict) ? green : ""), points, part ? "the " : "", most - unjudged,
            unjudged > 0 ? " judged" : "");
    if (part)
        fprintf(render->stream, count == 1 ? " of this check" : " of these %d checks", count);
    fputs(colour(render, normal), render->stream);
    if (unjudged > 0)
        fprintf(render->stream, "; %d not judged on this machine: see make doctor", unjudged);
}

void render_sum(const struct render *render, const json_t *verdict)
{
    int extra = (int)verdict_integer(verdict, "challenge_points"),
        extra_most = (int)verdict_integer(verdict, "challenge_points_max");

    if (!render->plain) {
        render_bar(render, (int)verdict_integer(verdict, "points"), (int)verdict_integer(verdict, "points_max"));
        fputs("  ", render->stream);
    }
    points_print(render, verdict);
    if (extra_most > 0)
        fprintf(render->stream, ", challenge %d of %d", extra, extra_most);
    fputc('\n', render->stream);
}
