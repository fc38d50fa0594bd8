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
#include "shmlab/error.h"
#include "starters.h"
#include "text.h"
#include "toolchain.h"
#include "unpack.h"
#include "wanted.h"

enum {
    REFUSALS_MAX = 20, /* sentences */
    SHOWN = 80,        /* bytes of a name in a sentence */
    PATH_SIZE = 1024,
};

/* A file that the labs ask for. */
struct taken {
    int lab;  /* index in judge_labs */
    int file; /* index in its files */
    int rank; /* see wanted.h */
    int64_t modified;
    char *from; /* path in the submission */
    char *bytes;
    size_t size;
};

struct reading {
    const struct intake_order *order;
    struct intake *intake;
    struct taken *taken;
    size_t count;
    bool whole;                   /* a part was refused as a whole */
    size_t part_first, part_said; /* where the part that is read begins in taken and sentences */
    json_t *sentences;            /* [path, sentence], sorted before they are told */
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

/* "path: why", short and harmless, into a list. */
static void sentence_add(json_t *list, const char *path, const char *why)
{
    char *clean = text_plain_line(path), *sentence;

    if (asprintf(&sentence, "%.*s%s: %s", SHOWN, clean, strlen(clean) > SHOWN ? "..." : "", why) != -1) {
        char *whole = text_plain(sentence); /* the cut may have gone through a character */
        json_array_append_new(list, json_string(whole));
        free(whole);
        free(sentence);
    }
    free(clean);
}

static void refuse(struct reading *reading, const char *path, const char *why)
{
    sentence_add(reading->sentences, path, why);
}

/* The part that is read is no use at all; another may be. */
static void refuse_all(struct reading *reading, const char *why)
{
    reading->whole = true;
    for (; reading->count > reading->part_first; reading->count--) {
        free(reading->taken[reading->count - 1].from);
        free(reading->taken[reading->count - 1].bytes);
    }
    while (json_array_size(reading->sentences) > reading->part_said)
        json_array_remove(reading->sentences, json_array_size(reading->sentences) - 1);
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

static bool file_is(const char *path, uint64_t hash, size_t size)
{
    size_t length = 0;
    char *text = text_read(path, &length);
    bool same = text != NULL && length == size && text_hash(TEXT_HASH, text, length) == hash;

    free(text);
    return same;
}

/* The project's own file, unchanged, below one of these folders? `at`: its path, or the end of it. */
static bool file_is_below(const char *const *folders, const char *at, uint64_t hash, size_t size)
{
    char ours[PATH_SIZE];

    for (size_t i = 0; folders[i] != NULL; i++)
        if (snprintf(ours, sizeof ours, "%s/%s", folders[i], at) < (int)sizeof ours && file_is(ours, hash, size))
            return true;
    return false;
}

/* Many hand in the whole project, or the given files beside their own. */
static bool file_is_ours(const char *path, uint64_t hash, size_t size)
{
    /* labs/ for the handouts, which stand nowhere else: what is compared here is not used */
    const char *const folders[] = {TOOLCHAIN_SOURCE, TOOLCHAIN_SOURCE "/solutions", TOOLCHAIN_SOURCE "/labs", NULL};
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path, *starters = starters_folder();

    for (const char *at = path; at != NULL; at = strchr(at, '/') != NULL ? strchr(at, '/') + 1 : NULL)
        if (file_is_below(folders, at, hash, size))
            return true;
    for (int i = 0; judge_labs[i] != NULL && starters != NULL; i++) {
        char folder[PATH_SIZE], handout[PATH_SIZE];
        snprintf(folder, sizeof folder, "%s/%s", starters, judge_labs[i]->name);
        snprintf(handout, sizeof handout, TOOLCHAIN_SOURCE "/labs/%s", judge_labs[i]->name);
        if (file_is_below((const char *const[]){folder, handout, NULL}, name, hash, size))
            return true;
    }
    return false;
}

static void taken_add(struct reading *reading, struct unpacked *met)
{
    struct taken *larger = realloc(reading->taken, (reading->count + 1) * sizeof *larger);

    if (larger == NULL)
        return;
    reading->taken = larger;
    larger[reading->count++] = (struct taken){.lab = met->lab,
                                              .file = met->file,
                                              .rank = met->rank,
                                              .modified = met->modified,
                                              .from = met->path,
                                              .bytes = met->bytes,
                                              .size = met->size};
    met->path = met->bytes = NULL;
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
        refuse(reading, met->path, unpack_unwanted(met->path, reading->order->labs));
}

/* ---- Writing ---- */

static bool file_write(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "we");

    if (file != NULL)
        fwrite(bytes, 1, size, file);
    if (file != NULL && fclose(file) == 0)
        return true;
    error_report_errno("is there room on that file system?", "%s", path);
    return false;
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

/* By lab and file; among several of one name the one that is meant: see wanted.h, then the newest, then the highest. */
static int taken_compare(const void *one, const void *other)
{
    const struct taken *a = one, *b = other;

    if (a->lab != b->lab)
        return a->lab - b->lab;
    if (a->file != b->file)
        return a->file - b->file;
    if (a->rank != b->rank)
        return a->rank - b->rank;
    if (a->modified != b->modified)
        return a->modified > b->modified ? -1 : 1;
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

/* Python refuses bytes that are neither UTF-8 nor announced in one of the first two lines: PEP 263. */
static bool python_refuses(const char *name, const char *bytes, size_t size)
{
    char *text = text_ends(name, ".py") ? strndup(bytes, size) : NULL;
    size_t first = text != NULL ? strcspn(text, "\n") : 0;
    size_t head = text != NULL && text[first] != '\0' ? first + 1 + strcspn(text + first + 1, "\n") : first;
    bool refuses = text != NULL && !text_is_utf8(text) && memmem(text, head, "coding", strlen("coding")) == NULL;

    free(text);
    return refuses;
}

/* It is called otherwise: what it was taken for. */
static void taken_note(struct reading *reading, const struct taken *taken)
{
    const struct lab *lab = judge_labs[taken->lab];
    const char *slash = strrchr(taken->from, '/'), *name = slash != NULL ? slash + 1 : taken->from;
    char why[PATH_SIZE];

    snprintf(why, sizeof why, "taken as %s/%s", lab->name, lab->files[taken->file]);
    if (strcmp(name, lab->files[taken->file]) != 0)
        sentence_add(reading->intake->notes, taken->from, why);
    if (python_refuses(lab->files[taken->file], taken->bytes, taken->size))
        sentence_add(reading->intake->notes, taken->from,
                     "no UTF-8, and without it Python does not begin: save it as UTF-8 and hand it in again");
}

/* Another file was taken instead. */
static void taken_pass(struct reading *reading, const struct taken *taken, const struct taken *used)
{
    char why[PATH_SIZE];

    if (taken->size == used->size && memcmp(taken->bytes, used->bytes, used->size) == 0)
        return;
    snprintf(why, sizeof why, "a second file of that name: not used, %.*s is", SHOWN, used->from);
    refuse(reading, taken->from, why);
}

/* The file becomes part of what its lab, and the whole, is known by. */
static void taken_count(struct intake *intake, const struct taken *taken)
{
    const struct lab *lab = judge_labs[taken->lab];
    uint64_t *const hashes[] = {&intake->fingerprint, &intake->lab[taken->lab].fingerprint};
    struct intake_lab *own = &intake->lab[taken->lab];

    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        *hashes[i] = text_hash(*hashes[i], lab->name, strlen(lab->name) + 1);
        *hashes[i] = text_hash(*hashes[i], lab->files[taken->file], strlen(lab->files[taken->file]) + 1);
        *hashes[i] = text_hash(*hashes[i], taken->bytes, taken->size);
    }
    own->there = true;
    own->files++;
    own->submitted = taken->modified > own->submitted ? taken->modified : own->submitted;
    intake->submitted = own->submitted > intake->submitted ? own->submitted : intake->submitted;
}

static bool taken_write(struct reading *reading)
{
    const struct intake_order *order = reading->order;
    const struct taken *used = NULL;
    bool good = true;

    if (reading->count > 0)
        qsort(reading->taken, reading->count, sizeof *reading->taken, taken_compare);
    for (size_t i = 0; i < reading->count; i++) {
        const struct taken *each = &reading->taken[i];
        const struct lab *lab = judge_labs[each->lab];
        char path[PATH_SIZE];
        if (used != NULL && used->lab == each->lab && used->file == each->file) {
            taken_pass(reading, each, used);
            continue;
        }
        used = each;
        snprintf(path, sizeof path, "%s/%s/%s", order->tree, lab->name, lab->files[each->file]);
        good = file_write(path, each->bytes, each->size) && good;
        if (order->files != NULL)
            good = taken_keep(each, order->files) && good;
        taken_note(reading, each);
        taken_count(reading->intake, each);
    }
    return good;
}

/* Labs are compiled with what others wrote: lab 2 with lab 1's files. */
static void labs_settle(struct intake *intake)
{
    uint64_t hash = TEXT_HASH;

    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++) {
        uint64_t own = intake->lab[i].fingerprint;
        if (lab_number(judge_labs[i]) == 2)
            intake->lab[i].fingerprint = text_hash(own, &hash, sizeof hash);
        if (lab_number(judge_labs[i]) == 1)
            hash = own;
    }
}

static void part_take(struct reading *reading, const struct intake_part *part)
{
    struct stat info = {.st_mode = 0};
    const struct unpack_order order = {.path = part->path,
                                       .name = part->name,
                                       .labs = reading->order->labs,
                                       .confined = reading->order->isolation == ISOLATION_FULL};

    reading->part_first = reading->count;
    reading->part_said = json_array_size(reading->sentences);
    if (lstat(part->path, &info) == -1 || (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)))
        refuse_all(reading, "neither a folder nor an archive: refused");
    else
        unpack(&order, meet, reading);
}

