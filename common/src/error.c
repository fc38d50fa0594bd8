/* Error messages with a symbolic errno and a next step: see shmlab/error.h. */
#define _GNU_SOURCE /* strerrorname_np, program_invocation_short_name */
#include "shmlab/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_CAPACITY = 2048 };

const char *error_symbol(int number)
{
    static _Thread_local char text[32];
    const char *name = strerrorname_np(number);

    if (name != NULL)
        return name;
    snprintf(text, sizeof text, "error %d", number);
    return text;
}

/* One line, one write: messages of several processes on one terminal do not mix. */
static void line_append(char *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line_append_list(char *line, const char *format, va_list list) __attribute__((format(printf, 2, 0)));

static void line_append_list(char *line, const char *format, va_list list)
{
    size_t used = strlen(line);

    vsnprintf(line + used, LINE_CAPACITY - used, format, list);
}

static void line_append(char *line, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    line_append_list(line, format, list);
    va_end(list);
}

static void line_print(char *line, const char *next)
{
    if (next != NULL)
        line_append(line, ": %s", next);
    fflush(stdout); /* what the program said before comes before it */
    fprintf(stderr, "%s\n", line);
}

int error_report(const char *next, const char *what, ...)
{
    char line[LINE_CAPACITY] = "";
    va_list list;

    line_append(line, "%s: ", program_invocation_short_name);
    va_start(list, what);
    line_append_list(line, what, list);
    va_end(list);
    line_print(line, next);
    return EXIT_FAILURE;
}

int error_report_errno(const char *next, const char *what, ...)
{
    int number = errno;
    char line[LINE_CAPACITY] = "";
    va_list list;

    line_append(line, "%s: ", program_invocation_short_name);
    va_start(list, what);
    line_append_list(line, what, list);
    va_end(list);
    line_append(line, ": %s (%s)", error_symbol(number), strerror(number));
    line_print(line, next);
    errno = number;
    return EXIT_FAILURE;
}
