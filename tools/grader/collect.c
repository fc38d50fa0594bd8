/* See collect.h. */
#define _GNU_SOURCE
#include "collect.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "platform.h"
#include "shmlab/error.h"
#include "text.h"
#include "unpack.h"

/* What lies in the folder. */
struct lying {
    char *name;
    bool folder;
    time_t modified;
};

struct listing {
    char folder[PATH_MAX];
    struct lying *at;
    size_t count;
};

struct collecting {
    const struct listing *listing;
    const struct platform *platform; /* NULL: none */
    const json_t *students;
    struct collection *collection;
    size_t prefix; /* GitHub Classroom: bytes that every name begins with */
};

/* ---- The folder ---- */

static void listing_free(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        free(listing->at[i].name);
    free(listing->at);
    *listing = (struct listing){.count = 0};
}

/* False with errno. */
static bool listing_make(const char *folder, struct listing *listing)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);

    *listing = (struct listing){.count = 0};
    snprintf(listing->folder, sizeof listing->folder, "%s", folder);
    if (count == -1)
        return false;
    listing->at = calloc((size_t)count + 1, sizeof *listing->at);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        struct stat info = {.st_mode = 0};
        bool fits = snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name) < (int)sizeof path;
        if (listing->at != NULL && fits && !platform_is_own(names[i]->d_name) && lstat(path, &info) == 0)
            listing->at[listing->count++] = (struct lying){
                .name = strdup(names[i]->d_name), .folder = S_ISDIR(info.st_mode), .modified = info.st_mtime};
        free(names[i]);
    }
    free(names);
    return true;
}

static bool file_is_there(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat info;

    return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path && lstat(path, &info) == 0;
}

/* ---- Which platform? ---- */

/* What every name begins with, up to a '-'. */
static size_t prefix_length(const struct listing *listing)
{
    const char *first = listing->at[0].name;
    size_t length = strlen(first);

    for (size_t i = 1; i < listing->count; i++) {
        size_t same = 0;
        while (same < length && listing->at[i].name[same] == first[same])
            same++;
        length = same;
    }
    while (length > 0 && first[length - 1] != '-')
        length--;
    return length;
}

/* With one student alone the folder itself, lab1-submissions, has to tell. */
static size_t classroom_prefix(const struct listing *listing)
{
    const char *folder = strrchr(listing->folder, '/') != NULL ? strrchr(listing->folder, '/') + 1 : listing->folder;
    const char *end = strstr(folder, "-submissions");
    size_t length = end != NULL ? (size_t)(end - folder) : 0;

    if (listing->count > 1)
        return prefix_length(listing);
    return length > 0 && strncmp(listing->at[0].name, folder, length) == 0 && listing->at[0].name[length] == '-'
               ? length + 1
               : 0;
}

static bool platform_marks(const struct platform *platform, const struct listing *listing)
{
    if (platform->mark == NULL)
        return true;
    if (strcmp(platform->mark, ".git") != 0)
        return file_is_there(listing->folder, platform->mark);
    for (size_t i = 0; i < listing->count; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/%s", listing->folder, listing->at[i].name) >= (int)sizeof path ||
            !file_is_there(path, platform->mark))
            return false;
    }
    return classroom_prefix(listing) > 0;
}

static const struct platform *platform_find(const struct listing *listing)
{
    for (const struct platform *each = platforms; each->name != NULL && listing->count > 0; each++) {
        size_t fits = 0;
        for (size_t i = 0; i < listing->count; i++) {
            struct origin origin = {.late = false};
            fits += each->read(listing->at[i].name, listing->at[i].folder, &origin);
        }
        if ((each->every ? fits == listing->count : fits > 0) && platform_marks(each, listing))
            return each;
    }
    return NULL;
}

