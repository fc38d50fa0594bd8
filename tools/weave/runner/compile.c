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

enum { NAME = 512 };

/* A list of words that ends with NULL, as execvp wants it. */
struct arguments {
    char **item;
    size_t count, room;
};

static void arguments_add(struct arguments *arguments, const char *item)
{
    enum { FIRST = 64 };
    if (arguments->count + 1 >= arguments->room) {
        size_t room = arguments->room == 0 ? FIRST : 2 * arguments->room;
        char **more = realloc(arguments->item, room * sizeof *more);
        if (more == NULL) {
            perror("weave cc");
            exit(EXIT_UNABLE);
        }
        arguments->item = more;
        arguments->room = room;
    }
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
    free(arguments->item);
    return child < 0 ? EXIT_UNABLE : compile_wait(child);
}

/* The thread sanitizer's callbacks; no built-in expansion that it does not see; volatile told apart; no fortified
 * names. */
static void compile_add_flags(struct arguments *arguments, const char *compiler)
{
    arguments_add(arguments, "-g");
    arguments_add(arguments, "-fsanitize=thread");
    arguments_add(arguments, "-U__SANITIZE_THREAD__"); /* no program shall do other things because it is looked at */
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

/* What must come after the user's -O: vectors, which clang's callbacks leave out where they are wider than 16 bytes. */
static void compile_add_last_flags(struct arguments *arguments, const char *compiler)
{
    if (strstr(compiler, "clang") == NULL)
        return;
    arguments_add(arguments, "-fno-vectorize");
    arguments_add(arguments, "-fno-slp-vectorize");
}

static bool compile_is_one_of(const char *option, const char *const *list)
{
    while (*list != NULL && strcmp(option, *list) != 0)
        list++;
    return *list != NULL;
}

static const char *compile_ending(const char *name)
{
    const char *dot = strrchr(name, '.');
    return name[0] == '-' || dot == NULL ? "" : dot;
}

static bool compile_is_cpp(const char *name)
{
    return compile_is_one_of(compile_ending(name), (const char *const[]){".cpp", ".cc", ".cxx", ".c++", ".C", NULL});
}

static bool compile_is_source(const char *name)
{
    return strcmp(compile_ending(name), ".c") == 0 || compile_is_cpp(name);
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
    const char *launcher; /* what starts the compiler for a source: ccache(1), distcc(1); NULL: nothing does */
    const char *compiler, *library;
    char **argument;
    int arguments;
    bool compile_only;
    const char *output;
};

/* gcc would compile the objects again when it links, without callbacks. */
static bool compile_is_lto(const char *option)
{
    return strncmp(option, "-flto", 5) == 0;
}

static void compile_begin(struct arguments *arguments, const struct command *command)
{
    if (command->launcher != NULL)
        arguments_add(arguments, command->launcher);
    arguments_add(arguments, command->compiler);
    compile_add_flags(arguments, command->compiler);
}

static int compile_source(const struct command *command, const char *source, const char *object)
{
    struct arguments arguments = {0};
    compile_begin(&arguments, command);
    for (int i = 0; i < command->arguments; i++) {
        const char *argument = command->argument[i];
        if (compile_link_takes_value(argument)) {
            i++;
        } else if (argument[0] == '-' && !compile_is_of_link(argument) && !compile_is_lto(argument)) {
            arguments_add(&arguments, argument);
            if (compile_takes_value(argument) && i + 1 < command->arguments)
                arguments_add(&arguments, command->argument[++i]);
        }
    }
    compile_add_last_flags(&arguments, command->compiler);
    arguments_add(&arguments, "-c");
    arguments_add(&arguments, source);
    arguments_add(&arguments, "-o");
    arguments_add(&arguments, object);
    return compile_spawn(&arguments);
}

/* ---- what is linked without having been compiled for weave ---- */

/* Code with our callbacks asks for this symbol, whatever it does. */
static bool compile_lacks_callbacks(const char *path)
{
    static const char callback[] = "__tsan_init";
    FILE *file = fopen(path, "re");
    char *bytes = NULL;
    bool lacks = false;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        bytes = size > 0 ? malloc((size_t)size) : NULL;
        if (bytes != NULL && fread(bytes, 1, (size_t)size, file) == (size_t)size)
            lacks = memmem(bytes, (size_t)size, callback, sizeof callback) == NULL;
    }
    free(bytes);
    if (file != NULL)
        fclose(file);
    return lacks;
}

