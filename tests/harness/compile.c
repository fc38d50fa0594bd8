/* See compile.h. */
#define _GNU_SOURCE
#include "compile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"
#include "text.h"
#include "toolchain.h"

enum {
    WORDS = 160,
    MESSAGES = 64 << 10, /* bytes kept of what a compiler says */
};

/* Who compiles: the compiler itself, or weave, which calls it. */
static const char *const driver_plain[] = {TOOLCHAIN_COMPILER, NULL};
static const char *const driver_woven[] = {TOOLCHAIN_WEAVE, "cc", "--compiler=" TOOLCHAIN_COMPILER, NULL};
static const char *const compile_words[] = {TOOLCHAIN_COMPILE_FLAGS, NULL};
/* What is reported should be the lines as they were written; warnings are the business of another check. */
static const char *const woven_words[] = {"-O0", "-w", NULL};
static const char *const link_words[][TOOLCHAIN_LINK_MAX] = {
    [LINK_COMMON] = {TOOLCHAIN_LINK_COMMON, NULL},
    [LINK_VISION] = {TOOLCHAIN_LINK_VISION, NULL},
};

/* A command line under construction; the texts made for it are freed together. */
struct command {
    const char *words[WORDS];
    size_t count;
    char *made[WORDS];
    size_t made_count;
};

static void command_add(struct command *command, const char *word)
{
    if (command->count + 1 < WORDS)
        command->words[command->count++] = word;
}

static void command_add_all(struct command *command, const char *const words[])
{
    for (; words != NULL && *words != NULL; words++)
        command_add(command, *words);
}

static void command_add_path(struct command *command, const char *before, const char *folder, const char *file)
{
    char *word;

    if (command->made_count == WORDS || asprintf(&word, "%s%s%s%s", before, folder, file[0] ? "/" : "", file) == -1)
        return;
    command->made[command->made_count++] = word;
    command_add(command, word);
}

static void command_free(struct command *command)
{
    for (size_t i = 0; i < command->made_count; i++)
        free(command->made[i]);
}

/* Who judges many trees that differ little names a program here that remembers what was compiled: ccache(1). NULL where
 * none is, and where walls are, which keep it from its memory. */
static const char *compile_launcher(const struct process_place *place)
{
    const char *launcher = getenv("SHMLAB_COMPILER_LAUNCHER");

    return launcher != NULL && launcher[0] == '/' && place == NULL ? launcher : NULL;
}

/* `launcher`: what starts the compiler; NULL: nothing does. */
static void command_begin(struct command *command, const struct lab *lab, const char *folder,
                          const char *const driver[], const char *const flags[], const char *launcher)
{
    if (launcher != NULL && driver == driver_plain)
        command_add(command, launcher);
    command_add_all(command, driver);
    if (launcher != NULL && driver == driver_woven)
        command_add_path(command, "--launcher=", launcher, "");
    command_add_all(command, compile_words);
    command_add_path(command, "-I", folder, "");
    for (const char *const *include = lab->include; *include != NULL; include++)
        command_add_path(command, "-I", folder, *include);
    command_add_all(command, flags);
}

/* `temporary`: where the compiler may put its own files, so that they go with ours; NULL: where it likes. */
static bool command_start(struct process *compiler, struct command *command, const struct process_place *place,
                          const char *temporary)
{
    char temporary_text[1024];
    const char *const environment[] = {"LC_ALL=C.UTF-8", temporary != NULL ? temporary_text : NULL, NULL};
    const struct process_setup setup = {
        .place = place, .environment = environment, .limit = check_limits[LIMIT_BUILD].whole, .text_limit = MESSAGES};

    snprintf(temporary_text, sizeof temporary_text, "TMPDIR=%s", temporary != NULL ? temporary : "");
    return process_start_with(compiler, command->words, &setup);
}

static int command_finish(struct process *compiler, char **messages)
{
    int status = process_finish(compiler);

    *messages = strdup(compiler->text != NULL ? compiler->text : "");
    process_close(compiler);
    return status;
}

/* How programs are compiled, and where. */
struct compiling {
    const char *const *driver, *const *flags;
    const struct process_place *place; /* NULL: here */
    unsigned wanted;                   /* a bit for each program of the lab */
};

/* A source file, compiled once for all programs that have it. */
struct unit {
    const char *source; /* as the lab's table has it */
    struct process compiler;
    int status;
    char *messages;
};

