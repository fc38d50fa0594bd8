/* See intake.h. */
#define _GNU_SOURCE
#include "intake.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "judge.h"
#include "text.h"
#include "toolchain.h"

enum {
    FILE_MAX = 1 << 20,       /* bytes of one file */
    ENTRIES_MAX = 10000,      /* a whole project with its history is smaller */
    UNPACKED_MAX = 512 << 20, /* bytes that an archive may unpack to */
    REFUSALS_MAX = 20,        /* sentences */
    SHOWN = 80,               /* bytes of a name in a sentence */
    PATH_SIZE = 1024,
    BLOCK = 10240,
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
    int only;
    struct taken *taken;
    size_t count, entries, refused;
    json_t *sentences; /* [path, sentence], sorted before they are told */
};

/* ---- Hashes ---- */

static const uint64_t hash_begin = UINT64_C(0xcbf29ce484222325);

/* FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>. Against changes, not against malice. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    for (const unsigned char *at = bytes, *end = at + size; at < end; at++)
        hash = (hash ^ *at) * UINT64_C(0x100000001b3);
    return hash;
}

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
            hash = hash_bytes(hash, entries[i]->d_name, strlen(entries[i]->d_name) + 1);
            hash = text != NULL ? hash_bytes(hash, text, size) : hash;
            hash = S_ISDIR(info.st_mode) ? hash_folder(hash, child) : hash;
            free(text);
        }
        free(entries[i]);
    }
    if (count != -1)
        free(entries);
    return hash;
}

uint64_t intake_tests(void)
{
    static const char *const folders[] = {"/tests/checks", "/tests/harness", "/common", "/labs"};
    uint64_t hash = hash_begin;

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, TOOLCHAIN_SOURCE "%s", folders[i]);
        hash = hash_folder(hash, path);
    }
    return hash;
}

/* ---- Refusals ---- */

static void refuse(struct reading *reading, const char *path, const char *why)
{
    char *clean = text_clean(path), *sentence;

    for (char *at = clean; *at != '\0'; at++)
        *at = *at == '\n' || *at == '\t' ? '?' : *at;
    if (asprintf(&sentence, "%.*s%s: %s", SHOWN, clean, strlen(clean) > SHOWN ? "..." : "", why) != -1) {
        char *whole = text_clean(sentence); /* the cut may have gone through a character */
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

/* ---- Which file is it? ---- */

static bool name_is_plain(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr("_.-", *at) == NULL)
            return false;
    return isalnum((unsigned char)name[0]) || name[0] == '_';
}

/* What every system leaves about; not worth a word. */
static bool path_is_litter(const char *path)
{
    static const char *const litter[] = {"__pycache__", "__MACOSX", "build", "node_modules"};

    for (const char *at = path; *at != '\0'; at += strcspn(at, "/"), at += *at == '/') {
        size_t length = strcspn(at, "/");
        if (at[0] == '.' && length > 1 && strncmp(at, "..", length) != 0)
            return true;
        for (size_t i = 0; i < sizeof litter / sizeof litter[0]; i++)
            if (length == strlen(litter[i]) && strncmp(at, litter[i], length) == 0 && at[length] == '/')
                return true;
    }
    return false;
}

static bool path_climbs(const char *path)
{
    size_t length = strlen(path);

    return path[0] == '/' || strncmp(path, "../", 3) == 0 || strstr(path, "/../") != NULL ||
           (length >= 3 && strcmp(path + length - 3, "/..") == 0) || strcmp(path, "..") == 0;
}

static int file_index(const struct lab *lab, const char *name)
{
    for (int i = 0; i < LAB_FILES && lab->files[i] != NULL; i++)
        if (strcmp(lab->files[i], name) == 0)
            return i;
    return -1;
}

/* Does `folder` stand directly in front of the name in the path? */
static bool folder_leads(const char *path, const char *name, const char *folder)
{
    size_t length = strlen(folder);

    if ((size_t)(name - path) < length + 1 || strncmp(name - length - 1, folder, length) != 0)
        return false;
    return (size_t)(name - path) == length + 1 || name[-2 - (ptrdiff_t)length] == '/';
}

/* Is it in the top folder, or in the one folder that an archive consists of, which is no lab's? */
static bool name_is_high(const char *path, const char *name)
{
    const char *slash = strchr(path, '/');
    bool lab = strncmp(path, "lab", 3) == 0 && isdigit((unsigned char)path[3]) &&
               strcspn(path, "_") < strcspn(path, "/");

    return slash == NULL || (slash + 1 == name && !lab);
}

/* Does a lab ask for that path? It ends with labN_name/FILE; when only one lab is wanted, FILE is enough. */
static bool path_find(const struct reading *reading, const char *path, int *lab, int *file)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;

    for (int i = 0; judge_labs[i] != NULL && i < INTAKE_LABS; i++) {
        *file = file_index(judge_labs[i], name);
        *lab = i;
        if (*file != -1 && (folder_leads(path, name, judge_labs[i]->name) ||
                            (reading->only == i && name_is_high(path, name))))
            return true;
    }
    return false;
}

