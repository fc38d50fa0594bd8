/* The page of `grader similar`: each pair side by side, what they share marked and linked. See html.h for
 * what it holds. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "similar.h"

enum { PAGE_PAIRS = 100 }; /* more than a browser, or anybody, wants to see at once */

/* One program of a pair on the page. */
struct side {
    const struct program *program;
    const struct passage *passages;
    size_t count;
    int pair;
    bool left;
};

static int passage_file(const struct side *side, size_t i)
{
    return side->left ? side->passages[i].left_file : side->passages[i].right_file;
}

static int passage_first(const struct side *side, size_t i)
{
    return side->left ? side->passages[i].left_first : side->passages[i].right_first;
}

static int passage_last(const struct side *side, size_t i)
{
    return side->left ? side->passages[i].left_last : side->passages[i].right_last;
}

/* Does any passage cover this line? */
static bool line_is_shared(const struct side *side, int file, int line)
{
    for (size_t i = 0; i < side->count; i++)
        if (passage_file(side, i) == file && passage_first(side, i) <= line && line <= passage_last(side, i))
            return true;
    return false;
}

static bool file_is_shared(const struct side *side, int file)
{
    for (size_t i = 0; i < side->count; i++)
        if (passage_file(side, i) == file)
            return true;
    return false;
}

/* Links to the same passage on the other side, in front of the line where it begins. */
static void jumps_write(FILE *out, const struct side *side, int file, int line)
{
    const char here = side->left ? 'l' : 'r', there = side->left ? 'r' : 'l';

    for (size_t i = 0; i < side->count; i++)
        if (passage_file(side, i) == file && passage_first(side, i) == line)
            html_print(out, "<a class=\"jump\" id=\"p%d%s%d\" href=\"#p%d%s%d\">passage %d</a>\n", side->pair,
                       (char[]){here, '\0'}, (int)i + 1, side->pair, (char[]){there, '\0'}, (int)i + 1, (int)i + 1);
}

static void file_write(FILE *out, const struct side *side, int index)
{
    const struct program_file *file = &side->program->files[index];
    bool marked = false;
    int number = 1;

    html_print(out, "<h4>%s</h4>\n<pre tabindex=\"0\" role=\"group\" aria-label=\"%s\">", file->name, file->name);
    for (const char *line = file->text; *line != '\0'; number++) {
        size_t length = strcspn(line, "\n");
        char *text = strndup(line, length);
        bool shared = line_is_shared(side, index, number);
        if (text == NULL)
            abort();
        if (marked && !shared)
            fputs("</mark>", out);
        jumps_write(out, side, index, number);
        if (!marked && shared)
            fputs("<mark>", out);
        marked = shared;
        html_print(out, "<span class=\"line\">%d</span>%s\n", number, text);
        free(text);
        line += length + (line[length] == '\n');
    }
    fputs(marked ? "</mark></pre>\n" : "</pre>\n", out);
}

static void side_write(FILE *out, const struct side *side)
{
    html_print(out, "<div class=\"side\"><h3>%s</h3>\n", side->program->person);
    if (strcmp(side->program->person, side->program->name) != 0)
        html_print(out, "<p class=\"about\">%s</p>\n", side->program->name);
    if (side->program->against != NULL)
        html_print(out, "<p class=\"about\">not of this class: of %s</p>\n", side->program->against);
    for (int i = 0; i < side->program->file_count; i++)
        if (file_is_shared(side, i))
            file_write(out, side, i);
    fputs("</div>\n", out);
}

/* A person, and where a program is from that is none of the class. */
static void person_write(FILE *out, const struct program *program)
{
    html_print(out, "%s", program->person);
    if (program->against != NULL)
        html_print(out, " <span class=\"about\">of %s</span>", program->against);
}

static void persons_write(FILE *out, const struct pair *pair)
{
    person_write(out, pair->left);
    fputs(" and ", out);
    person_write(out, pair->right);
}