/* Nothing of it can be used: what should have been there? */
static void nothing_taken(struct reading *reading)
{
    const struct lab *lab = judge_labs[0];
    char text[PATH_SIZE];

    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++)
        if (reading->order->labs[i]) {
            lab = judge_labs[i];
            break;
        }
    reading->intake->refused = true;
    if (json_array_size(reading->sentences) > 0 && reading->whole)
        return;
    snprintf(text, sizeof text, "no file that a lab asks for, such as %s/%s: nothing to grade", lab->name,
             lab->files[0]);
    json_array_append_new(reading->intake->refusals, json_string(text));
}

bool intake_take(const struct intake_order *order, struct intake *intake)
{
    struct reading reading = {.order = order, .intake = intake, .sentences = json_array()};
    bool good = true;

    *intake = (struct intake){.refusals = json_array(), .notes = json_array(), .fingerprint = TEXT_HASH};
    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++) {
        intake->lab[i].fingerprint = TEXT_HASH;
        good = starter_copy(order->tree, judge_labs[i]) && good;
    }
    for (size_t i = 0; i < order->part_count; i++)
        part_take(&reading, &order->parts[i]);
    good = taken_write(&reading) && good;
    labs_settle(intake);
    if (reading.count == 0)
        nothing_taken(&reading);
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
    json_decref(intake->notes);
}
