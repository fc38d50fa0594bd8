/* See intake.h. */
#define _GNU_SOURCE
#include "intake.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "judge.h"
#include "starters.h"
#include "text.h"
#include "toolchain.h"
#include "unpack.h"

enum {
    REFUSALS_MAX = 20, /* sentences */
    SHOWN = 80,        /* bytes of a name in a sentence */
    PATH_SIZE = 1024,
};

/* A file that the labs ask for. */
struct taken {
    int lab;    /* index in judge_labs */
    int file;   /* index in its files */
    char *from; /* path in the submission */
    char *bytes;
    size_t size;
};

struct reading {
    struct intake *intake;
    struct taken *taken;
    size_t count;
    json_t *sentences; /* [path, sentence], sorted before they are told */
};

/* ---- Hashes ---- */

/* No verdict depends on these. */
static bool hash_leaves_out(const char *name)
{
    const char *end = strrchr(name, '.');

    return name[0] == '.' || strcmp(name, "__pycache__") == 0 || (end != NULL && strcmp(end, ".md") == 0);
}

static uint64_t hash_folder(uint64_t hash, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        char child[PATH_SIZE];
        struct stat info;
        size_t size = 0;
        snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
        if (!hash_leaves_out(entries[i]->d_name) && stat(child, &info) == 0) {
            char *text = S_ISREG(info.st_mode) ? text_read(child, &size) : NULL;
            hash = text_hash(hash, entries[i]->d_name, strlen(entries[i]->d_name) + 1);
            hash = text != NULL ? text_hash(hash, text, size) : hash;
            hash = S_ISDIR(info.st_mode) ? hash_folder(hash, child) : hash;
            free(text);
        }
        free(entries[i]);
    }
    if (count != -1)
        free(entries);
    return hash;
}

/* A program or a library: its bytes. One that is not there leaves the hash as it is. */
static uint64_t hash_program(uint64_t hash, const char *path)
{
    size_t size;
    char *bytes = path[0] != '\0' ? text_read(path, &size) : NULL;

    hash = bytes != NULL ? text_hash(hash, bytes, size) : hash;
    free(bytes);
    return hash;
}

/* The library through which weave watches stands beside it: weave's own CMakeLists puts it into ../lib. */
static uint64_t hash_weave(uint64_t hash)
{
    char path[PATH_SIZE] = TOOLCHAIN_WEAVE;
    char *slash = strrchr(path, '/');

    hash = hash_program(hash, path);
    if (slash != NULL)
        snprintf(slash, sizeof path - (size_t)(slash - path), "/../lib/libweave.so");
    return hash_program(hash, path);
}

uint64_t intake_tests(void)
{
    static const char *const linked[] = {TOOLCHAIN_LINK_VISION};
    const char *starters = starters_folder();
    uint64_t hash = hash_program(TEXT_HASH, "/proc/self/exe"); /* the checks, the judge and the walls are linked in */

    hash = hash_program(hash_weave(hash), TOOLCHAIN_SHIM);
    for (size_t i = 0; i < sizeof linked / sizeof linked[0]; i++)
        if (linked[i][0] == '/')
            hash = hash_program(hash, linked[i]);
    hash = hash_folder(hash, TOOLCHAIN_SOURCE "/common");
    return starters != NULL ? hash_folder(hash, starters) : hash;
}

/* ---- Refusals ---- */

static void refuse(struct reading *reading, const char *path, const char *why)
{
    char *clean = text_plain_line(path), *sentence;

    if (asprintf(&sentence, "%.*s%s: %s", SHOWN, clean, strlen(clean) > SHOWN ? "..." : "", why) != -1) {
        char *whole = text_plain(sentence); /* the cut may have gone through a character */
        json_array_append_new(reading->sentences, json_string(whole));
        free(whole);
        free(sentence);
    }
    free(clean);
}

static void refuse_all(struct reading *reading, const char *why)
{
    reading->intake->refused = true;
    json_array_clear(reading->sentences);
    json_array_append_new(reading->sentences, json_string(why));
}

