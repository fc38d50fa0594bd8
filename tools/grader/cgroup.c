/* See cgroup.h. */
#define _GNU_SOURCE
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HALL "shmlab-grader."

enum { LINE = 4096 };

/* The part of the tree that is this grader's; its children know it, too. */
static struct {
    char base[LINE / 2], path[LINE]; /* path: empty when there is none */
    int lock;
    bool moved;        /* the grader was in base, and is in path/judge */
    bool memory, pids; /* controllers that base got from us */
    unsigned boxes;    /* that this process has made */
} hall = {.lock = -1};

/* ---- Files ---- */

static int group_open(const char *group, const char *file, int flags)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s", group, file) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, flags | O_CLOEXEC);
}

static bool group_put(const char *group, const char *file, const char *text)
{
    int fd = group_open(group, file, O_WRONLY);
    bool good = fd != -1 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int number = errno;

    if (fd != -1)
        close(fd);
    errno = number;
    return good;
}

/* Does one of the file's words begin so? "memory" in cgroup.controllers, "populated 0" in cgroup.events. */
static bool group_says(const char *group, const char *file, const char *wanted)
{
    char text[LINE] = " ";
    int fd = group_open(group, file, O_RDONLY);
    ssize_t length = fd != -1 ? read(fd, text + 1, sizeof text - 2) : -1;

    if (fd != -1)
        close(fd);
    if (length <= 0)
        return false;
    text[1 + length] = '\0';
    for (char *at = text; (at = strstr(at, wanted)) != NULL; at++)
        if (at[-1] == ' ' || at[-1] == '\n')
            return true;
    return false;
}

/* Remove the groups below that nobody is in, and then this one. The kernel refuses what is in use. */
static bool group_remove(const char *group)
{
    char child[PATH_MAX];
    DIR *folder = opendir(group);

    for (const struct dirent *each; folder != NULL && (each = readdir(folder)) != NULL;)
        if (each->d_type == DT_DIR && each->d_name[0] != '.' &&
            snprintf(child, sizeof child, "%s/%s", group, each->d_name) < (int)sizeof child)
            group_remove(child);
    if (folder != NULL)
        closedir(folder);
    return rmdir(group) == 0;
}

/* ---- Where ---- */

/* Where the tree is mounted, and the group that this process is in, as paths. */
static bool tree_find(char *top, char *own, size_t size)
{
    char line[LINE], group[LINE] = "", root[LINE], place[LINE];
    bool found = false;
    FILE *file = fopen("/proc/self/cgroup", "re");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "0::", 3) == 0)
            sscanf(line + 3, "%4095[^\n]", group);
    if (file != NULL)
        fclose(file);
    file = fopen("/proc/self/mountinfo", "re");
    while (!found && file != NULL && fgets(line, sizeof line, file) != NULL) {
        found = strstr(line, " - cgroup2 ") != NULL && sscanf(line, "%*d %*d %*s %4095s %4095s", root, place) == 2 &&
                (strcmp(root, "/") == 0 || strncmp(group, root, strlen(root)) == 0);
    }
    if (file != NULL)
        fclose(file);
    const char *rest = found && strcmp(root, "/") != 0 ? group + strlen(root) : group;
    return found && group[0] == '/' && snprintf(top, size, "%s", place) < (int)size &&
           snprintf(own, size, "%s%s", place, strcmp(rest, "/") == 0 ? "" : rest) < (int)size;
}

/* What graders have left that were killed: whoever can lock it knows that its owner is dead. */
static void halls_sweep(const char *base)
{
    char path[PATH_MAX];
    DIR *folder = opendir(base);

    for (const struct dirent *each; folder != NULL && (each = readdir(folder)) != NULL;) {
        if (strncmp(each->d_name, HALL, strlen(HALL)) != 0 ||
            snprintf(path, sizeof path, "%s/%s", base, each->d_name) >= (int)sizeof path)
            continue;
        int lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat info;
        if (lock != -1 && fstat(lock, &info) == 0 && info.st_uid == geteuid() && flock(lock, LOCK_EX | LOCK_NB) == 0)
            group_remove(path);
        if (lock != -1)
            close(lock);
    }
    if (folder != NULL)
        closedir(folder);
}

/* ---- The hall ---- */

