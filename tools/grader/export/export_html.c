/*
 * The report for people, which opens offline. Of a class: how the marks are spread, which misconceptions are
 * common, how each check went, and the full feedback for each student, in a page of its own, or, where there is
 * no place for more than one, in a section, which begins a new sheet when it is printed.
 *
 * What is written for a student never shows more of a hidden check than its concept: it may be printed and
 * handed out. The overview is the instructor's.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "html.h"
#include "policy.h"
#include "policy_time.h"
#include "statistics.h"
#include "text.h"

enum {
    BINS = 11 /* 0-9, 10-19, ..., 100 percent */,
    COMMON = 15 /* misconceptions in the list of the whole class */
};

static const char *text_at(const json_t *array, size_t index)
{
    const char *text = json_string_value(json_array_get(array, index));

    return text != NULL ? text : "";
}

/* ---- overview: marks ---- */

static void bins_count(int bins[BINS], const json_t *marks, json_int_t most)
{
    size_t i;
    json_t *mark;

    memset(bins, 0, BINS * sizeof bins[0]);
    json_array_foreach (marks, i, mark) {
        json_int_t bin = most > 0 ? json_integer_value(mark) * (BINS - 1) / most : 0;
        bins[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
    }
}

/* How many have 0 to 9 percent of the points, 10 to 19, ..., 100: a column each. */
static void histogram_write(FILE *out, const json_t *lab)
{
    enum { COLUMN = 20, HEIGHT = 60, SPACE = 3 };
    int bins[BINS], most = 1;

    bins_count(bins, json_object_get(lab, "marks"), verdict_integer(lab, "points_max"));
    for (int i = 0; i < BINS; i++)
        most = bins[i] > most ? bins[i] : most;
    fputs("<svg class=\"histogram\" role=\"img\" aria-label=\"Students by percent of the points, in tens:", out);
    for (int i = 0; i < BINS; i++)
        html_print(out, " %d%%: %d;", i * 10, bins[i]);
    html_print(out, "\" viewBox=\"0 0 %d %d\">", BINS * COLUMN, HEIGHT + 14);
    for (int i = 0; i < BINS; i++) {
        int height = bins[i] * (HEIGHT - 12) / most;
        html_print(out, "<rect class=\"plain\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", i * COLUMN + SPACE,
                   HEIGHT - height, COLUMN - 2 * SPACE, height);
        if (bins[i] > 0)
            html_print(out, "<text x=\"%d\" y=\"%d\">%d</text>", i * COLUMN + COLUMN / 2, HEIGHT - height - 3, bins[i]);
        if (i % 5 == 0)
            html_print(out, "<text x=\"%d\" y=\"%d\">%d</text>", i * COLUMN + COLUMN / 2, HEIGHT + 12, i * 10);
    }
    fputs("</svg>", out);
}

static void marks_write(FILE *out, const struct export_order *order, const json_t *statistics)
{
    char median[HUNDREDTHS_TEXT];
    size_t i;
    json_t *lab, *absent = class_absent(order->results);
    int nothing = (int)json_array_size(absent); /* who handed in nothing at all */

    json_decref(absent);

    fputs("<section id=\"marks\"><h2>Marks</h2>\n<div class=\"cards\">\n", out);
    json_array_foreach (json_object_get(statistics, "labs"), i, lab) {
        const json_t *marks = json_object_get(lab, "marks");
        html_print(out,
                   "<div class=\"card\"><h3>Lab %d: %s</h3><p>%d handed in, %d did not; median %s of %d points</p>",
                   (int)verdict_integer(lab, "number"), verdict_text(lab, "title"),
                   (int)verdict_integer(lab, "handed_in"), (int)verdict_integer(lab, "missing") + nothing,
                   export_hundredths(median, statistics_median(marks)), (int)verdict_integer(lab, "points_max"));
        histogram_write(out, lab);
        fputs("<p class=\"axis\">percent of the points; the number of students above</p></div>\n", out);
    }
    if (json_array_size(json_object_get(statistics, "labs")) > 1) {
        const json_t *all = json_object_get(statistics, "all"), *marks = json_object_get(all, "marks");
        html_print(out, "<div class=\"card\"><h3>All labs</h3><p>%d submissions; median %s of %d points</p>",
                   (int)json_array_size(marks), export_hundredths(median, statistics_median(marks)),
                   (int)verdict_integer(all, "points_max"));
        histogram_write(out, all);
        fputs("<p class=\"axis\">percent of the points; the number of students above</p></div>\n", out);
    }
    fputs("</div></section>\n", out);
}

/* ---- links ---- */

/* Relative, of bytes that mean nothing else in an address. */
static void address_write(FILE *out, const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

    for (; *path != '\0'; path++)
        fprintf(out, strchr(plain, *path) != NULL ? "%c" : "%%%02X", (unsigned char)*path);
}

/* Of the documents beside this one: "class" of "class.html". */
static void stem_write(FILE *out, const struct export_order *order)
{
    char *stem = strndup(order->index, (size_t)export_stem(order->index));

    if (stem == NULL)
        abort();
    address_write(out, stem);
    free(stem);
}

/* To the feedback of the submission of that number: a page, or a section of this one. */
static void person_link(FILE *out, const struct export_order *order, size_t index)
{
    const json_t *submission = json_array_get(order->results->submissions, index);

    fputs("<a href=\"", out);
    if (order->index != NULL) {
        stem_write(out, order);
        fputs("-pages/", out);
        address_write(out, verdict_text(submission, "name"));
        fputs(".html", out);
    } else {
        fprintf(out, "#s%zu", index);
    }
    html_print(out, "\">%s</a>", submission_person(submission));
}

/* To the page of a lab, and a check in it. */
static void lab_link_begin(FILE *out, const struct export_order *order, int lab, const char *check)
{
    fputs("<a class=\"whole\" href=\"", out);
    stem_write(out, order);
    fprintf(out, "-lab%d.html%s", lab, check[0] != '\0' ? "#" : "");
    address_write(out, check);
    fputs("\">", out);
}

/* Does the document lead to others that say who? */
static bool is_index(const struct export_order *order)
{
    return order->index != NULL && order->lab == 0;
}

/* ---- overview: who needs a look, what is common ---- */

static void attention_write(FILE *out, const struct export_order *order)
{
    size_t i, j, shown = 0;
    json_t *submission, *reason;

    fputs("<section id=\"attention\"><h2>Who needs a look</h2>\n<ul>\n", out);
    json_array_foreach (order->results->submissions, i, submission) {
        const json_t *reasons = json_object_get(submission, "attention");
        bool graded = verdict_is(submission, "state", "graded");
        if (graded && json_array_size(reasons) == 0)
            continue;
        shown++;
        fputs("<li>", out);
        person_link(out, order, i);
        if (verdict_is(submission, "state", "partial"))
            fputs(" (partial)", out);
        json_array_foreach (reasons, j, reason) {
            html_print(out, "%s%s", j == 0 ? ": " : "; ", text_at(reasons, j));
        }
        fputs("</li>\n", out);
    }
    fputs(shown > 0 ? "</ul></section>\n" : "<li>Nobody.</li></ul></section>\n", out);
}

static void students_linked(FILE *out, const struct export_order *order, const json_t *cause)
{
    const json_t *students = json_object_get(cause, "students");
    size_t i;
    json_t *student;

    int count = (int)json_array_size(students);

    if (is_index(order)) {
        lab_link_begin(out, order, (int)verdict_integer(cause, "lab"), verdict_text(cause, "check"));
        html_print(out, "%d student%s</a>", count, count == 1 ? "" : "s");
        return;
    }
    html_print(out, "<details><summary>%d student%s</summary>", count, count == 1 ? "" : "s");
    json_array_foreach (students, i, student) {
        fputs(i > 0 ? ", " : "", out);
        person_link(out, order, (size_t)json_integer_value(student));
    }
    fputs("</details>", out);
}

static void causes_write(FILE *out, const struct export_order *order, const json_t *statistics)
{
    const json_t *causes = json_object_get(statistics, "causes");
    int whole = (int)json_array_size(order->results->submissions);
    size_t i;
    json_t *cause;

    fputs("<section id=\"misconceptions\"><h2>Common misconceptions</h2>\n", out);
    fputs(json_array_size(causes) > 0
              ? "<table><thead><tr><th scope=\"col\">Who</th><th scope=\"col\" class=\"wide\">Share of the class</th>"
                "<th scope=\"col\">Check</th><th scope=\"col\">Cause</th></tr></thead><tbody>\n"
              : "<p>No check found anything.</p>\n",
          out);
    json_array_foreach (causes, i, cause) {
        int count = (int)json_array_size(json_object_get(cause, "students"));
        if (i >= COMMON)
            break;
        fputs("<tr><td>", out);
        students_linked(out, order, cause);
        fputs("</td><td>", out);
        html_bar(out, "share of the class", whole, &(struct html_part){"fail", count}, 1);
        html_print(out, "</td><td>lab %d <code>%s</code></td><td>%s</td></tr>\n", (int)verdict_integer(cause, "lab"),
                   verdict_text(cause, "check"), verdict_text(cause, "text"));
    }
    fputs(json_array_size(causes) > 0 ? "</tbody></table></section>\n" : "</section>\n", out);
}

/* ---- overview: checks ---- */

/* The common ones open, the others folded: in a large class there are always some that only one person had. */
static void check_causes_write(FILE *out, const struct export_order *order, const json_t *causes)
{
    enum { OPEN = 4 };
    size_t count = json_array_size(causes), i;
    json_t *cause;

    if (count > 0)
        fputs("<ul class=\"causes\">", out);
    json_array_foreach (causes, i, cause) {
        if (i == OPEN)
            html_print(out, "</ul><details class=\"more\"><summary>%d more causes</summary><ul class=\"causes\">",
                       (int)(count - OPEN));
        html_print(out, "<li>%s ", verdict_text(cause, "text"));
        students_linked(out, order, cause);
        fputs("</li>", out);
    }
    if (count > 0)
        fputs(count > OPEN ? "</ul></details>" : "</ul>", out);
}

static void check_row(FILE *out, const struct export_order *order, const json_t *check)
{
    int passed = (int)verdict_integer(check, "passed"), failed = (int)verdict_integer(check, "failed"),
        not_run = (int)verdict_integer(check, "not_run");
    struct html_part parts[] = {{"pass", passed}, {"fail", failed}, {"none", not_run}};

    html_print(out, order->lab > 0 ? "<tr id=\"%s\">" : "<tr>", verdict_text(check, "name"));
    html_print(out, "<th scope=\"row\"><code>%s</code>", verdict_text(check, "name"));
    if (check_is_hidden(check))
        fputs(" <span class=\"tag\">hidden</span>", out);
    html_print(out, "<span class=\"title\">%s</span>", verdict_text(check, "title"));
    if (!is_index(order))
        check_causes_write(out, order, json_object_get(check, "causes"));
    fputs("</th><td>", out);
    html_bar(out, "passed, failed, not run", passed + failed + not_run, parts, 3);
    html_print(out,
               "</td><td class=\"number\">%d</td><td class=\"number\">%d</td><td class=\"number\">%d</td>"
               "<td class=\"number\">%d of %d</td><td class=\"number\">%d of %d</td></tr>\n",
               passed, failed, not_run, (int)verdict_integer(check, "upper_passed"),
               (int)verdict_integer(check, "upper"), (int)verdict_integer(check, "lower_passed"),
               (int)verdict_integer(check, "lower"));
}

static void lab_checks_write(FILE *out, const struct export_order *order, const json_t *lab)
{
    size_t i;
    json_t *check;

    fputs("<table class=\"checks\"><thead><tr><th scope=\"col\">Check</th>"
          "<th scope=\"col\" class=\"wide\">Outcomes</th><th scope=\"col\" class=\"number\">passed</th>"
          "<th scope=\"col\" class=\"number\">failed</th><th scope=\"col\" class=\"number\">not "
          "run</th><th scope=\"col\" class=\"number\">upper third</th><th scope=\"col\" "
          "class=\"number\">lower third</th></tr></thead><tbody>\n",
          out);
    json_array_foreach (json_object_get(lab, "checks"), i, check) {
        check_row(out, order, check);
    }
    fputs("</tbody></table>\n", out);
}

static void thirds_explain(FILE *out)
{
    fputs(
        "<p>The last two columns: how many passed of those with the most points and of those with the fewest. A check "
        "that both pass alike tells nobody apart.</p>\n",
        out);
}

static void checks_write(FILE *out, const struct export_order *order, const json_t *statistics)
{
    size_t i;
    json_t *lab;

    fputs("<section id=\"checks\"><h2>Checks</h2>\n", out);
    thirds_explain(out);
    json_array_foreach (json_object_get(statistics, "labs"), i, lab) {
        int number = (int)verdict_integer(lab, "number");
        html_print(out, "<h3>Lab %d: %s</h3>\n", number, verdict_text(lab, "title"));
        if (order->index != NULL) {
            fputs("<p>", out);
            lab_link_begin(out, order, number, "");
            html_print(out, "What lab %d's checks found, and with whom</a></p>\n", number);
        }
        lab_checks_write(out, order, lab);
    }
    fputs("</section>\n", out);
}

/* A page about one lab: what its checks found, and with whom. */
static void lab_page_write(FILE *out, const struct export_order *order)
{
    json_t *statistics = statistics_make(order->results), *lab;
    size_t i;

    json_array_foreach (json_object_get(statistics, "labs"), i, lab) {
        if (verdict_integer(lab, "number") != order->lab)
            continue;
        html_print(out, "<header><h1>Lab %d: %s</h1>\n<p>For the instructor. <a href=\"", (int)order->lab,
                   verdict_text(lab, "title"));
        address_write(out, order->index);
        fputs("\">The whole class</a></p></header>\n<main>\n<section id=\"checks\"><h2>Checks</h2>\n", out);
        thirds_explain(out);
        lab_checks_write(out, order, lab);
        fputs("</section>\n", out);
    }
    json_decref(statistics);
}

/* ---- overview: students ---- */

static void points_cell(FILE *out, const struct export_order *order, const json_t *owner)
{
    char text[HUNDREDTHS_TEXT];

    if (owner == NULL || verdict_true(owner, "missing")) {
        fputs("<td class=\"number\">&#8211;</td>", out);
        return;
    }
    html_print(out, "<td class=\"number\">%d", (int)verdict_integer(owner, "points"));
    if (verdict_integer(owner, "challenge_points") > 0)
        html_print(out, " +%d", (int)verdict_integer(owner, "challenge_points"));
    if (order->policy && policy_hundredths(owner, "points") != verdict_integer(owner, "points") * 100)
        html_print(out, " &#8594; %s", export_hundredths(text, policy_hundredths(owner, "points")));
    fputs("</td>", out);
}

static void students_table(FILE *out, const struct export_order *order)
{
    const json_t *numbers = json_object_get(order->results->class, "labs");
    size_t i, j;
    json_t *number, *submission, *absent = class_absent(order->results);

    fputs("<section id=\"students\"><h2>Students</h2>\n<table><thead><tr><th scope=\"col\">Student</th>", out);
    json_array_foreach (numbers, i, number) {
        html_print(out, "<th scope=\"col\" class=\"number\">lab %d</th>", (int)json_integer_value(number));
    }
    fputs("<th scope=\"col\" class=\"number\">all</th><th scope=\"col\">state</th></tr></thead><tbody>\n", out);
    json_array_foreach (order->results->submissions, i, submission) {
        fputs("<tr><th scope=\"row\">", out);
        person_link(out, order, i);
        fputs("</th>", out);
        json_array_foreach (numbers, j, number) {
            points_cell(out, order, submission_lab(submission, json_integer_value(number)));
        }
        points_cell(out, order, submission);
        html_print(out, "<td>%s</td></tr>\n", verdict_text(submission, "state"));
    }
    json_array_foreach (absent, i, submission) {
        html_print(out, "<tr><th scope=\"row\">%s (%s)</th>", verdict_text(submission, "name"),
                   verdict_text(submission, "id"));
        json_array_foreach (numbers, j, number) {
            points_cell(out, order, NULL);
        }
        points_cell(out, order, NULL);
        fputs("<td>handed in nothing</td></tr>\n", out);
    }
    json_decref(absent);
    fputs("</tbody></table></section>\n", out);
}

/* ---- pages that play what weave found ---- */

/* The path from one folder to a file, both absolute. To be freed. */
static char *path_between(const char *folder, const char *file)
{
    size_t same = 0;
    char *path = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&path, &size);

    if (out == NULL)
        abort();
    for (size_t i = 0; folder[i] == file[i] || (folder[i] == '\0' && file[i] == '/'); i++) {
        if (file[i] == '/')
            same = i + 1;
        if (folder[i] == '\0')
            break;
    }
    bool below = strlen(folder) < same; /* the folder holds all of them */
    for (const char *at = folder + (below ? strlen(folder) : same); *at != '\0'; at++)
        if (at == folder + same || at[-1] == '/')
            fputs("../", out);
    fputs(file + same, out);
    if (fclose(out) != 0)
        abort();
    return path;
}

