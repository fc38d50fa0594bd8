/* See scratch.h. */
#define _GNU_SOURCE
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shmlab/error.h"

enum { OPEN_FOLDERS = 16 };

static const char name_begin[] = SCRATCH_NAME;

static const char *base_folder(void)
{
    const char *chosen = getenv("TMPDIR");

    return chosen != NULL ? chosen : "/tmp";
}

int scratch_make(struct scratch *scratch, const char *base)
{
    snprintf(scratch->path, sizeof scratch->path, "%.200s/%sXXXXXX", base != NULL ? base : base_folder(), name_begin);
    scratch->lock = -1;
    if (mkdtemp(scratch->path) == NULL)
        return error_report_errno(
            "nothing was judged: TMPDIR has to name a folder that is there, and yours to write to; "
            "unset TMPDIR takes /tmp",
            "mkdtemp(%s)", scratch->path);
    scratch->lock = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (scratch->lock != -1)
        flock(scratch->lock, LOCK_EX | LOCK_NB); /* nobody else knows the folder yet */
    return 0;
}

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void scratch_clear(const char *path)
{
    nftw(path, entry_remove, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

void scratch_remove(struct scratch *scratch)
{
    scratch_clear(scratch->path);
    if (scratch->lock != -1)
        close(scratch->lock);
    scratch->lock = -1;
}

/* Ours, and no process has the lock. */
static bool folder_abandoned(const char *path)
{
    struct stat info;
    int lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (lock == -1)
        return false;
    bool free = fstat(lock, &info) == 0 && info.st_uid == geteuid() && flock(lock, LOCK_SH | LOCK_NB) == 0;
    close(lock);
    return free;
}

int scratch_abandoned(void (*tell)(const char *path, void *data), void *data)
{
    DIR *directory = opendir(base_folder());
    char path[512];
    int count = 0;

    for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        snprintf(path, sizeof path, "%.200s/%s", base_folder(), entry->d_name);
        if (strncmp(entry->d_name, name_begin, strlen(name_begin)) != 0 || !folder_abandoned(path))
            continue;
        tell(path, data);
        count++;
    }
    if (directory != NULL)
        closedir(directory);
    return count;
}