/* A compilation of some programs of a lab. */
struct compilation {
    const struct lab *lab;
    const char *folder;
    const struct compiling *how;
    const char *output_folder;
    struct unit units[LAB_PROGRAMS * LAB_SOURCES];
    size_t count;
};

static size_t program_count(const struct lab *lab)
{
    size_t count = 0;

    while (count < LAB_PROGRAMS && lab->programs[count].name != NULL)
        count++;
    return count;
}

static bool program_wanted(const struct compilation *all, size_t which)
{
    return (all->how->wanted >> which & 1) != 0;
}

static size_t unit_index(const struct compilation *all, const char *source)
{
    size_t i = 0;

    while (i < all->count && strcmp(all->units[i].source, source) != 0)
        i++;
    return i;
}

static void command_add_object(struct command *command, const struct compilation *all, size_t unit)
{
    const char *source = all->units[unit].source, *slash = strrchr(source, '/');
    char name[NAME_MAX + 1];

    snprintf(name, sizeof name, "%zu_%s.o", unit, slash != NULL ? slash + 1 : source);
    command_add_path(command, "", all->output_folder, name);
}

/* Where it cannot be started command_finish gives -1. */
static void compilation_start(const struct compilation *all, struct process *process, struct command *command)
{
    bool here = all->how->place == NULL;

    command_start(process, command, all->how->place, here ? all->output_folder : NULL);
    command_free(command);
}

static void unit_start(struct compilation *all, size_t which)
{
    const char *source = all->units[which].source;
    struct command command = {.count = 0};

    command_begin(&command, all->lab, all->folder, all->how->driver, all->how->flags,
                  compile_launcher(all->how->place));
    command_add(&command, "-c");
    command_add_path(&command, "", source[0] == '/' ? source : all->folder, source[0] == '/' ? "" : source);
    command_add(&command, "-o");
    command_add_object(&command, all, which);
    compilation_start(all, &all->units[which].compiler, &command);
}

static void units_compile(struct compilation *all)
{
    for (size_t i = 0; i < program_count(all->lab); i++)
        for (const char *const *source = all->lab->programs[i].sources; *source != NULL; source++) {
            size_t unit = unit_index(all, *source);
            if (!program_wanted(all, i) || unit < all->count)
                continue;
            all->units[all->count++].source = *source;
            unit_start(all, unit);
        }
    for (size_t i = 0; i < all->count; i++)
        all->units[i].status = command_finish(&all->units[i].compiler, &all->units[i].messages);
}

/* What the compiler has said of a program's sources, one after the other. Returns the first status that is not 0. */
static int program_units(const struct compilation *all, size_t which, FILE *messages)
{
    int status = 0;

    for (const char *const *source = all->lab->programs[which].sources; *source != NULL; source++) {
        const struct unit *unit = &all->units[unit_index(all, *source)];
        fputs(unit->messages, messages);
        status = status == 0 ? unit->status : status;
    }
    return status;
}

static void program_link(const struct compilation *all, size_t which, struct process *linker)
{
    const struct lab_program *program = &all->lab->programs[which];
    struct command command = {.count = 0};

    command_begin(&command, all->lab, all->folder, all->how->driver, all->how->flags, NULL);
    for (const char *const *source = program->sources; *source != NULL; source++)
        command_add_object(&command, all, unit_index(all, *source));
    command_add(&command, "-o");
    command_add_path(&command, "", all->output_folder, program->name);
    command_add_all(&command, link_words[program->link]);
    compilation_start(all, linker, &command);
}

static void objects_remove(const struct compilation *all)
{
    struct command objects = {.count = 0};

    for (size_t i = 0; i < all->count; i++)
        command_add_object(&objects, all, i);
    for (size_t i = 0; i < objects.count; i++)
        unlink(objects.words[i]);
    command_free(&objects);
}

/* The programs of the lab that are wanted, side by side, into build->folder. */
static void programs_compile(const struct lab *lab, const char *folder, const struct compiling *how,
                             struct build *build)
{
    struct compilation all = {.lab = lab, .folder = folder, .how = how, .output_folder = build->folder};
    struct process linkers[LAB_PROGRAMS];
    FILE *messages[LAB_PROGRAMS] = {NULL};
    size_t size;

