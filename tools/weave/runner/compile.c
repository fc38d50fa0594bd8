/*
 * A compiler driver in two steps: sources are compiled with -fsanitize=thread, objects are linked without it,
 * so that the callbacks are found in libweave.so and not in the sanitizer's own runtime.
 */
#include "compile.h"

#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS = 512, SOURCES = 64, NAME = 512 };

struct arguments {
    char *item[ARGUMENTS];
    int count;
};

static void arguments_add(struct arguments *arguments, const char *item)
{
    if (arguments->count < ARGUMENTS - 1)
        arguments->item[arguments->count++] = (char *)(uintptr_t)item;
    arguments->item[arguments->count] = NULL;
}

static int compile_wait(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return EXIT_UNABLE;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_UNABLE;
}

static int compile_spawn(struct arguments *arguments)
{
    pid_t child = fork();
    if (child == 0) {
        execvp(arguments->item[0], arguments->item);
        fprintf(stderr, "weave cc: %s: %s\n", arguments->item[0], strerror(errno));
        _exit(EXIT_UNABLE);
    }
    return child < 0 ? EXIT_UNABLE : compile_wait(child);
}

/* The thread sanitizer's callbacks; no built-in expansion behind its back; volatile told apart; no fortified names. */
static void compile_add_flags(struct arguments *arguments, const char *compiler)
{
    arguments_add(arguments, "-g");
    arguments_add(arguments, "-fsanitize=thread");
    arguments_add(arguments, "-fno-builtin");
    arguments_add(arguments, "-U_FORTIFY_SOURCE");
    if (strstr(compiler, "clang") != NULL) {
        arguments_add(arguments, "-mllvm");
        arguments_add(arguments, "-tsan-distinguish-volatile=1");
    } else {
        arguments_add(arguments, "--param=tsan-distinguish-volatile=1");
        arguments_add(arguments,
                      "-Wno-tsan"); /* it warns that ThreadSanitizer does not know fences: this runtime does */
    }
}

static bool compile_is_source(const char *name)
{
    size_t length = strlen(name);
    return length > 2 && name[0] != '-' && strcmp(name + length - 2, ".c") == 0;
}

static bool compile_is_one_of(const char *option, const char *const *list)
{
    while (*list != NULL && strcmp(option, *list) != 0)
        list++;
    return *list != NULL;
}

/* Options whose value is the argument behind them: of the compile steps, of the link step. See gcc(1). */
static bool compile_takes_value(const char *option)
{
    static const char *const options[] = {
        "-I",  "-D",  "-U",  "-include", "-imacros", "-isystem", "-iquote",     "-idirafter",     "-x",
        "-MF", "-MT", "-MQ", "--param",  "-mllvm",   "-Xclang",  "-Xassembler", "-Xpreprocessor", NULL};
    return compile_is_one_of(option, options);
}

static bool compile_link_takes_value(const char *option)
{
    static const char *const options[] = {"-o", "-L", "-l", "-T", "-u", "-z", "-Xlinker", NULL};
    return compile_is_one_of(option, options);
}

/* Options that matter only for linking stay away from the compile steps. */
static bool compile_is_of_link(const char *option)
{
    return strncmp(option, "-l", 2) == 0 || strncmp(option, "-L", 2) == 0 || strncmp(option, "-Wl,", 4) == 0;
}

struct command {
    const char *compiler, *library;
    char **argument;
    int arguments;
    bool compile_only;
    const char *output;
};

static int compile_source(const struct command *command, const char *source, const char *object)
{
    struct arguments arguments = {0};
    arguments_add(&arguments, command->compiler);
    compile_add_flags(&arguments, command->compiler);
    for (int i = 0; i < command->arguments; i++) {
        const char *argument = command->argument[i];
        if (compile_link_takes_value(argument)) {
            i++;
        } else if (argument[0] == '-' && !compile_is_of_link(argument)) {
            arguments_add(&arguments, argument);
            if (compile_takes_value(argument) && i + 1 < command->arguments)
                arguments_add(&arguments, command->argument[++i]);
        }
    }
    arguments_add(&arguments, "-c");
    arguments_add(&arguments, source);
    arguments_add(&arguments, "-o");
    arguments_add(&arguments, object);
    return compile_spawn(&arguments);
}

