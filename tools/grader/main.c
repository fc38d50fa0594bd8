/*
 * grader: from a directory of submissions to marks.
 *
 *     grader grade DIR        grader --help lists the rest
 *
 * Exit status 0: done; 1: something failed; 2: wrong usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grader.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *does;
} commands[] = {
    {"grade", grader_grade, "grade a directory of submissions"},
    {"check", grader_check, "grade one lab of one tree"},
    {"merge", grader_merge, "join the results of shards"},
    {"doctor", grader_doctor, "what isolation this machine offers"},
    {"export", grader_export, "marks as CSV, HTML, JUnit, or for Gradescope, Autolab, GitHub Classroom"},
    {"adjust", grader_adjust, "points and comments by hand"},
    {"policy", grader_policy, "check and explain a file of due dates, late days and penalties"},
    {"similar", grader_similar, "pairs of submissions that share more than chance gives them"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void commands_print(FILE *stream)
{
    fputs("Usage: grader COMMAND [OPTION...]\nGrade the labs of a class.\n\n", stream);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].does);
    fputs("\nEach command takes --help. tools/grader/README.md tells the whole story.\n", stream);
}

int main(int argc, char **argv)
{
    enum { WRONG_USAGE = 2 };

    setlocale(LC_CTYPE, "C.UTF-8"); /* names in archives and in class lists are UTF-8, whatever the terminal is */
    signal(SIGPIPE, SIG_IGN);       /* `| head`: who does not listen any more is no reason to leave things behind */
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)) {
        commands_print(stdout);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; argc > 1 && i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        char name[64];
        snprintf(name, sizeof name, "grader %s", commands[i].name);
        program_invocation_name = program_invocation_short_name = name; /* for messages, and argp's usage */
        argv[1] = name;
        return commands[i].run(argc - 1, argv + 1);
    }
    if (argc > 1)
        fprintf(stderr, "grader: there is no command '%s'\n", argv[1]);
    commands_print(stderr);
    return WRONG_USAGE;
}