static int sentence_compare(const void *one, const void *other)
{
    return strcmp(json_string_value(*(json_t *const *)one), json_string_value(*(json_t *const *)other));
}

/* In order, whatever order the disk has them in, and not too many. */
static void refusals_tell(struct reading *reading)
{
    size_t count = json_array_size(reading->sentences);
    json_t **list = calloc(count + 1, sizeof(json_t *));
    char more[64];

    for (size_t i = 0; list != NULL && i < count; i++)
        list[i] = json_array_get(reading->sentences, i);
    if (list != NULL)
        qsort(list, count, sizeof(json_t *), sentence_compare);
    for (size_t i = 0; list != NULL && i < count && i < REFUSALS_MAX; i++)
        json_array_append(reading->intake->refusals, list[i]);
    snprintf(more, sizeof more, "and %zu more files that are not used", count - REFUSALS_MAX);
    if (count > REFUSALS_MAX)
        json_array_append_new(reading->intake->refusals, json_string(more));
    free(list);
}

/* ---- What is met ---- */

/* The project's own file, unchanged? Many hand in the whole project. */
static bool file_is_ours(const char *path, uint64_t hash, size_t size)
{
    /* labs/ for the handouts, which stand nowhere else: what is compared here is not used */
    const char *const folders[] = {TOOLCHAIN_SOURCE "/", TOOLCHAIN_SOURCE "/solutions/", TOOLCHAIN_SOURCE "/labs/"};

    for (const char *at = path; at != NULL; at = strchr(at, '/') != NULL ? strchr(at, '/') + 1 : NULL) {
        for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
            char ours[PATH_SIZE];
            size_t length = 0;
            if (snprintf(ours, sizeof ours, "%s%s", folders[i], at) >= (int)sizeof ours)
                continue;
            char *text = text_read(ours, &length);
            bool same = text != NULL && length == size && text_hash(TEXT_HASH, text, length) == hash;
            free(text);
            if (same)
                return true;
        }
    }
    return false;
}

static void taken_add(struct reading *reading, struct unpacked *met)
{
    struct taken *larger = realloc(reading->taken, (reading->count + 1) * sizeof *larger);

    if (larger == NULL)
        return;
    reading->taken = larger;
    larger[reading->count++] =
        (struct taken){.lab = met->lab, .file = met->file, .from = met->path, .bytes = met->bytes, .size = met->size};
    met->path = met->bytes = NULL;
    if (met->modified > reading->intake->submitted)
        reading->intake->submitted = met->modified;
}

static void meet(struct unpacked *met, void *data)
{
    struct reading *reading = data;

    if (met->kind == UNPACKED_TAKEN)
        taken_add(reading, met);
    else if (met->kind == UNPACKED_REFUSED)
        refuse(reading, met->path, met->bytes);
    else if (met->kind == UNPACKED_ALL_REFUSED)
        refuse_all(reading, met->bytes);
    else if (!file_is_ours(met->path, met->hash, met->size))
        refuse(reading, met->path, unpack_unwanted(met->path));
}

/* ---- Writing ---- */

