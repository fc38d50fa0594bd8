/* See programs.h. */
#define _GNU_SOURCE
#include "programs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shmlab/error.h"
#include "verdict.h"

enum { FILE_SIZE_MAX = 1 << 20 };

static int by_name(const FTSENT **left, const FTSENT **right)
{
    return strcmp((*left)->fts_name, (*right)->fts_name);
}

/* The walk goes in the order of the names, through no symbolic link. NULL with errno. */
static FTS *walk_begin(const char *folder)
{
    char *path = strdup(folder);

    if (path == NULL)
        abort();
    FTS *walk = access(path, R_OK | X_OK) == 0
                    ? fts_open((char *const[]){path, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, by_name)
                    : NULL;
    int cause = errno;
    free(path);
    errno = cause;
    return walk;
}

/* A source as text up to its first NUL; NULL: it is none, or cannot be read. To be freed. */
static char *source_read(const FTSENT *entry)
{
    if (entry->fts_info != FTS_F || tokens_language(entry->fts_name) == LANGUAGE_NONE ||
        entry->fts_statp->st_size > FILE_SIZE_MAX)
        return NULL;
    int fd = open(entry->fts_accpath, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    char *text = fd != -1 ? calloc(1, FILE_SIZE_MAX + 1) : NULL;
    size_t size = 0;
    ssize_t got = 1;
    while (text != NULL && got > 0 && size < FILE_SIZE_MAX) {
        got = read(fd, text + size, FILE_SIZE_MAX - size);
        size += got > 0 ? (size_t)got : 0;
    }
    if (fd != -1)
        close(fd);
    char *fitting = text != NULL ? strdup(text) : NULL;
    free(text);
    return fitting;
}

bool programs_given(const char *folder, struct hash_set *given)
{
    FTS *walk = walk_begin(folder);

    if (walk == NULL) {
        error_report_errno("--given DIR names what everybody was given", "folder %s", folder);
        return false;
    }
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk)) {
        char *text = source_read(entry);
        if (text == NULL)
            continue;
        enum language language = tokens_language(entry->fts_name);
        struct tokens tokens = tokens_read(text, language);
        winnow_all(&tokens, language, given);
        tokens_free(&tokens);
        free(text);
    }
    fts_close(walk);
    return true;
}

static void file_add(struct program *program, const char *name, char *text, const struct hash_set *given)
{
    enum language language = tokens_language(name);
    struct tokens tokens = tokens_read(text, language);
    char *copy = strdup(name);

    program->files = realloc(program->files, (size_t)(program->file_count + 1) * sizeof *program->files);
    if (program->files == NULL || copy == NULL)
        abort();
    program->files[program->file_count] = (struct program_file){.name = copy, .text = text};
    winnow_select(&tokens, language, given, program->file_count, &program->fingerprints);
    program->file_count++;
    tokens_free(&tokens);
}

/* All sources below the folder, which stands in the folder `top` of the program. */
static void sources_read(struct program *program, const char *top, const char *folder, const struct hash_set *given)
{
    FTS *walk = walk_begin(folder); /* none: nothing of it was taken */

    for (FTSENT *entry = walk != NULL ? fts_read(walk) : NULL; entry != NULL; entry = fts_read(walk)) {
        char *text = source_read(entry);
        if (text != NULL)
            file_add(program, entry->fts_path + strlen(top) + 1, text, given);
    }
    if (walk != NULL)
        fts_close(walk);
}

static struct program *program_add(struct programs *programs)
{
    programs->at = realloc(programs->at, (programs->count + 1) * sizeof *programs->at);
    if (programs->at == NULL)
        abort();
    struct program *program = &programs->at[programs->count++];
    *program = (struct program){.lab = 0};
    return program;
}

static void program_free(struct program *program)
{
    for (int i = 0; i < program->file_count; i++) {
        free(program->files[i].name);
        free(program->files[i].text);
    }
    free(program->files);
    free(program->owned);
    fingerprints_free(&program->fingerprints);
}

static void submission_read(struct programs *programs, const struct class_results *results, const json_t *submission,
                            const struct hash_set *given, const char *against)
{
    char *top;

    if (asprintf(&top, "%s/submissions/%s/files", results->folder, verdict_text(submission, "name")) == -1)
        abort();
    for (int lab = 1; lab <= LABS_MAX; lab++) {
        char *folder;
        if (asprintf(&folder, "%s/lab%d", top, lab) == -1)
            abort();
        if (access(folder, R_OK | X_OK) == 0) {
            struct program *program = program_add(programs);
            program->name = verdict_text(submission, "name");
            program->person = submission_person(submission);
            program->lab = lab;
            program->against = against;
            sources_read(program, top, folder, given);
        }
        free(folder);
    }
    free(top);
}

void programs_read(struct programs *programs, const struct class_results *results, const struct hash_set *given,
                   const char *against)
{
    size_t i;
    json_t *submission;

    json_array_foreach (results->submissions, i, submission) {
        submission_read(programs, results, submission, given, against);
    }
}

bool programs_other(struct programs *programs, const char *folder, const struct hash_set *given)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);

    if (count == -1) {
        error_report_errno("--against DIR names results, or a folder with a folder for each program", "folder %s",
                           folder);
        return false;
    }
    for (int i = 0; i < count; i++) {
        char *path;
        struct stat info;
        if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) == -1)
            abort();
        if (entries[i]->d_name[0] != '.' && lstat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
            struct program *program = program_add(programs);
            program->owned = strdup(entries[i]->d_name);
            program->name = program->person = program->owned;
            program->against = folder;
            sources_read(program, path, path, given);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    return true;
}

void programs_free(struct programs *programs)
{
    for (size_t i = 0; i < programs->count; i++)
        program_free(&programs->at[i]);
    free(programs->at);
    *programs = (struct programs){.count = 0};
}