/* A download often holds one folder with everything in it, or that once more. */
static const struct platform *listing_descend(struct listing *listing)
{
    enum { FOLDERS = 3 };
    const struct platform *platform = platform_find(listing);
    char path[PATH_MAX];
    struct listing inner;

    if (listing->count != 1 ||
        snprintf(path, sizeof path, "%s/%s", listing->folder, listing->at[0].name) >= (int)sizeof path)
        return platform;
    for (int depth = 1; depth < FOLDERS && platform == NULL && listing_make(path, &inner); depth++) {
        size_t length = strlen(path);
        bool alone = inner.count == 1 && inner.at[0].folder && length + strlen(inner.at[0].name) + 2 < sizeof path;
        platform = platform_find(&inner);
        if (alone) {
            path[length] = '/';
            memcpy(path + length + 1, inner.at[0].name, strlen(inner.at[0].name) + 1);
        }
        if (platform != NULL) {
            listing_free(listing);
            *listing = inner;
            break;
        }
        listing_free(&inner);
        if (!alone)
            break;
    }
    return platform;
}

/* ---- Entries ---- */

/* "anna (1)", "anna-2" -> "anna"; what browsers and platforms add to a second one. To be freed. */
static char *copy_number_without(const char *stem)
{
    char *name = strdup(stem);
    size_t length = name != NULL ? strlen(name) : 0, at = length;

    if (name == NULL)
        abort();
    if (at > 0 && name[at - 1] == ')') {
        for (at--; at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9'; at--)
            ;
        if (at > 1 && name[at - 1] == '(')
            name[at - 1 - (name[at - 2] == ' ')] = '\0';
    } else {
        while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9')
            at--;
        if (at > 1 && at < length && name[at - 1] == '-')
            name[at - 1] = '\0';
    }
    return name;
}

static struct roster_match origin_match(const struct collecting *collecting, const struct origin *origin)
{
    struct roster_match match = {.student = NULL};

    for (int i = 0; i < ORIGIN_WORDS && match.student == NULL && match.other == NULL; i++)
        if (origin->who[i][0] != '\0')
            match = roster_match(collecting->students, origin->who[i]);
    if (match.student == NULL && match.other == NULL && collecting->platform == NULL) {
        char *bare = copy_number_without(origin->who[0]);
        match = roster_match(collecting->students, bare);
        free(bare);
    }
    return match;
}

static struct collected_entry *entry_of_student(struct collection *collection, const json_t *student)
{
    for (size_t i = 0; i < collection->count; i++)
        if (student != NULL && collection->entries[i].match.student == student)
            return &collection->entries[i];
    return NULL;
}

static struct collected_entry *entry_named(struct collection *collection, const char *name)
{
    for (size_t i = 0; i < collection->count; i++)
        if (strcmp(collection->entries[i].name, name) == 0)
            return &collection->entries[i];
    return NULL;
}

/* Names that JSON, a terminal and a file system can hold. To be freed. */
static char *name_settled(const char *name)
{
    char *plain = text_plain_line(name);

    for (char *at = plain; *at != '\0'; at++)
        *at = *at == '/' ? '-' : *at;
    if (plain[0] == '.' || plain[0] == '\0') {
        char *safe;
        if (asprintf(&safe, "_%s", plain) == -1)
            abort();
        free(plain);
        return safe;
    }
    return plain;
}

static struct collected_entry *entry_add(struct collection *collection, const char *name, struct roster_match match)
{
    collection->entries = realloc(collection->entries, (collection->count + 1) * sizeof *collection->entries);
    if (collection->entries == NULL)
        abort();
    struct collected_entry *entry = &collection->entries[collection->count++];
    *entry = (struct collected_entry){.name = name_settled(name), .match = match};
    return entry;
}

static const char *student_id(const json_t *student)
{
    const char *id = json_string_value(json_object_get(student, "id"));

    return id != NULL ? id : "";
}

/* Whose it is: an entry that is there, or a new one. */
static struct collected_entry *entry_find(struct collecting *collecting, const struct lying *lying,
                                          const struct origin *origin)
{
    struct collection *collection = collecting->collection;
    struct roster_match match = origin_match(collecting, origin);
    struct collected_entry *entry = entry_of_student(collection, match.student);

    if (entry != NULL)
        return entry;
    if (collecting->platform != NULL) {
        const char *name = match.student != NULL ? student_id(match.student) : origin->who[2];
        if (name[0] == '\0')
            name = origin->who[0];
        char *settled = name_settled(name);
        entry = entry_named(collection, settled);
        free(settled);
        return entry != NULL ? entry : entry_add(collection, name, match);
    }
    /* a folder and an archive of one name, or two archives: the later one keeps its whole name */
    char *settled = name_settled(origin->who[0]);
    bool taken = entry_named(collection, settled) != NULL;
    free(settled);
    return entry_add(collection, taken ? lying->name : origin->who[0], match);
}

/* The attempt of that time; on a platform what has one time is one attempt. */
static struct collected_attempt *attempt_find(struct collected_entry *entry, time_t submitted, bool together)
{
    for (size_t i = 0; i < entry->count; i++)
        if (together && entry->attempts[i].submitted == submitted)
            return &entry->attempts[i];
    entry->attempts = realloc(entry->attempts, (entry->count + 1) * sizeof *entry->attempts);
    if (entry->attempts == NULL)
        abort();
    entry->attempts[entry->count] = (struct collected_attempt){.submitted = submitted};
    return &entry->attempts[entry->count++];
}

static void part_add(struct collecting *collecting, const struct lying *lying, const struct origin *origin)
{
    struct collected_entry *entry = entry_find(collecting, lying, origin);
    struct collected_attempt *attempt = attempt_find(entry, origin->submitted, collecting->platform != NULL);
    char *path;

    attempt->late = attempt->late || origin->late;
    if (origin->note)
        return;
    if (asprintf(&path, "%s/%s", collecting->listing->folder, lying->name) == -1)
        abort();
    attempt->parts = realloc(attempt->parts, (attempt->part_count + 1) * sizeof *attempt->parts);
    char *name = strdup(origin->file[0] != '\0' ? origin->file : lying->name);
    if (attempt->parts == NULL || name == NULL)
        abort();
    attempt->parts[attempt->part_count++] = (struct intake_part){.path = path, .name = name};
}

/* A folder that somebody made: a folder, an archive, or a file for each student. False: it is none of these. */
static bool plain_origin(const struct collecting *collecting, const struct lying *lying, struct origin *origin)
{
    static const char *const sources[] = {".c", ".h", ".py"};
    const char *end = strrchr(lying->name, '.');
    size_t stem = lying->folder ? 0 : unpack_stem(lying->name);
    bool source = false;

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        source = source || (!lying->folder && end != NULL && strcasecmp(end, sources[i]) == 0);
    if (!lying->folder && stem == 0)
        stem = end != NULL && end != lying->name ? (size_t)(end - lying->name) : strlen(lying->name);
    snprintf(origin->who[0], ORIGIN_SIZE, "%.*s", lying->folder ? ORIGIN_SIZE - 1 : (int)stem, lying->name);
    if (lying->folder || unpack_is_archive(lying->name) || source)
        return true;
    struct roster_match match = origin_match(collecting, origin); /* somebody handed that in, whatever it is */
    return match.student != NULL || match.other != NULL;
}

static void lying_take(struct collecting *collecting, const struct lying *lying)
{
    struct origin origin = {.late = false};
    bool known = collecting->platform != NULL && collecting->platform->read(lying->name, lying->folder, &origin);
    char path[PATH_MAX];

    if (known && collecting->platform->inside != NULL &&
        snprintf(path, sizeof path, "%s/%s", collecting->listing->folder, lying->name) < (int)sizeof path)
        collecting->platform->inside(path, &origin);
    if (known && collecting->prefix > 0)
        snprintf(origin.who[0], ORIGIN_SIZE, "%s", lying->name + collecting->prefix);
    if (!known && !plain_origin(collecting, lying, &origin))
        fprintf(stderr, "grader: %s/%s: no folder, no archive and nobody's name: left out\n",
                collecting->listing->folder, lying->name);
    else
        part_add(collecting, lying, &origin);
}

/* The platform tells of some of them in a file beside. */
static void listing_take(struct collecting *collecting)
{
    const struct platform *platform = collecting->platform;
    struct origin_list list = {.count = 0};

    if (platform != NULL && platform->beside != NULL)
        platform->beside(collecting->listing->folder, &list);
    for (size_t i = 0; i < collecting->listing->count; i++) {
        const struct lying *lying = &collecting->listing->at[i];
        bool told = false;
        for (size_t j = 0; j < list.count; j++)
            if (strcmp(list.at[j].folder, lying->name) == 0) { /* several people may have one submission */
                part_add(collecting, lying, &list.at[j].origin);
                told = true;
            }
        if (!told)
            lying_take(collecting, lying);
    }
    free(list.at);
}

/* ---- Order ---- */

static time_t attempt_time(const struct collected_attempt *attempt)
{
    struct stat info;
    time_t newest = attempt->submitted;

    for (size_t i = 0; attempt->submitted == 0 && i < attempt->part_count; i++)
        if (lstat(attempt->parts[i].path, &info) == 0 && info.st_mtime > newest)
            newest = info.st_mtime;
    return newest;
}

static int by_time(const void *one, const void *other)
{
    time_t first = attempt_time(one), second = attempt_time(other);

    return (first > second) - (first < second);
}

/* ---- All ---- */

bool collect(const char *folder, const json_t *students, struct collection *collection)
{
    struct listing listing;

    *collection = (struct collection){.count = 0};
    if (!listing_make(folder, &listing)) {
        error_report_errno("name the folder that holds the submissions", "%s", folder);
        return false;
    }
    struct collecting collecting = {.listing = &listing, .students = students, .collection = collection};
    collecting.platform = listing_descend(&listing);
    if (collecting.platform != NULL) {
        collection->platform = collecting.platform->name;
        collecting.prefix = strcmp(collecting.platform->name, "GitHub Classroom") == 0 ? classroom_prefix(&listing) : 0;
    }
    listing_take(&collecting);
    collection->files = listing.count;
    for (size_t i = 0; i < collection->count; i++)
        qsort(collection->entries[i].attempts, collection->entries[i].count, sizeof *collection->entries[i].attempts,
              by_time);
    listing_free(&listing);
    if (collection->count == 0)
        error_report("it holds a folder or an archive for each student, or a platform's download, unpacked",
                     "%s: no submission in it", folder);
    return collection->count > 0;
}

void collection_tell(const struct collection *collection)
{
    size_t late = 0;

    if (collection->platform == NULL)
        return;
    for (size_t i = 0; i < collection->count; i++)
        late += collection->entries[i].attempts[collection->entries[i].count - 1].late;
    printf("%s %s download: %zu submission%s", strchr("AEIOU", collection->platform[0]) != NULL ? "an" : "a",
           collection->platform, collection->count, collection->count == 1 ? "" : "s");
    if (late > 0)
        printf(", %zu late", late);
    putchar('\n');
    fflush(stdout);
}

void collection_free(struct collection *collection)
{
    for (size_t i = 0; i < collection->count; i++) {
        struct collected_entry *entry = &collection->entries[i];
        for (size_t j = 0; j < entry->count; j++) {
            for (size_t k = 0; k < entry->attempts[j].part_count; k++) {
                free(entry->attempts[j].parts[k].path);
                free(entry->attempts[j].parts[k].name);
            }
            free(entry->attempts[j].parts);
        }
        free(entry->attempts);
        free(entry->name);
    }
    free(collection->entries);
    *collection = (struct collection){.count = 0};
}