static int compile_link(const struct command *command, char (*object)[NAME])
{
    struct arguments arguments = {0};
    char folder[512], path[600];
    snprintf(folder, sizeof folder, "%s", command->library);
    char *slash = strrchr(folder, '/');
    *(slash == NULL ? folder : slash) = '\0';
    snprintf(path, sizeof path, "-Wl,-rpath,%s", folder);
    arguments_add(&arguments, command->compiler);
    for (int i = 0, source = 0; i < command->arguments; i++) {
        const char *argument = command->argument[i];
        if (compile_takes_value(argument)) {
            i++; /* "-x c" would have the objects compiled */
            continue;
        }
        arguments_add(&arguments, compile_is_source(argument) ? object[source++] : argument);
        if (compile_link_takes_value(argument) && i + 1 < command->arguments)
            arguments_add(&arguments, command->argument[++i]);
    }
    arguments_add(&arguments, command->library);
    arguments_add(&arguments, path);
    return compile_spawn(&arguments);
}

static int compile_all(const struct command *command)
{
    const char *base = getenv("TMPDIR"); /* as compilers have it: gcc(1), ENVIRONMENT */
    char folder[NAME - 16], object[SOURCES][NAME];
    int sources = 0, status = EXIT_PASSED;
    snprintf(folder, sizeof folder, "%s/weave-cc-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(folder) == NULL) {
        perror("weave cc: mkdtemp");
        return EXIT_UNABLE;
    }
    for (int i = 0; i < command->arguments && status == EXIT_PASSED; i++) {
        const char *argument = command->argument[i];
        if (compile_takes_value(argument) || compile_link_takes_value(argument)) {
            i++;
        } else if (compile_is_source(argument) && sources < SOURCES) {
            snprintf(object[sources], NAME, "%s/%d.o", folder, sources);
            status = compile_source(command, argument, object[sources++]);
        }
    }
    if (status == EXIT_PASSED)
        status = compile_link(command, object);
    for (int i = 0; i < sources; i++)
        unlink(object[i]);
    rmdir(folder);
    return status;
}

static int compile_only(const struct command *command)
{
    struct arguments arguments = {0};
    arguments_add(&arguments, command->compiler);
    compile_add_flags(&arguments, command->compiler);
    for (int i = 0; i < command->arguments; i++)
        arguments_add(&arguments, command->argument[i]);
    return compile_spawn(&arguments);
}

int compile_run(int argc, char **argv, const char *library)
{
    struct command command = {.compiler = "gcc", .library = library, .argument = argv + 1, .arguments = argc - 1};
    static const char compiler[] = "--compiler=";
    if (command.arguments > 0 && strncmp(command.argument[0], compiler, strlen(compiler)) == 0) {
        command.compiler = command.argument[0] + strlen(compiler);
        command.argument++;
        command.arguments--;
    }
    for (int i = 0; i < command.arguments; i++)
        command.compile_only |= compile_is_one_of(command.argument[i], (const char *const[]){"-c", "-S", "-E", NULL});
    if (command.arguments == 0 || strcmp(command.argument[0], "--help") == 0) {
        puts("Usage: weave cc [--compiler=gcc|clang] COMPILER-ARGUMENT...\n"
             "Compiles and links like the compiler, such that `weave` can watch the result. With -c only compiles.\n"
             "The program also runs without weave, at nearly full speed.");
        return command.arguments == 0 ? EXIT_USAGE : EXIT_PASSED;
    }
    return command.compile_only ? compile_only(&command) : compile_all(&command);
}