static void pair_write(FILE *out, const struct pair *pair, int number)
{
    size_t count;
    struct passage *passages = pair_passages(pair, &count);

    html_print(out, "<section class=\"pair\" id=\"pair%d\"><h2>%d %%: ", number, pair->percent);
    persons_write(out, pair);
    html_print(out,
               "</h2>\n<p class=\"about\">%d fingerprints of %d and %d, in %d passages</p>\n"
               "<div class=\"sides\">\n",
               pair->shared, pair->left_own, pair->right_own, (int)count);
    side_write(out, &(struct side){pair->left, passages, count, number, true});
    side_write(out, &(struct side){pair->right, passages, count, number, false});
    fputs("</div></section>\n", out);
    free(passages);
}

static bool named_before(const struct pair *pairs, size_t before, int cluster, const struct program *program)
{
    for (size_t i = 0; i < before; i++)
        if (pairs[i].cluster == cluster && (pairs[i].left == program || pairs[i].right == program))
            return true;
    return false;
}

/* Who hangs together, and the pairs by which they do. */
static void cluster_write(FILE *out, const struct pair *pairs, size_t count, size_t shown, int cluster)
{
    const char *separator = "";

    fputs("<li>", out);
    for (size_t i = 0; i < count; i++) {
        const struct program *const both[] = {pairs[i].left, pairs[i].right};
        for (int side = 0; side < 2 && pairs[i].cluster == cluster; side++)
            if (!named_before(pairs, i, cluster, both[side])) {
                fputs(separator, out);
                person_write(out, both[side]);
                separator = ", ";
            }
    }
    fputs(":", out);
    for (size_t i = 0; i < shown; i++)
        if (pairs[i].cluster == cluster)
            html_print(out, " <a href=\"#pair%d\">%d %%</a>", (int)i + 1, pairs[i].percent);
    fputs("</li>\n", out);
}

static void clusters_write(FILE *out, const struct pair *pairs, size_t count, size_t shown)
{
    int most = 0;

    for (size_t i = 0; i < count; i++)
        most = pairs[i].cluster > most ? pairs[i].cluster : most;
    if (most > 0)
        fputs("<h2>Three or more that hang together</h2>\n<ul class=\"clusters\">\n", out);
    for (int cluster = 1; cluster <= most; cluster++)
        cluster_write(out, pairs, count, shown, cluster);
    fputs(most > 0 ? "</ul>\n" : "", out);
}

static void verbatim_write(FILE *out, const struct similar *found)
{
    if (found->verbatim_count == 0)
        return;
    fputs(
        "<h2>The reference solution itself</h2>\n<p class=\"about\">Handed in byte for byte. What is the solution's is "
        "subtracted from every program, so it makes no pair.</p>\n<ul class=\"verbatim\">\n",
        out);
    for (size_t i = 0; i < found->verbatim_count; i++) {
        const struct verbatim *each = &found->verbatim[i];
        html_print(out, "<li>%s: %s</li>\n", each->program->person, each->files);
    }
    fputs("</ul>\n", out);
}

void similar_html_write(FILE *out, const struct similar *found)
{
    const struct pair *pairs = found->pairs;
    size_t count = found->pair_count;
    size_t shown = count < PAGE_PAIRS ? count : PAGE_PAIRS;

    html_page_begin(out, "Similar submissions");
    fputs("<header><h1>Similar submissions</h1>\n<p>What is marked is in both programs when names, texts, numbers, "
          "layout and comments make no difference; what everybody was given is not counted. It is a reason "
          "to look, and "
          "to ask; it proves nothing.</p></header>\n<main>\n",
          out);
    verbatim_write(out, found);
    clusters_write(out, pairs, count, shown);
    fputs("<h2>Pairs</h2>\n<ol class=\"pairs\">\n", out);
    for (size_t i = 0; i < shown; i++) {
        html_print(out, "<li><a href=\"#pair%d\">", (int)i + 1);
        persons_write(out, &pairs[i]);
        html_print(out, "</a>: %d %%</li>\n", pairs[i].percent);
    }
    fputs(count > 0 ? "</ol>\n" : "<li>No pair.</li></ol>\n", out);
    if (shown < count)
        html_print(out, "<p>The first %d of %d pairs: a higher --threshold leaves fewer.</p>\n", (int)shown,
                   (int)count);
    for (size_t i = 0; i < shown; i++)
        pair_write(out, &pairs[i], (int)i + 1);
    fputs("</main>\n", out);
    html_page_end(out);
}