/* Beside the report of one student, who gets both: "ada.html" and "ada-lab3-race.html". NULL: it cannot be. */
static char *page_copy(const char *report, const char *page, const json_t *lab, const json_t *check)
{
    enum { MOST = 1 << 20 };
    const char *end = strrchr(report, '.');
    int stem = end != NULL && strchr(end, '/') == NULL ? (int)(end - report) : (int)strlen(report);
    char *copy = NULL, *text = malloc(MOST);
    FILE *file = fopen(page, "re");
    size_t length = file != NULL && text != NULL ? fread(text, 1, MOST, file) : 0;

    if (asprintf(&copy, "%.*s-lab%d-%s.html", stem, report, (int)verdict_integer(lab, "number"),
                 verdict_text(check, "name")) == -1)
        abort();
    bool good = length > 0 && text_store(copy, text, length);
    if (file != NULL)
        fclose(file);
    free(text);
    const char *name = strrchr(copy, '/') != NULL ? strrchr(copy, '/') + 1 : copy;
    char *link = good ? strdup(name) : NULL;
    free(copy);
    return link;
}

/* Where the document finds the page of a check, relative to itself; NULL: there is none. To be freed. */
static char *page_find(const struct export_order *order, const json_t *submission, const json_t *lab,
                       const json_t *check)
{
    const char *page = verdict_text(check, "page");
    char *whole, *folder, *link = NULL;

    if (page[0] == '\0' || page[0] == '/' || strstr(page, "..") != NULL || order->out == NULL)
        return NULL;
    const char *slash = strrchr(order->out, '/');
    if (asprintf(&whole, "%s/submissions/%s/%s", order->results->folder, verdict_text(submission, "name"), page) ==
            -1 ||
        asprintf(&folder, "%.*s", slash != NULL ? (int)(slash - order->out) + 1 : 1,
                 slash != NULL ? order->out : ".") == -1)
        abort();
    char *from = realpath(folder, NULL), *to = realpath(whole, NULL);
    if (to != NULL && order->one && order->index == NULL)
        link = page_copy(order->out, to, lab, check);
    else if (to != NULL && from != NULL)
        link = path_between(from, to);
    free(from);
    free(to);
    free(whole);
    free(folder);
    return link;
}