    units_compile(&all);
    for (size_t i = 0; i < program_count(lab); i++) {
        if (!program_wanted(&all, i))
            continue;
        messages[i] = open_memstream(&build->programs[i].messages, &size);
        if (messages[i] == NULL) {
            build->programs[i].status = -1;
            build->programs[i].messages = strdup("out of memory\n");
            continue;
        }
        build->programs[i].status = program_units(&all, i, messages[i]);
        if (build->programs[i].status == 0)
            program_link(&all, i, &linkers[i]);
    }
    for (size_t i = 0; i < program_count(lab); i++) {
        if (messages[i] == NULL)
            continue;
        if (build->programs[i].status == 0) {
            char *text;
            build->programs[i].status = command_finish(&linkers[i], &text);
            fputs(text, messages[i]);
            free(text);
        }
        fclose(messages[i]);
    }
    objects_remove(&all);
    for (size_t i = 0; i < all.count; i++)
        free(all.units[i].messages);
}

void build_lab(const struct lab *lab, const char *folder, unsigned wanted, const struct process_place *place,
               struct build *build)
{
    const struct compiling how = {.driver = driver_plain, .place = place, .wanted = wanted};

    programs_compile(lab, folder, &how, build);
}

void build_woven(const struct lab *lab, const char *folder, unsigned wanted, const struct process_place *place,
                 struct build *build)
{
    const struct compiling how = {.driver = driver_woven, .flags = woven_words, .place = place, .wanted = wanted};

    programs_compile(lab, folder, &how, build);
}

void build_free(struct build *build)
{
    for (size_t i = 0; i < LAB_PROGRAMS; i++)
        free(build->programs[i].messages);
}

/* ---- Which programs ---- */

