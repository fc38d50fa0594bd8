/* See wanted.h. */
#define _GNU_SOURCE
#include "wanted.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_SIZE = 128,    /* no lab's file has a longer name */
    RANK_NAME = 1,      /* Layout.c, layout (1).c, layout.c.txt */
    RANK_WORD = 3,      /* mueller_layout.c */
    RANK_FOLDER = 2,    /* lab1/, Lab1_Layout (1)/, lab1_layout/src/ */
    RANK_NO_FOLDER = 4, /* the name alone says it */
    RANK_OLD = 100,     /* Backup/, starters/ */
};

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* ---- Names of files ---- */

/* Length of " (1)", "-2", "_3", " copy" at the end of a name without its ending; 0: there is none. */
static size_t copy_length(const char *stem, size_t length)
{
    size_t at = length;

    if (at > 0 && stem[at - 1] == ')') {
        for (at--; at > 0 && isdigit((unsigned char)stem[at - 1]); at--)
            ;
        return at > 1 && stem[at - 1] == '(' ? length - (at - 1 - (stem[at - 2] == ' ')) : 0;
    }
    while (at > 0 && isdigit((unsigned char)stem[at - 1]))
        at--;
    if (at > 1 && at < length && (stem[at - 1] == '-' || stem[at - 1] == '_' || stem[at - 1] == ' '))
        return length - at + 1;
    static const char *const words[] = {" copy", "_copy", "-copy", " - copy", " - kopie", "_final", "-final"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = strlen(words[i]);
        if (length > size && strncasecmp(stem + length - size, words[i], size) == 0)
            return size;
    }
    return 0;
}

/* "Layout (1).c.txt" -> "layout.c". False: it is too long to be one. */
static bool name_settle(const char *name, char settled[static NAME_SIZE])
{
    static const char extra[] = ".txt";
    size_t length = strlen(name);

    if (length >= NAME_SIZE)
        return false;
    memcpy(settled, name, length + 1);
    if (length > strlen(extra) && strcasecmp(settled + length - strlen(extra), extra) == 0 &&
        memchr(settled, '.', length - strlen(extra)) != NULL)
        settled[length - strlen(extra)] = '\0';
    char *end = strrchr(settled, '.');
    if (end != NULL) {
        size_t copy = copy_length(settled, (size_t)(end - settled));
        memmove(end - copy, end, strlen(end) + 1);
    }
    return true;
}

/* Is the file's name, without its ending, a word of this one: mueller_layout.c, layout-4711.c? */
static bool name_has(const char *name, const char *file)
{
    const char *end = strrchr(file, '.'), *name_end = strrchr(name, '.');
    size_t stem = end != NULL ? (size_t)(end - file) : 0;

    if (stem == 0 || name_end == NULL || strcasecmp(end, name_end) != 0)
        return false;
    for (const char *at = name; at + stem <= name_end; at++)
        if (strncasecmp(at, file, stem) == 0 && (at == name || !isalnum((unsigned char)at[-1])) &&
            !isalnum((unsigned char)at[stem]))
            return true;
    return false;
}

/* The one file of the lab whose name is a word of this one; -1: none, or several. */
static int file_by_word(const struct lab *lab, const char *name)
{
    int found = -1;

    for (int i = 0; i < LAB_FILES && lab->files[i] != NULL; i++) {
        if (!name_has(name, lab->files[i]))
            continue;
        if (found != -1)
            return -1;
        found = i;
    }
    return found;
}

/* Is it compiled with the lab, and the lab's own: fanout_stream.c, which no fanout.c is? Not asked of the lab's files.
 */
static bool file_is_given(const struct lab *lab, const char *name)
{
    for (size_t i = 0; i < LAB_PROGRAMS && lab->programs[i].name != NULL; i++)
        for (const char *const *source = lab->programs[i].sources; *source != NULL; source++)
            if (strcasecmp(*source, name) == 0)
                return true;
    return false;
}

/* The file of the lab that is meant, and how nearly; -1: none. */
static int file_find(const struct lab *lab, const char *name, int *rank)
{
    char settled[NAME_SIZE];

    for (int i = 0; i < LAB_FILES && lab->files[i] != NULL; i++)
        if (strcmp(lab->files[i], name) == 0) {
            *rank = 0;
            return i;
        }
    *rank = RANK_NAME;
    if (!name_settle(name, settled))
        return -1;
    for (int i = 0; i < LAB_FILES && lab->files[i] != NULL; i++)
        if (strcasecmp(lab->files[i], settled) == 0)
            return i;
    *rank = RANK_WORD;
    return file_is_given(lab, settled) ? -1 : file_by_word(lab, settled);
}

/* ---- Names of folders ---- */

/* Which lab does this part of a path name? -1: none. */
static int folder_lab(const char *part, size_t length, int *rank)
{
    char *end;

    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++)
        if (strlen(judge_labs[i]->name) == length && strncmp(part, judge_labs[i]->name, length) == 0) {
            *rank = 0;
            return i;
        }
    if (length < 4 || strncasecmp(part, "lab", 3) != 0)
        return -1;
    const char *digits = part + 3 + strspn(part + 3, " _-0");
    if (!isdigit((unsigned char)*digits) || digits >= part + length)
        return -1;
    long number = strtol(digits, &end, 10);
    *rank = RANK_FOLDER;
    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++)
        if (lab_number(judge_labs[i]) == number)
            return i;
    return -1;
}

/* Folders in which people keep what they do not mean, and the handout what it came with. */
static bool folder_is_old(const char *part, size_t length)
{
    static const char *const words[] = {"backup",   "backups",  "bak",     "old", "orig",  "original", "starter",
                                        "starters", "previous", "archive", "alt", "kopie", "draft",    "drafts"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == length && strncasecmp(part, words[i], length) == 0)
            return true;
    return false;
}

/* The lab that the deepest of the folders names; -1: none does. */
static int folders_lab(const char *path, int *rank)
{
    const char *name = name_of(path);
    int lab = -1, old = 0;

    *rank = 0;
    for (const char *part = path; part < name;) {
        size_t length = strcspn(part, "/");
        int near = 0, here = folder_lab(part, length, &near);
        if (folder_is_old(part, length))
            old = RANK_OLD;
        if (here != -1) {
            lab = here;
            *rank = part + length + 1 == name ? near : near + RANK_FOLDER; /* src/ in it */
        }
        part += length + 1;
    }
    *rank += old;
    return lab;
}

/* How many of the labs have such a file? */
static int labs_with(const char *path, const bool labs[static LABS_MAX], struct wanted *wanted)
{
    int count = 0, rank;

    for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++) {
        int file = labs[i] ? file_find(judge_labs[i], name_of(path), &rank) : -1;
        if (file == -1)
            continue;
        *wanted = (struct wanted){.lab = i, .file = file, .rank = rank};
        count++;
    }
    return count;
}

bool wanted_find(const char *path, const bool labs[static LABS_MAX], struct wanted *wanted)
{
    int folders, name, lab = folders_lab(path, &folders);

    if (lab != -1) {
        int file = file_find(judge_labs[lab], name_of(path), &name);
        *wanted = (struct wanted){.lab = lab, .file = file, .rank = folders + name};
        return file != -1;
    }
    if (labs_with(path, labs, wanted) != 1)
        return false;
    wanted->rank += RANK_NO_FOLDER + folders;
    return true;
}

bool wanted_is_doubtful(const char *path, const bool labs[static LABS_MAX])
{
    struct wanted wanted;
    int rank;

    return folders_lab(path, &rank) == -1 && labs_with(path, labs, &wanted) > 1;
}
