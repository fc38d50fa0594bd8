/*
 * What Autolab reads from an autograder's standard output: feedback for the student, and as its last line the
 * scores,
 * {"scores":{"lab1":88,"lab2":100}}. The problems of the assessment must have these names: labN, and
 * labN-challenge where the lab has challenges.
 *
 * Two traps. Before it decodes the last line, Autolab puts quotes around every word that stands before a
 * colon; so no key and no text in it may hold a letter or digit followed by one. And when the line above it
 * is JSON, that is read as well; so a line of ours stands there, whatever a student's program printed.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "export.h"
#include "policy.h"
#include "text.h"

static void line_write(FILE *out, const char *text)
{
    char *plain = text_plain(text);

    fprintf(out, "%s\n", plain);
    free(plain);
}

static void indented_write(FILE *out, const char *text)
{
    bool begins = true;

    for (; *text != '\0'; text++) {
        if (begins)
            fputs("      ", out);
        fputc(*text, out);
        begins = *text == '\n';
    }
}

static void check_write(FILE *out, const json_t *check)
{
    char *feedback = check_feedback(check, true);

    fprintf(out, "  %-8s %3d/%d  %s: ", verdict_text(check, "outcome"), (int)verdict_integer(check, "points"),
            (int)verdict_integer(check, "points_max"), check_label(check, true));
    line_write(out, check_title(check, true));
    indented_write(out, feedback);
    free(feedback);
}

static void score_write(FILE *out, const char **separator, const json_t *lab, const char *suffix, const char *key)
{
    char text[HUNDREDTHS_TEXT];

    fprintf(out, "%s\"lab%d%s\":%s", *separator, (int)verdict_integer(lab, "number"), suffix,
            export_hundredths(text, policy_hundredths(lab, key)));
    *separator = ",";
}

void autolab_write(FILE *out, const struct export_order *order, const json_t *submission)
{
    const char *separator = "";
    size_t i, j;
    json_t *lab, *check;

    (void)order; /* marks are the adjusted ones where there are any */
    export_remarks_write(out, submission);
    json_array_foreach (json_object_get(submission, "labs"), i, lab) {
        fprintf(out, "Lab %d: %d of %d points\n", (int)verdict_integer(lab, "number"),
                (int)verdict_integer(lab, "points"), (int)verdict_integer(lab, "points_max"));
        json_array_foreach (json_object_get(lab, "checks"), j, check) {
            check_write(out, check);
        }
    }
    fputs("The next line is for Autolab.\n{\"scores\":{", out);
    json_array_foreach (json_object_get(submission, "labs"), i, lab) {
        score_write(out, &separator, lab, "", "points");
        if (verdict_integer(lab, "challenge_points_max") > 0)
            score_write(out, &separator, lab, "-challenge", "challenge_points");
    }
    fputs("}}\n", out);
}