static bool program_named(const char *const names[], size_t count, const char *name)
{
    for (size_t i = 0; i < count && names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool program_extra(const struct lab *lab, size_t which)
{
    return program_named(lab->challenges, LAB_CHALLENGES, lab->programs[which].name);
}

unsigned build_all(const struct lab *lab)
{
    return (1u << program_count(lab)) - 1;
}

bool build_names(const struct lab *lab, const struct check_case *which, const char *program)
{
    return !program_named(lab->challenges, LAB_CHALLENGES, program) ||
           program_named(which->programs, CHECK_NEEDS, program);
}

unsigned build_for(const struct lab *lab, const struct check_case *which)
{
    unsigned wanted = 0;

    for (size_t i = 0; i < program_count(lab); i++)
        if (build_names(lab, which, lab->programs[i].name))
            wanted |= 1u << i;
    return wanted;
}

/* ---- Ready-made checks ---- */

/* What a compiler says of a place. */
struct message {
    const char *whole; /* all of it, and what belongs to it, begins here */
    const char *file;  /* its name without folders, */
    int file_length, line;
    const char *text; /* and "error: ..." up to the line's end */
    int text_length;
};

/* "path:line:column: error: ...", the column may be missing. Not "In file included from path:line:", nor
 * "collect2: error: ...", which names no place. */
static bool message_parse(const char *line, const char *kind, struct message *message)
{
    const char *end = strchrnul(line, '\n');
    const char *text = memmem(line, (size_t)(end - line), kind, strlen(kind));
    const char *colon = text != NULL ? memchr(line, ':', (size_t)(text - line)) : NULL;

    if (colon == NULL)
        return false;
    const char *slash = memrchr(line, '/', (size_t)(colon - line));
    char *behind;
    long number = strtol(colon + 1, &behind, 10);
    if (*behind == ':' && behind < text)
        strtol(behind + 1, &behind, 10); /* the column */
    if (number <= 0 || behind != text)
        return false;
    message->whole = line;
    message->file = slash != NULL ? slash + 1 : line;
    message->file_length = (int)(colon - message->file);
    message->line = (int)number;
    message->text = text + strlen(": ");
    message->text_length = (int)(end - message->text);
    return true;
}

/* The first message of one of these kinds. */
static bool message_find(const char *messages, const char *const kinds[], struct message *message)
{
    for (const char *line = messages; *line != '\0'; line = strchrnul(line, '\n'), line += *line != '\0')
        for (const char *const *kind = kinds; *kind != NULL; kind++)
            if (message_parse(line, *kind, message))
                return true;
    return false;
}

/* Does something else begin with this line than what belongs to the message before? */
static bool message_ends(const char *line)
{
    static const char *const others[] = {"In file included from ", "collect2: ", "compilation terminated", NULL};
    struct message message;

    if (message_parse(line, ": error: ", &message) || message_parse(line, ": fatal error: ", &message) ||
        message_parse(line, ": warning: ", &message))
        return true;
    for (const char *const *other = others; *other != NULL; other++)
        if (strncmp(line, *other, strlen(*other)) == 0)
            return true;
    size_t length = strcspn(line, "\n"); /* "layout.c: In function 'main':"; clang: "2 errors generated." */
    return (length > 0 && line[0] != ' ' && line[length - 1] == ':') || isdigit((unsigned char)line[0]);
}

/* The message with the line of the source, the caret and the notes below it, as the compiler shows it, but for the
 * folders of its files. To be freed. */
static char *message_whole(const struct message *message)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *line = message->whole;

    if (out == NULL)
        abort();
    do {
        struct message note;
        size_t length = strcspn(line, "\n");
        const char *from = line == message->whole || message_parse(line, ": note: ", &note)
                               ? (line == message->whole ? message->file : note.file)
                               : line;
        fprintf(out, "%.*s\n", (int)(line + length - from), from);
        line += length + (line[length] != '\0');
    } while (*line != '\0' && !message_ends(line));
    if (fclose(out) != 0)
        abort();
    return text;
}

char *build_warning(const struct lab *lab, const struct build *build)
{
    static const char *const warnings[] = {": warning: ", NULL};
    struct message message;

    for (size_t i = 0; i < program_count(lab); i++)
        if (build->programs[i].messages != NULL && message_find(build->programs[i].messages, warnings, &message))
            return message_whole(&message);
    return NULL;
}

void check_blame(struct check *check, const char *messages, struct finding *finding)
{
    static const char *const errors[] = {": error: ", ": fatal error: ", NULL}, *const warnings[] = {": warning: ",
                                                                                                     NULL};
    struct message message;

    if (!message_find(messages, errors, &message) && !message_find(messages, warnings, &message))
        return;
    finding->file = check_text(check, "%.*s", message.file_length, message.file);
    finding->line = message.line;
    finding->found = check_text(check, "%.*s", message.text_length, message.text);
    char *whole = message_whole(&message);
    finding->compiler = check_text(check, "%s", whole);
    free(whole);
}

/* Nothing that the compiler says names a place in a source file: who has failed? */
static const char *build_failure(struct check *check, const char *messages)
{
    const char *missing = strstr(messages, "undefined reference to");

    if (missing != NULL)
        return check_text(check, "the linker failed: %.*s", (int)strcspn(missing, "\n"), missing);
    if (strstr(messages, strerror(ENOSPC)) != NULL) /* of the compiler, which tells it in English: command_start */
        check_unjudged(check, "the compiler found no space for its files: make some, or name another folder for what "
                              "exists during a run only: TMPDIR=$HOME/tmp make labN");
    if (strstr(messages, "terminated program") != NULL || strstr(messages, "out of memory") != NULL ||
        strstr(messages, "virtual memory exhausted") != NULL)
        return "the compiler was ended at a limit, or ran out of memory: does a file include itself, or a macro grow?";
    if (strstr(messages, "ld returned") != NULL || strstr(messages, "linker command failed") != NULL)
        return "the linker failed: see the transcript";
    return "the compiler failed, and names no line: see the transcript";
}

void check_builds(struct check *check)
{
    for (size_t i = 0; i < program_count(check->lab); i++) {
        const char *messages = check->build->programs[i].messages;
        if (messages != NULL)
            fprintf(check->transcript, "# compiling %s\n%s", check->lab->programs[i].name, messages);
    }
    for (size_t i = 0; i < program_count(check->lab); i++) {
        if (check->build->programs[i].status == 0 || program_extra(check->lab, i))
            continue;
        struct finding finding = {
            .expected = check_text(check, "%s compiles", check->lab->programs[i].name),
            .found = build_failure(check, check->build->programs[i].messages),
            .cause = "fix the compiler's first message first; the rest often follow from it",
        };
        check_blame(check, check->build->programs[i].messages, &finding);
        check_fail(check, &finding);
    }
}

void check_warnings(struct check *check)
{
    for (size_t i = 0; i < program_count(check->lab); i++) {
        const char *messages = check->build->programs[i].messages;
        if (program_extra(check->lab, i) || strstr(messages, "warning:") == NULL)
            continue;
        struct finding finding = {
            .expected = "no warning with " TOOLCHAIN_WARNINGS,
            .found = messages,
            .cause = "a warning is the compiler's way of pointing at a bug that it may not refuse",
        };
        fprintf(check->transcript, "%s", messages);
        check_blame(check, messages, &finding);
        check_fail(check, &finding);
    }
}

/* Into a folder of the check: all programs but those of challenges. Returns the bits of those that failed. */
static unsigned build_again(struct check *check, const char *const flags[], struct build *build)
{
    struct compiling how = {.driver = driver_plain, .flags = flags, .place = check->place};
    unsigned failed = 0;

    *build = (struct build){.folder = ""};
    snprintf(build->folder, sizeof build->folder, "%s/bin", check->scratch);
    if (mkdir(build->folder, 0700) == -1 && errno != EEXIST)
        check_broken(check, "mkdir(%s): %s", build->folder, strerror(errno));
    for (size_t i = 0; i < program_count(check->lab); i++)
        how.wanted |= program_extra(check->lab, i) ? 0 : 1u << i;
    programs_compile(check->lab, check->folder, &how, build);
    for (size_t i = 0; i < program_count(check->lab); i++)
        failed |= build->programs[i].status != 0 ? 1u << i : 0;
    return failed;
}

/* START uses them from here on, or the check fails. */
static void build_adopt(struct check *check, const char *const flags[], struct build *build, unsigned failed)
{
    for (size_t i = 0; i < program_count(check->lab); i++)
        if ((failed >> i & 1) != 0)
            FAIL(check, .expected = check_text(check, "%s compiles with %s", check->lab->programs[i].name, flags[0]),
                 .found = build->programs[i].messages);
    check->bin = check_text(check, "%s", build->folder);
    check->sanitized = strncmp(flags[0], "-fsanitize", strlen("-fsanitize")) == 0;
    build_free(build);
    check_note(check, "the programs are compiled with %s from here on", flags[0]);
}

void check_build_with(struct check *check, const char *const flags[])
{
    struct build build;
    unsigned failed = build_again(check, flags, &build);

    build_adopt(check, flags, &build, failed);
}

/* ---- Sanitizers ---- */

static const char *const address_flags[] = {"-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-O1",
                                            NULL};
static const char *const thread_flags[] = {"-fsanitize=thread", "-O1", NULL};

/* START uses this program, built so, from here on; the others are not there any more. Without sanitizers it compiles:
 * `builds` has passed. */
static void sanitized_build_one(struct check *check, const char *program, const char *const flags[])
{
    const struct lab_program *programs = check->lab->programs;
    struct build build = {.folder = ""};
    size_t which = 0;

    while (which + 1 < program_count(check->lab) && strcmp(programs[which].name, program) != 0)
        which++;
    snprintf(build.folder, sizeof build.folder, "%s/one", check->scratch);
    if (mkdir(build.folder, 0700) == -1 && errno != EEXIST)
        check_broken(check, "mkdir(%s): %s", build.folder, strerror(errno));
    const struct compiling how = {.driver = driver_plain, .flags = flags, .place = check->place, .wanted = 1u << which};
    programs_compile(check->lab, check->folder, &how, &build);
    build_adopt(check, flags, &build, build.programs[which].status != 0 ? how.wanted : 0);
}

/* Not a student's fault: the compiler has none, or it cannot run here. */
static void sanitizer_require(struct check *check, enum sanitizer which)
{
    const struct machine_answer answer = machine_sanitizer(which, check->place);

    if (!answer.good)
        check_unjudged(check, check_text(check, "%s; %s", answer.what, answer.cure));
}

static void address_sanitizer_require(struct check *check)
{
    sanitizer_require(check, SANITIZER_ADDRESS);
    const struct machine_answer leaks = machine_sanitizer(SANITIZER_LEAK, check->place);
    check->leaks_unseen = !leaks.good;
    if (!leaks.good)
        check_note(check, "%s; leaks of memory are not looked for", leaks.what);
}

void check_sanitize(struct check *check)
{
    address_sanitizer_require(check);
    check_build_with(check, address_flags);
}

void check_sanitize_one(struct check *check, const char *program)
{
    address_sanitizer_require(check);
    sanitized_build_one(check, program, address_flags);
}

void check_sanitize_threads(struct check *check, const char *program)
{
    sanitizer_require(check, SANITIZER_THREAD);
    sanitized_build_one(check, program, thread_flags);
}

/* Addresses differ from run to run. */
static void addresses_vary(struct check *check, const char *line)
{
    for (const char *at = line; (at = strstr(at, "0x")) != NULL; at += 2)
        check_varies(check, "address", check_text(check, "0x%.*s", (int)strspn(at + 2, "0123456789abcdef"), at + 2));
}

void program_sanitized(struct program *program)
{
    static const char *const reports[] = {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:"};
    struct check *check = program->check;

    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        const char *report = strstr(program_output(program), reports[i]);
        if (report == NULL)
            continue;
        const char *line = check_text(check, "%.*s", (int)strcspn(report, "\n"), report);
        addresses_vary(check, line);
        FAIL(check, .expected = check_text(check, "`%s` runs without a report of the sanitizers", program->command),
             .found = line,
             .cause = "memory beyond an array, freed or never given back, or arithmetic that C does not define",
             .next = "the lines of the report that name your files are in the transcript");
    }
}

/* ---- Copies of the student's tree ---- */

void check_write(struct check *check, const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    if (file == NULL)
        check_broken(check, "open(%s): %s", path, strerror(errno));
    fputs(text, file);
    if (fclose(file) != 0)
        check_broken(check, "write(%s): %s", path, strerror(errno));
}

/* Links are followed: what counts is what the program sees. */
static void folder_copy(struct check *check, const char *from, const char *to)
{
    const char *const command[] = {"/bin/cp", "-r", "-L", "--", from, to, NULL};
    struct process copy;
    char *messages;

    process_start(&copy, command);
    if (command_finish(&copy, &messages) != 0)
        check_broken(check, "cp %s: %s", from, messages);
    free(messages);
}

const char *check_copy_tree(struct check *check)
{
    const char *root = check_text(check, "%s/copy", check->scratch);
    const char *tree = check_text(check, "%s/tree", root);
    const char *folder = check_text(check, "%s/%s", tree, check->lab->name);
    const char *common = check_text(check, "%s/common", root);

    if (mkdir(root, 0700) == -1 || mkdir(tree, 0700) == -1 || mkdir(common, 0700) == -1)
        check_broken(check, "mkdir(%s): %s", tree, strerror(errno));
    /* Where the Python files look for the package: two folders above their own. A copy, because behind the
     * grader's walls no symbolic link in the scratch folder is followed. */
    folder_copy(check, TOOLCHAIN_SOURCE "/common/python", check_text(check, "%s/python", common));
    folder_copy(check, check->folder, folder);
    for (const char *const *include = check->lab->include; *include != NULL; include++)
        folder_copy(check, check_text(check, "%s/%s", check->folder, *include),
                    check_text(check, "%s/%s", folder, *include));
    return folder;
}

bool check_edit(struct check *check, const char *path, const char *from, const char *to)
{
    char *text = check_read(check, path, NULL);
    const char *found = text != NULL ? strstr(text, from) : NULL;

    if (found != NULL)
        check_write(check, path, check_text(check, "%.*s%s%s", (int)(found - text), text, to, found + strlen(from)));
    free(text);
    return found != NULL;
}

/* Let the compiler make one file of another, with these words at the end of its command. */
static int file_compile(struct check *check, const char *folder, const char *source, const char *output,
                        const char *const words[], const char **messages)
{
    struct command command = {.count = 0};
    struct process compiler;
    char *text;

    command_begin(&command, check->lab, folder, driver_plain, NULL, compile_launcher(check->place));
    command_add(&command, source);
    command_add(&command, "-o");
    command_add(&command, output);
    command_add_all(&command, words);
    bool started = command_start(&compiler, &command, check->place, check->place == NULL ? check->scratch : NULL);
    command_free(&command);
    if (!started)
        check_broken(check, "cannot start the compiler");
    int status = command_finish(&compiler, &text);
    if (messages != NULL)
        *messages = text;
    return status;
}

int check_compile(struct check *check, const char *folder, const char *source, const char *output,
                  const char **messages)
{
    return file_compile(check, folder, source, output, link_words[LINK_COMMON], messages);
}

char *check_preprocess(struct check *check, const char *folder, const char *source)
{
    static const char *const words[] = {"-E", "-P", NULL}; /* -P: no lines that say where each line came from */
    const char *output = check_text(check, "%s/preprocessed.c", check->scratch);

    return file_compile(check, folder, source, output, words, NULL) == 0 ? check_read(check, output, NULL) : NULL;
}

/* ---- What is left behind ---- */

void check_leaks(struct check *check)
{
    size_t count = json_array_size(check->leaks);

    if (count == 0)
        return;
    const char *list = "";
    for (size_t i = 0; i < count; i++)
        list = check_text(check, "%s%s%s", list, i > 0 ? "\n" : "", json_string_value(json_array_get(check->leaks, i)));
    FAIL(check, .expected = "no segment and no semaphore is left when all programs have ended",
         .found = check_text(check, "%zu left behind:\n%s", count, list),
         .cause = "a path on which the program ends without removing what it created: an error, a signal, a refusal",
         .next = "follow every `return` after the creation; one clean-up at one place is easier to keep right");
}