static void page_link(FILE *out, const char *path)
{
    fputs("<dt>steps</dt><dd class=\"prose\"><a href=\"", out);
    address_write(out, path);
    fputs("\">play them, one by one</a></dd>", out);
}

/* ---- one student ---- */

static void finding_row(FILE *out, const char *label, const char *class, const char *text)
{
    bool drawing = strcmp(class, "output") == 0 && strchr(text, '\n') != NULL && strstr(text, "  ") != NULL;

    if (text[0] == '\0')
        return;
    html_print(out, "<dt>%s</dt><dd class=\"%s", label, class);
    fputs(drawing ? " drawing\" tabindex=\"0\">" : "\">", out); /* what scrolls must be reached by the keyboard, too */
    html_print(out, "%s</dd>", text);
}

static void finding_write(FILE *out, const struct export_order *order, const json_t *submission, const json_t *lab,
                          const json_t *check)
{
    char *place = check_place(check), *page = page_find(order, submission, lab, check);
    bool hidden = check_is_hidden(check);
    size_t i;
    json_t *leak;

    html_print(out,
               "<li class=\"finding\"><p><span class=\"outcome\">%s</span> <code>%s</code> %s%s "
               "<span class=\"points\">%d of %d</span></p>",
               verdict_text(check, "outcome"), check_label(check, true), check_title(check, true),
               verdict_true(check, "challenge") ? " (challenge)" : "", (int)verdict_integer(check, "points"),
               (int)verdict_integer(check, "points_max"));
    if (!hidden) {
        fputs("<dl>", out);
        finding_row(out, "expected", "output", verdict_text(check, "expected"));
        finding_row(out, "found", "output", verdict_text(check, "found"));
        finding_row(out, "where", "output", place);
        finding_row(out, "cause", "prose", verdict_text(check, "cause"));
        finding_row(out, "next", "prose", verdict_text(check, "next"));
        if (page != NULL)
            page_link(out, page);
        json_array_foreach (json_object_get(check, "leaks"), i, leak) {
            finding_row(out, "left behind", "output", text_at(json_object_get(check, "leaks"), i));
        }
        fputs("</dl>", out);
    }
    fputs("</li>\n", out);
    free(place);
    free(page);
}