/* The file that -lNAME stands for, if it is in a folder that the user gave with -L; else an empty path. */
static void compile_find_library(const struct command *command, const char *name, char *path, size_t size)
{
    for (int i = 0; i < command->arguments; i++) {
        const char *argument = command->argument[i];
        if (strncmp(argument, "-L", 2) != 0)
            continue;
        const char *folder = argument[2] != '\0'          ? argument + 2
                             : i + 1 < command->arguments ? command->argument[i + 1]
                                                          : ".";
        static const char *const endings[] = {"so", "a"};
        for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
            snprintf(path, size, "%s/lib%s.%s", folder, name, endings[k]);
            if (access(path, R_OK) == 0)
                return;
        }
    }
    path[0] = '\0';
}

/* Says which files are not watched, and has the program remember it: `names` is a source for that. */
static void compile_name_unwatched(const struct command *command, FILE *names)
{
    bool any = false;
    for (int i = 0; i < command->arguments; i++) {
        const char *argument = command->argument[i], *ending = compile_ending(argument);
        char path[NAME];
        snprintf(path, sizeof path, "%s", argument);
        if (strncmp(argument, "-l", 2) == 0 && argument[2] != '\0')
            compile_find_library(command, argument + 2, path, sizeof path);
        else if (compile_takes_value(argument) || compile_link_takes_value(argument))
            i++, path[0] = '\0';
        else if (!compile_is_one_of(ending, (const char *const[]){".o", ".a", ".so", NULL}))
            path[0] = '\0';
        if (path[0] == '\0' || !compile_lacks_callbacks(path))
            continue;
        fprintf(stderr,
                "weave cc: %s was not compiled with `weave cc`: what it does to shared memory will not be watched\n",
                path);
        const char *slash = strrchr(path, '/');
        fprintf(names, "%s%s", any ? ", " : "static const char unwatched[] __attribute__((used)) = \"" UNWATCHED_MARK,
                slash == NULL ? path : slash + 1);
        any = true;
    }
    fputs(any ? "\";\n" : "", names);
}

/* An object with the names of what is not watched; none, and 0, when everything is. */
static int compile_unwatched(const struct command *command, const char *folder, const char *object)
{
    char source[NAME];
    snprintf(source, sizeof source, "%s/unwatched.c", folder);
    FILE *names = fopen(source, "we");
    if (names == NULL)
        return EXIT_UNABLE;
    compile_name_unwatched(command, names);
    bool any = ftell(names) > 0;
    fclose(names);
    struct arguments arguments = {0};
    const char *const words[] = {command->compiler, "-c", "-x", "c", source, "-o", object};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        arguments_add(&arguments, words[i]);
    int status = any ? compile_spawn(&arguments) : EXIT_PASSED;
    if (!any)
        free(arguments.item);
    unlink(source);
    return status;
}

/* ---- compiling and linking ---- */

static void compile_object(const char *folder, int number, char *path, size_t size)
{
    snprintf(path, size, "%s/%d.o", folder, number);
}

/* `sources` objects in `folder`, the texts of whose names are kept in `names`. */
static int compile_link(const struct command *command, const char *folder, int sources)
{
    struct arguments arguments = {0};
    char library[512], path[600], unwatched[NAME];
    char(*object)[NAME] = calloc((size_t)sources + 1, sizeof *object);
    if (object == NULL)
        return EXIT_UNABLE;
    snprintf(library, sizeof library, "%s", command->library);
    char *slash = strrchr(library, '/');
    *(slash == NULL ? library : slash) = '\0';
    snprintf(path, sizeof path, "-Wl,-rpath,%s", library);
    snprintf(unwatched, sizeof unwatched, "%s/unwatched.o", folder);
    int status = compile_unwatched(command, folder, unwatched);
    arguments_add(&arguments, command->compiler);
    for (int i = 0, source = 0; i < command->arguments; i++) {
        const char *argument = command->argument[i];
        if (compile_takes_value(argument)) {
            i++; /* "-x c" would have the objects compiled */
            continue;
        }
        if (compile_is_lto(argument))
            continue;
        if (compile_is_source(argument)) {
            compile_object(folder, source, object[source], NAME);
            argument = object[source++];
        }
        arguments_add(&arguments, argument);
        if (compile_link_takes_value(argument) && i + 1 < command->arguments)
            arguments_add(&arguments, command->argument[++i]);
    }
    if (access(unwatched, R_OK) == 0)
        arguments_add(&arguments, unwatched);
    arguments_add(&arguments, command->library);
    arguments_add(&arguments, path);
    if (status == EXIT_PASSED)
        status = compile_spawn(&arguments);
    unlink(unwatched);
    free(object);
    return status;
}