/* The project's own file, unchanged? Many hand in the whole project. */
static bool file_is_ours(const char *path, const char *bytes, size_t size)
{
    static const char *const folders[] = {"", "labs/", "solutions/"};

    for (const char *at = path; at != NULL; at = strchr(at, '/') != NULL ? strchr(at, '/') + 1 : NULL) {
        for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
            char ours[PATH_SIZE];
            size_t length = 0;
            if (snprintf(ours, sizeof ours, TOOLCHAIN_SOURCE "/%s%s", folders[i], at) >= (int)sizeof ours)
                continue;
            char *text = text_read(ours, &length);
            bool same = text != NULL && length == size && memcmp(text, bytes, size) == 0;
            free(text);
            if (same)
                return true;
        }
    }
    return false;
}

static const char *file_unwanted(const char *path)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    const char *end = strrchr(name, '.');

    if (strcmp(name, "Makefile") == 0 || strcmp(name, "makefile") == 0 || strcmp(name, "GNUmakefile") == 0 ||
        strcmp(name, "CMakeLists.txt") == 0 ||
        (end != NULL && (strcmp(end, ".cmake") == 0 || strcmp(end, ".mk") == 0)))
        return "a build file: the project's own is used";
    if (strncmp(path, "tests/", 6) == 0 || strstr(path, "/tests/") != NULL)
        return "the tests are the project's own: this one is not used";
    return "no lab asks for it: not used";
}

/* ---- Reading ---- */

/* The content, at most FILE_MAX bytes; NULL when there is more, or it cannot be read. */
static char *entry_read(struct archive *archive, size_t *size)
{
    char *bytes = malloc(FILE_MAX + 1);

    *size = 0;
    while (bytes != NULL) {
        la_ssize_t got = archive_read_data(archive, bytes + *size, (size_t)FILE_MAX + 1 - *size);
        if (got == 0)
            return bytes;
        if (got < 0 || *size + (size_t)got > FILE_MAX)
            break;
        *size += (size_t)got;
    }
    free(bytes);
    return NULL;
}

static const char *entry_kind(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry) != NULL || (archive_entry_nlink(entry) > 1))
        return "a hard link: refused, hand in the file itself";
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return NULL;
    case AE_IFLNK:
        return "a symbolic link: refused, hand in the file itself";
    case AE_IFIFO:
        return "a FIFO: refused";
    case AE_IFSOCK:
        return "a socket: refused";
    default:
        return "a device: refused";
    }
}

static void taken_add(struct reading *reading, int lab, int file, const char *path, char *bytes, size_t size)
{
    struct taken *larger = realloc(reading->taken, (reading->count + 1) * sizeof *larger);

    if (larger == NULL) {
        free(bytes);
        return;
    }
    reading->taken = larger;
    larger[reading->count++] =
        (struct taken){.lab = lab, .file = file, .from = strdup(path), .bytes = bytes, .size = size};
}

static void file_take(struct reading *reading, struct archive *archive, struct archive_entry *entry,
                      const char *path)
{
    int lab = -1, file = -1;
    size_t size;
    bool wanted = path_find(reading, path, &lab, &file);

    if (archive_entry_size_is_set(entry) && archive_entry_size(entry) > FILE_MAX) {
        refuse(reading, path, wanted ? "larger than 1 MiB: refused" : file_unwanted(path));
        return;
    }
    char *bytes = entry_read(archive, &size);
    if (bytes == NULL) {
        refuse(reading, path, "larger than 1 MiB, or unreadable: refused");
    } else if (!wanted && !file_is_ours(path, bytes, size)) {
        refuse(reading, path, file_unwanted(path));
    } else if (wanted && memchr(bytes, '\0', size) != NULL) {
        refuse(reading, path, "holds NUL bytes: no source text, refused");
    } else if (wanted) {
        if (archive_entry_mtime(entry) > reading->intake->submitted)
            reading->intake->submitted = archive_entry_mtime(entry);
        taken_add(reading, lab, file, path, bytes, size);
        return;
    }
    free(bytes);
}