static void findings_write(FILE *out, const struct export_order *order, const json_t *submission, const json_t *lab)
{
    bool begun = false;
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(lab, "checks"), i, check) {
        if (!check_found_something(check))
            continue;
        if (!begun)
            fputs("<ul class=\"findings\">\n", out);
        begun = true;
        finding_write(out, order, submission, lab, check);
    }
    if (begun)
        fputs("</ul>\n", out);
}

/* Those that passed, or those that did not run: a line each. */
static void others_write(FILE *out, int level, const json_t *lab, const char *head, bool passed)
{
    bool begun = false;
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(lab, "checks"), i, check) {
        if (check_found_something(check) || check_passed(check) != passed)
            continue;
        if (!begun)
            html_print(out, "<h%d class=\"part\">%s</h%d><ul class=\"others %s\">\n", level, head, level,
                       passed ? "passed" : "skipped");
        begun = true;
        html_print(out, "<li><code>%s</code> %s", check_label(check, true), check_title(check, true));
        if (passed)
            html_print(out, " <span class=\"points\">%d of %d</span>", (int)verdict_integer(check, "points"),
                       (int)verdict_integer(check, "points_max"));
        else if (!check_is_hidden(check) && verdict_text(check, "found")[0] != '\0')
            html_print(out, " <span class=\"why\">(%s)</span>", verdict_text(check, "found"));
        fputs("</li>\n", out);
    }
    if (begun)
        fputs("</ul>\n", out);
}

