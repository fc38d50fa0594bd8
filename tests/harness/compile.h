/*
 * Compiling the student's code: always into a folder of its own, warnings captured, nothing written to the
 * student's tree.
 */
#ifndef HARNESS_COMPILE_H
#define HARNESS_COMPILE_H

#include <stdbool.h>

#include "check.h"

/* How the judge's own build of the lab went, before the first check. */
struct build {
    char folder[512]; /* of the executables */
    struct {
        int status;     /* of the compiler */
        char *messages; /* NULL: it was not compiled */
    } programs[LAB_PROGRAMS];
};

/* Compile programs of the lab, those whose bits are set in `wanted`, into build->folder, in the place (NULL:
 * here). The others' entries stay as they are. */
void build_lab(const struct lab *lab, const char *folder, unsigned wanted, const struct process_place *place,
               struct build *build);
/* The same, so that weave can watch them: see weave.h. */
void build_woven(const struct lab *lab, const char *folder, unsigned wanted, const struct process_place *place,
                 struct build *build);
void build_free(struct build *build);

/* The first warning of this build as the compiler shows it, with the line of the source; NULL: none. To be freed. */
char *build_warning(const struct lab *lab, const struct build *build);

/* Bits of programs of a lab. */
unsigned build_all(const struct lab *lab);
/* May this check start the program? It may all but those of challenges, and of these the ones that it names. */
bool build_names(const struct lab *lab, const struct check_case *which, const char *program);
/* Bits of those that it may start. */
unsigned build_for(const struct lab *lab, const struct check_case *which);

/* ---- For checks ---- */

/* Ready-made checks: put them into the lab's table. */
/* Every program of the lab compiles. */
void check_builds(struct check *check);
/* ... without a warning. */
void check_warnings(struct check *check);
/* Nothing is left behind by any check's run that ended by itself; must be `last`. */
void check_leaks(struct check *check);

/* Their entries, where nothing particular is to be said. */
#define CASE_BUILDS(sentence)                                                                     \
    {                                                                                             \
        .name = "builds", .title = sentence, .concept = "a program that compiles",                \
        .hints = {"The compiler reads from top to bottom: fix what it says first.",               \
                  "Each message names file and line.", "The whole output is in the transcript."}, \
        .limit = LIMIT_QUICK, .run = check_builds                                                 \
    }
/* The needs come last. */
#define CASE_WARNINGS(worth, ...)                                                                             \
    {                                                                                                         \
        .name = "warnings", .points = worth, .title = "The compiler gives no warning", .concept = "warnings", \
        .hints = {"Each warning is a place where C allows what you probably do not mean.",                    \
                  "The message names file, line and the option that asked for it, for example "               \
                  "-Wconversion.",                                                                            \
                  "Conversions: choose the type that fits, or write the cast that says you know."},           \
        .needs = {__VA_ARGS__}, .limit = LIMIT_QUICK, .run = check_warnings                                   \
    }

/* From here on START uses executables compiled with these extra flags, for example
 * "-fsanitize=address,undefined"; the programs that only a challenge needs are not there any more. */
#define BUILD_WITH(check, ...) check_build_with(check, (const char *const[]){__VA_ARGS__, NULL})
void check_build_with(struct check *check, const char *const flags[]);

/* Build with AddressSanitizer and UBSan; where they do not run the check is not judged, and where only leaks cannot be
 * looked for (ptrace(2) is refused) nobody looks for them. */
void check_sanitize(struct check *check);
/* The same for one of the lab's programs alone; the others are not there any more. */
void check_sanitize_one(struct check *check, const char *program);
/* And with ThreadSanitizer. */
void check_sanitize_threads(struct check *check, const char *program);
/* Fail the check when the program's output holds a report of a sanitizer. */
void program_sanitized(struct program *program);

/*
 * A copy of the student's tree (this lab and the others beside it) in the scratch folder, to be edited.
 * Returns the path of this lab's folder in it.
 */
const char *check_copy_tree(struct check *check);
/*
 * Replace the first occurrence of `from` in a file; false when it does not occur. The path is any file's in a
 * copy.
 */
bool check_edit(struct check *check, const char *path, const char *from, const char *to);
/* Write a file into a copy or the scratch folder. */
void check_write(struct check *check, const char *path, const char *text);
/*
 * Compile one C file of whatever origin to an executable, with the lab's include path as of `folder` (a lab's
 * folder, the student's or a copy). Returns the compiler's status; *messages lives until the check ends.
 */
int check_compile(struct check *check, const char *folder, const char *source, const char *output,
                  const char **messages);
/*
 * What the preprocessor makes of a C file: the compiler's own view of it, without comments, macros and #include, so
 * that a check need not know how it was written. NULL when it fails; to be freed.
 */
char *check_preprocess(struct check *check, const char *folder, const char *source);
/* Where the first message of a compiler points: file (in the lab's folder) and line. */
void check_blame(struct check *check, const char *messages, struct finding *finding);

#endif