static bool file_write(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "we");

    if (file != NULL)
        fwrite(bytes, 1, size, file);
    if (file == NULL || fclose(file) != 0) {
        fprintf(stderr, "grader: %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

/* The starter of a lab: its own files, which the student's then replace. */
static bool starter_copy(const char *tree, const struct lab *lab)
{
    const char *starters = starters_folder();
    char from[PATH_SIZE], to[PATH_SIZE];
    struct dirent **entries;
    bool good = true;

    if (starters == NULL)
        return false;
    snprintf(from, sizeof from, "%s/%s", starters, lab->name);
    snprintf(to, sizeof to, "%s/%s", tree, lab->name);
    if (mkdir(to, 0755) == -1 && errno != EEXIST)
        return false;
    int count = scandir(from, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char source[PATH_SIZE + 256], target[PATH_SIZE + 256];
        struct stat info;
        size_t size;
        snprintf(source, sizeof source, "%s/%s", from, entries[i]->d_name);
        snprintf(target, sizeof target, "%s/%s", to, entries[i]->d_name);
        char *text = stat(source, &info) == 0 && S_ISREG(info.st_mode) ? text_read(source, &size) : NULL;
        if (text != NULL)
            good = file_write(target, text, size) && chmod(target, info.st_mode & 0777) == 0 && good;
        free(text);
        free(entries[i]);
    }
    if (count != -1)
        free(entries);
    return good;
}

/* By lab and file; among several with the same name the one that lies highest. */
static int taken_compare(const void *one, const void *other)
{
    const struct taken *a = one, *b = other;

    if (a->lab != b->lab)
        return a->lab - b->lab;
    if (a->file != b->file)
        return a->file - b->file;
    size_t first = strlen(a->from), second = strlen(b->from);
    return first != second ? (first < second ? -1 : 1) : strcmp(a->from, b->from);
}

/* FILES/labN/FILE */
static bool taken_keep(const struct taken *taken, const char *files)
{
    const struct lab *lab = judge_labs[taken->lab];
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/lab%d", files, lab_number(lab));
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/lab%d/%s", files, lab_number(lab), lab->files[taken->file]);
    return file_write(path, taken->bytes, taken->size);
}

static bool taken_write(struct reading *reading, const char *tree, const char *files)
{
    bool good = true;

    qsort(reading->taken, reading->count, sizeof *reading->taken, taken_compare);
    for (size_t i = 0; i < reading->count; i++) {
        const struct taken *each = &reading->taken[i];
        const struct lab *lab = judge_labs[each->lab];
        char path[PATH_SIZE];
        if (i > 0 && each[-1].lab == each->lab && each[-1].file == each->file) {
            refuse(reading, each->from, "a second file of that name: not used");
            continue;
        }
        snprintf(path, sizeof path, "%s/%s/%s", tree, lab->name, lab->files[each->file]);
        good = file_write(path, each->bytes, each->size) && good;
        if (files != NULL)
            good = taken_keep(each, files) && good;
        reading->intake->lab[each->lab] = true;
        reading->intake->fingerprint = text_hash(reading->intake->fingerprint, lab->name, strlen(lab->name) + 1);
        reading->intake->fingerprint =
            text_hash(reading->intake->fingerprint, lab->files[each->file], strlen(lab->files[each->file]) + 1);
        reading->intake->fingerprint = text_hash(reading->intake->fingerprint, each->bytes, each->size);
    }
    return good;
}

bool intake_take(const char *path, const char *tree, const char *files, int only, enum isolation isolation,
                 struct intake *intake)
{
    struct reading reading = {.intake = intake, .sentences = json_array()};
    struct stat info = {.st_mode = 0};
    bool good = true;

    *intake = (struct intake){.refusals = json_array(), .fingerprint = TEXT_HASH};
    for (int i = 0; judge_labs[i] != NULL; i++)
        good = starter_copy(tree, judge_labs[i]) && good;
    if (lstat(path, &info) == -1 || (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)))
        refuse_all(&reading, "neither a folder nor an archive: refused");
    else
        unpack(path, only, isolation == ISOLATION_FULL, meet, &reading);
    if (S_ISREG(info.st_mode))
        intake->submitted = info.st_mtime;
    if (!intake->refused)
        good = taken_write(&reading, tree, files) && good;
    if (!intake->refused && reading.count == 0) {
        intake->refused = true;
        json_array_append_new(
            intake->refusals,
            json_string("no file that a lab asks for, such as lab1_layout/layout.c: nothing to grade"));
    }
    refusals_tell(&reading);
    for (size_t i = 0; i < reading.count; i++) {
        free(reading.taken[i].from);
        free(reading.taken[i].bytes);
    }
    free(reading.taken);
    json_decref(reading.sentences);
    return good;
}

void intake_free(struct intake *intake)
{
    json_decref(intake->refusals);
}