static void student_lab_write(FILE *out, const struct export_order *order, const json_t *submission, int level,
                              const json_t *lab)
{
    char text[HUNDREDTHS_TEXT];
    json_int_t extra = verdict_integer(lab, "challenge_points_max");

    html_print(out, "<h%d class=\"lab\">Lab %d: %s <span class=\"points\">%d of %d points", level,
               (int)verdict_integer(lab, "number"), verdict_text(lab, "title"), (int)verdict_integer(lab, "points"),
               (int)verdict_integer(lab, "points_max"));
    if (extra > 0)
        html_print(out, ", challenges %d of %d", (int)verdict_integer(lab, "challenge_points"), (int)extra);
    if (order->policy && policy_hundredths(lab, "points") != verdict_integer(lab, "points") * 100)
        html_print(out, ", %s adjusted", export_hundredths(text, policy_hundredths(lab, "points")));
    if (verdict_integer(lab, "points_unjudged") > 0)
        html_print(out, ", %d not judged here", (int)verdict_integer(lab, "points_unjudged"));
    html_print(out, "</span></h%d>\n", level);
    if (verdict_true(lab, "missing")) {
        fputs("<p>Not handed in.</p>\n", out);
        return;
    }
    findings_write(out, order, submission, lab);
    others_write(out, level + 1, lab, "Did not run", false);
    others_write(out, level + 1, lab, "Passed", true);
}

