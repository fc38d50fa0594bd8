/*
 * `grader export`: what the formats share. A format turns the class, or one submission, into one document;
 * export.c decides where the documents go. A document is made in memory and written whole, so that a reader
 * never sees half.
 */
#ifndef GRADER_EXPORT_H
#define GRADER_EXPORT_H

#include "class_results.h"

struct export_order {
    const struct class_results *results; /* of one submission, where one was asked for */
    const char *out;                     /* path of the document; NULL: standard output */
    const char *index;          /* "class.html" leads to others beside it (see html_write); NULL: it does not */
    json_int_t lab;             /* number of the lab that the document is about; 0: all */
    bool one;                   /* one was asked for: the document is for that student */
    bool mark;                  /* tables begin with the mark by which spreadsheets know UTF-8 */
    bool policy;                /* marks were adjusted: see policy.h, adjust.h */
    const char *const *columns; /* "lab1=NAME": what a grade book calls a lab */
    size_t column_count;
};

typedef void export_class_function(FILE *out, const struct export_order *order);
typedef void export_submission_function(FILE *out, const struct export_order *order, const json_t *submission);

/* Tables for spreadsheets: a row a check, a lab, a student. */
export_class_function csv_checks_write, csv_labs_write, csv_course_write, csv_mail_write, csv_statistics_write;

/* Tables that grade books take. */
export_class_function canvas_write, moodle_write;

/*
 * A page for the class, or for one student. With order->index a page of the class leads to others instead of holding
 * everything: "class.html" to "class-lab1.html" ..., which html_write makes with order->lab, and to
 * "class-pages/NAME.html", which html_page_write makes.
 */
export_class_function html_write;
/* The page of one student, as he or she may see it. */
export_submission_function html_page_write;

/* For continuous integration. */
export_class_function junit_write;

/* For the places where classes live: a document a submission. */
export_submission_function gradescope_write, autolab_write, classroom_write;

/* How much of a document's name the names of those begin with that it leads to: all but ".html". */
int export_stem(const char *name);

/* Points and comments by hand, a sentence a line. */
void export_comments_write(FILE *out, const json_t *lab);

/* What holds for the whole submission, a sentence a line: isolation, refusals, lateness. Of plain text. */
void export_remarks_write(FILE *out, const json_t *submission);

/* A number of hundredths without needless zeros: 9000 is "90", 8750 is "87.5". */
enum { HUNDREDTHS_TEXT = 24 };
const char *export_hundredths(char text[HUNDREDTHS_TEXT], json_int_t hundredths);

#endif
