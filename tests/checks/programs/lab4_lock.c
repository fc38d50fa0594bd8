/*
 * A process that uses the student's rwlock.c one step at a time, and lives on when a wait was in vain, which `board`
 * does not.
 *
 *     lab4_lock KEY      commands on standard input, one a line, each answered by a line that begins with "> "
 *
 *     read SECONDS | write SECONDS      done, stopped, timeout or gone
 *     leave read | leave write
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rwlock.h"
#include "shmlab/stop.h"

enum { LINE = 128 };

static const char *end_name(enum rwlock_end end)
{
    static const char *const names[] = {
        [RWLOCK_DONE] = "done",
        [RWLOCK_STOPPED] = "stopped",
        [RWLOCK_TIMEOUT] = "timeout",
        [RWLOCK_GONE] = "gone",
    };

    return (size_t)end < sizeof names / sizeof names[0] ? names[end] : "something unknown";
}

static void line_run(int set, const char *line)
{
    double seconds;

    if (sscanf(line, "read %lf", &seconds) == 1) {
        printf("> %s\n", end_name(rwlock_read_begin(set, seconds)));
    } else if (sscanf(line, "write %lf", &seconds) == 1) {
        printf("> %s\n", end_name(rwlock_write_begin(set, seconds)));
    } else if (strcmp(line, "leave read\n") == 0) {
        rwlock_read_end(set);
        printf("> left\n");
    } else if (strcmp(line, "leave write\n") == 0) {
        rwlock_write_end(set);
        printf("> left\n");
    } else {
        printf("> what is '%.*s'?\n", (int)strcspn(line, "\n"), line);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char line[LINE];
    int set = argc == 2 ? rwlock_open((key_t)strtol(argv[1], NULL, 10), 0600) : -1;

    if (set == -1)
        return EXIT_FAILURE;
    stop_on_signals();
    printf("> open\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL)
        line_run(set, line);
    return EXIT_SUCCESS;
}