static void student_write(FILE *out, const struct export_order *order, const json_t *submission, size_t index)
{
    char *remarks = NULL;
    size_t size = 0, i;
    FILE *lines = open_memstream(&remarks, &size);
    int level = order->one ? 1 : 3; /* of the person's heading: on a page of one's own it is the page's */
    json_t *lab;

    if (lines == NULL)
        abort();
    export_remarks_write(lines, submission);
    if (fclose(lines) != 0)
        abort();
    html_print(out, "<article class=\"student\" id=\"s%d\"><h%d class=\"person\">%s</h%d>\n<p class=\"about\">%s",
               (int)index, level, submission_person(submission), level, verdict_text(submission, "name"));
    time_t submitted;
    char when[POLICY_TIME_TEXT];
    if (policy_time_parse(verdict_text(submission, "submitted"), &submitted) == NULL)
        html_print(out, ", handed in %s", policy_time_text(when, submitted));
    html_print(out, ": <strong>%s of %d points</strong></p>\n",
               export_hundredths(when, policy_hundredths(submission, "points")),
               (int)verdict_integer(submission, "points_max"));
    if (remarks[0] != '\0')
        html_print(out, "<p class=\"remarks\">%s</p>\n", remarks);
    free(remarks);
    json_array_foreach (json_object_get(submission, "labs"), i, lab) {
        student_lab_write(out, order, submission, level + 1, lab);
    }
    fputs("</article>\n", out);
}