/* Make it, and lock it before somebody else does, who would take it for a dead one's. */
static bool hall_make(const char *base)
{
    struct stat here, there;

    if (snprintf(hall.base, sizeof hall.base, "%s", base) >= (int)sizeof hall.base)
        return false;
    snprintf(hall.path, sizeof hall.path, "%s/" HALL "XXXXXX", base);
    if (mkdtemp(hall.path) == NULL) {
        hall.path[0] = '\0';
        return false;
    }
    hall.lock = open(hall.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return hall.lock != -1 && flock(hall.lock, LOCK_EX | LOCK_NB) == 0 && fstat(hall.lock, &here) == 0 &&
           stat(hall.path, &there) == 0 && here.st_ino == there.st_ino;
}

/* A group with controllers has no processes of its own; if we are the only one, we go. */
static bool hall_move(void)
{
    char judge[LINE + 16];

    snprintf(judge, sizeof judge, "%s/judge", hall.path);
    hall.moved = mkdir(judge, 0755) == 0 && group_put(judge, "cgroup.procs", "0");
    return hall.moved;
}

static bool hall_control(bool own)
{
    static const char file[] = "cgroup.subtree_control";

    if (!group_says(hall.base, file, "memory")) {
        hall.memory = group_put(hall.base, file, "+memory");
        if (!hall.memory && errno == EBUSY && own && hall_move())
            hall.memory = group_put(hall.base, file, "+memory");
        if (!hall.memory)
            return false;
    }
    if (!group_says(hall.base, file, "pids"))
        hall.pids = group_put(hall.base, file, "+pids");
    group_put(hall.path, file, "+pids"); /* the limit of each user's processes is there without */
    return group_put(hall.path, file, "+memory");
}

static void boxes_sweep(const char *prefix)
{
    char path[PATH_MAX];
    DIR *folder = opendir(hall.path);

    for (const struct dirent *each; folder != NULL && (each = readdir(folder)) != NULL;)
        if (strncmp(each->d_name, prefix, strlen(prefix)) == 0 &&
            snprintf(path, sizeof path, "%s/%s", hall.path, each->d_name) < (int)sizeof path &&
            group_says(path, "cgroup.events", "populated 0"))
            group_remove(path);
    if (folder != NULL)
        closedir(folder);
}

void cgroup_end(void)
{
    if (hall.path[0] == '\0')
        return;
    boxes_sweep("box."); /* from the leaves up: what a group hands down it cannot give back */
    group_put(hall.path, "cgroup.subtree_control", "-memory");
    group_put(hall.path, "cgroup.subtree_control", "-pids");
    if (hall.memory) /* fails where another grader needs it */
        group_put(hall.base, "cgroup.subtree_control", "-memory");
    if (hall.pids)
        group_put(hall.base, "cgroup.subtree_control", "-pids");
    if (hall.moved)
        group_put(hall.base, "cgroup.procs", "0");
    if (!group_remove(hall.path))
        fprintf(stderr, "grader: %s: %s: the next grader removes it\n", hall.path, strerror(errno));
    close(hall.lock);
    hall.path[0] = '\0';
    hall.lock = -1;
}

static bool base_try(const char *base, bool own)
{
    if (!group_says(base, "cgroup.controllers", "memory"))
        return false;
    halls_sweep(base);
    hall.moved = hall.memory = hall.pids = false;
    if (hall_make(base) && hall_control(own))
        return true;
    cgroup_end();
    return false;
}

bool cgroup_begin(char *why, size_t size)
{
    char top[LINE / 4], own[LINE / 4];

    if (!tree_find(top, own, sizeof own)) {
        snprintf(why, size, "no control groups of version 2 are mounted");
        return false;
    }
    if (!group_says(top, "cgroup.controllers", "memory")) {
        snprintf(why, size, "the control groups of %s have no controller for memory", top);
        return false;
    }
    if (base_try(own, true) || (geteuid() == 0 && strcmp(top, own) != 0 && base_try(top, false)))
        return true;
    snprintf(why, size, "the control group %s is not ours to divide%s", own,
             geteuid() == 0 ? "" : ": systemd-run --user --scope -p Delegate=yes gives one");
    return false;
}

/* ---- Boxes ---- */

/* Below the box; a descriptor of its cgroup.procs. */
static int part_make(const char *box, const char *name, const struct cgroup_limits *limits)
{
    char path[PATH_MAX], number[32];

    if (snprintf(path, sizeof path, "%s/%s", box, name) >= (int)sizeof path || mkdir(path, 0755) == -1)
        return -1;
    if (limits != NULL) {
        snprintf(number, sizeof number, "%u", limits->processes);
        group_put(path, "pids.max", number);
        group_put(path, "memory.swap.max", "0"); /* not there where there is no swap */
        snprintf(number, sizeof number, "%llu", limits->memory);
        if (!group_put(path, "memory.oom.group", "1") || !group_put(path, "memory.max", number))
            return -1;
    }
    return group_open(path, "cgroup.procs", O_WRONLY);
}

struct cgroup_box cgroup_box_make(const struct cgroup_limits *limits)
{
    struct cgroup_box box = {-1, -1, -1};
    char prefix[64], path[PATH_MAX];

    if (hall.path[0] == '\0')
        return box;
    snprintf(prefix, sizeof prefix, "box.%d.", (int)getpid());
    boxes_sweep(prefix);
    if (snprintf(path, sizeof path, "%s/%s%u", hall.path, prefix, hall.boxes++) >= (int)sizeof path ||
        mkdir(path, 0755) == -1)
        return box;
    group_put(path, "cgroup.subtree_control", "+pids");
    if (group_put(path, "cgroup.subtree_control", "+memory")) {
        box.keeper = part_make(path, "keeper", NULL);
        box.room = part_make(path, "room", limits);
        box.events = group_open(path, "room/memory.events", O_RDONLY);
    }
    if (box.keeper == -1 || box.room == -1)
        cgroup_box_close(&box);
    return box;
}

void cgroup_box_close(struct cgroup_box *box)
{
    if (box->keeper != -1)
        close(box->keeper);
    if (box->room != -1)
        close(box->room);
    if (box->events != -1)
        close(box->events);
    *box = (struct cgroup_box){-1, -1, -1};
}

bool cgroup_enter(int group)
{
    return group == -1 || write(group, "0", 1) == 1;
}