static int compile_all(const struct command *command)
{
    const char *base = getenv("TMPDIR"); /* as compilers have it: gcc(1), ENVIRONMENT */
    char folder[NAME - 32], object[NAME];
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
        } else if (compile_is_source(argument)) {
            compile_object(folder, sources++, object, sizeof object);
            status = compile_source(command, argument, object);
        }
    }
    if (status == EXIT_PASSED)
        status = compile_link(command, folder, sources);
    for (int i = 0; i < sources; i++) {
        compile_object(folder, i, object, sizeof object);
        unlink(object);
    }
    rmdir(folder);
    return status;
}

static int compile_only(const struct command *command)
{
    struct arguments arguments = {0};
    compile_begin(&arguments, command);
    for (int i = 0; i < command->arguments; i++)
        if (!compile_is_lto(command->argument[i]))
            arguments_add(&arguments, command->argument[i]);
    compile_add_last_flags(&arguments, command->compiler);
    return compile_spawn(&arguments);
}

/* What weave cannot watch is refused at once: linked, it would end in errors of the linker, or pass unseen. */
static bool compile_is_refused(const char *argument)
{
    const char *why = NULL;
    if (strcmp(argument, "-static") == 0 || strcmp(argument, "-static-pie") == 0 || strcmp(argument, "-nostdlib") == 0)
        why = "the library that watches is a shared one and is before the C library: leave this out";
    else if (strncmp(argument, "-fsanitize=", 11) == 0 && strstr(argument, "thread") != NULL)
        why = "`weave cc` adds the callbacks itself, and links its own library instead of ThreadSanitizer's: leave "
              "this out";
    else if (strncmp(argument, "-fsanitize=", 11) == 0 && strstr(argument, "address") != NULL)
        why = "AddressSanitizer wants to be the first library in a program, as weave does: leave this out";
    if (why != NULL)
        fprintf(stderr, "weave cc: %s: %s\n", argument, why);
    return why != NULL;
}

/* An option of ours; they come before the compiler's. */
static bool compile_takes_option(struct command *command, const char *option, const char **value)
{
    size_t length = strlen(option);
    if (command->arguments == 0 || strncmp(command->argument[0], option, length) != 0)
        return false;
    *value = command->argument[0] + length;
    command->argument++;
    command->arguments--;
    return true;
}

int compile_run(int argc, char **argv, const char *library)
{
    struct command command = {.compiler = "gcc", .library = library, .argument = argv + 1, .arguments = argc - 1};
    while (compile_takes_option(&command, "--compiler=", &command.compiler) ||
           compile_takes_option(&command, "--launcher=", &command.launcher))
        continue;
    for (int i = 0; i < command.arguments; i++) {
        if (compile_is_refused(command.argument[i]))
            return EXIT_USAGE;
        if (compile_is_cpp(command.argument[i]) && strcmp(command.compiler, "gcc") == 0)
            command.compiler = "g++"; /* which also links the library of C++ */
    }
    for (int i = 0; i < command.arguments; i++)
        command.compile_only |= compile_is_one_of(command.argument[i], (const char *const[]){"-c", "-S", "-E", NULL});
    if (command.arguments == 0 || strcmp(command.argument[0], "--help") == 0) {
        puts("Usage: weave cc [--compiler=gcc|clang] [--launcher=ccache] COMPILER-ARGUMENT...\n"
             "Compiles and links like the compiler, such that `weave` can watch the result. With -c only compiles.\n"
             "The program also runs without weave, at nearly full speed.");
        return command.arguments == 0 ? EXIT_USAGE : EXIT_PASSED;
    }
    return command.compile_only ? compile_only(&command) : compile_all(&command);
}