/* ---- the page ---- */

static void overview_write(FILE *out, const struct export_order *order)
{
    json_t *statistics = statistics_make(order->results);
    const json_t *class = order->results->class;
    const char *reduced = submission_isolation(class);

    html_print(out,
               "<header><h1>Class report</h1>\n<p>%d submissions. For the instructor: it names hidden checks and other "
               "students; what is behind a name shows neither.</p>\n",
               (int)json_array_size(order->results->submissions));
    if (reduced != NULL)
        html_print(out, "<p class=\"warning\">Graded with reduced isolation: %s.</p>\n", reduced);
    fputs("<nav aria-label=\"Contents\"><a href=\"#marks\">Marks</a> <a href=\"#attention\">Who needs a look</a> "
          "<a href=\"#misconceptions\">Misconceptions</a> <a href=\"#checks\">Checks</a> "
          "<a href=\"#students\">Students</a></nav></header>\n<main>\n",
          out);
    marks_write(out, order, statistics);
    attention_write(out, order);
    causes_write(out, order, statistics);
    checks_write(out, order, statistics);
    students_table(out, order);
    json_decref(statistics);
}

static void students_write(FILE *out, const struct export_order *order)
{
    size_t i;
    json_t *submission;

    if (!order->one)
        fputs("<h2 class=\"feedback\">Feedback</h2>\n", out);
    json_array_foreach (order->results->submissions, i, submission) {
        student_write(out, order, submission, i);
    }
}

void html_write(FILE *out, const struct export_order *order)
{
    html_page_begin(out, order->one ? "Feedback" : "Class report");
    if (order->one)
        fputs("<main>\n", out);
    else if (order->lab > 0)
        lab_page_write(out, order);
    else
        overview_write(out, order);
    if (order->one || order->index == NULL)
        students_write(out, order);
    fputs("</main>\n", out);
    html_page_end(out);
}

void html_page_write(FILE *out, const struct export_order *order, const json_t *submission)
{
    struct class_results results = *order->results;
    struct export_order own = *order;

    results.submissions = json_array();
    json_array_append(results.submissions, (json_t *)submission);
    own.results = &results;
    own.one = true;
    html_write(out, &own);
    json_decref(results.submissions);
}