static void entry_take(struct reading *reading, struct archive *archive, struct archive_entry *entry,
                       size_t skip)
{
    const char *path = archive_entry_pathname(entry);
    const char *kind = entry_kind(entry);

    if (path == NULL) {
        refuse(reading, "a file", "its name cannot be read: refused");
        return;
    }
    path = strlen(path) > skip ? path + skip : "";
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    if (path[0] == '\0' || archive_entry_filetype(entry) == AE_IFDIR || path_is_litter(path))
        return;
    if (path_climbs(path))
        refuse(reading, path, "leads out of the submission: refused");
    else if (kind != NULL)
        refuse(reading, path, kind);
    else if (!name_is_plain(name))
        refuse(reading, path, "an odd file name: refused");
    else
        file_take(reading, archive, entry, path);
}

/* All entries; `skip` is the length of what stands in front of every path. */
static void entries_take(struct reading *reading, struct archive *archive, bool disk, size_t skip)
{
    struct archive_entry *entry;
    int result;

    while ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN) {
        if (++reading->entries > ENTRIES_MAX) {
            refuse_all(reading,
                       "more than 10000 files: refused as a whole; hand in the files that the labs ask for");
            return;
        }
        if (!disk && archive_filter_bytes(archive, 0) > UNPACKED_MAX) {
            refuse_all(reading, "it unpacks to more than 512 MiB: refused as a whole");
            return;
        }
        entry_take(reading, archive, entry, skip);
        if (disk && archive_read_disk_can_descend(archive) == 1)
            archive_read_disk_descend(archive);
    }
    if (result != ARCHIVE_EOF)
        refuse_all(reading, "the archive is damaged, or of no kind that is known: refused as a whole");
}

static void folder_take(struct reading *reading, const char *path)
{
    struct archive *archive = archive_read_disk_new();

    archive_read_disk_set_symlink_physical(archive);
    archive_read_disk_set_behavior(archive, ARCHIVE_READDISK_NO_XATTR | ARCHIVE_READDISK_NO_ACL |
                                                ARCHIVE_READDISK_NO_FFLAGS |
                                                ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS);
    if (archive_read_disk_open(archive, path) != ARCHIVE_OK)
        refuse_all(reading, "the folder cannot be read: refused");
    else
        entries_take(reading, archive, true, strlen(path) + 1);
    archive_read_free(archive);
}

static void archive_take(struct reading *reading, const char *path)
{
    struct archive *archive = archive_read_new();
    struct stat info;

    archive_read_support_format_zip(archive);
    archive_read_support_format_tar(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    if (archive_read_open_filename(archive, path, BLOCK) != ARCHIVE_OK)
        refuse_all(reading, "the archive is damaged, or of no kind that is known: refused as a whole");
    else
        entries_take(reading, archive, false, 0);
    archive_read_free(archive);
    if (stat(path, &info) == 0)
        reading->intake->submitted = info.st_mtime;
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
    char from[PATH_SIZE], to[PATH_SIZE];
    struct dirent **entries;
    bool good = true;

    snprintf(from, sizeof from, TOOLCHAIN_SOURCE "/labs/%s", lab->name);
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

    snprintf(path, sizeof path, "%s/lab%d", files, judge_number(lab));
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/lab%d/%s", files, judge_number(lab), lab->files[taken->file]);
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
        reading->intake->fingerprint =
            hash_bytes(reading->intake->fingerprint, lab->name, strlen(lab->name) + 1);
        reading->intake->fingerprint = hash_bytes(reading->intake->fingerprint, lab->files[each->file],
                                                  strlen(lab->files[each->file]) + 1);
        reading->intake->fingerprint = hash_bytes(reading->intake->fingerprint, each->bytes, each->size);
    }
    return good;
}

bool intake_take(const char *path, const char *tree, const char *files, int only, struct intake *intake)
{
    struct reading reading = {.intake = intake, .only = only, .sentences = json_array()};
    struct stat info;
    bool good = true;

    *intake = (struct intake){.refusals = json_array(), .fingerprint = hash_begin};
    for (int i = 0; judge_labs[i] != NULL; i++)
        good = starter_copy(tree, judge_labs[i]) && good;
    if (lstat(path, &info) == -1 || (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)))
        refuse_all(&reading, "neither a folder nor an archive: refused");
    else if (S_ISDIR(info.st_mode))
        folder_take(&reading, path);
    else
        archive_take(&reading, path);
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
