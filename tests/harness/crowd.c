/* See crowd.h. */
#define _GNU_SOURCE
#include "crowd.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* How many more there may be: of what a check starts, where that is counted apart; and where all of the user's is
 * counted, which other checks and other programs add to meanwhile. */
enum { ROOM = 2 * CROWD_MANY, ROOM_OF_USER = 8 * CROWD_MANY };

unsigned crowd_now(void)
{
    struct sysinfo info = {0};

    sysinfo(&info);
    return info.procs;
}

/* Its group and how many threads it has: proc(5), /proc/PID/stat. */
static bool stat_read(const char *pid, pid_t *group, unsigned long *threads)
{
    char path[64], line[512];

    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *stat = fopen(path, "re");
    if (stat == NULL)
        return false;
    size_t got = fread(line, 1, sizeof line - 1, stat);
    fclose(stat);
    line[got] = '\0';
    const char *after_name = strrchr(line, ')'); /* the name may be anything, but is in parentheses */
    return after_name != NULL &&
           sscanf(after_name + 1, " %*c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %lu", group,
                  threads) == 2;
}

/* Of one group, its processes; of 0, this user's threads. */
static unsigned long tasks_count(pid_t wanted)
{
    DIR *processes = opendir("/proc");
    unsigned long count = 0, threads;
    struct stat owner;
    pid_t group;

    for (const struct dirent *entry; processes != NULL && (entry = readdir(processes)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        if (wanted == 0 && (fstatat(dirfd(processes), entry->d_name, &owner, 0) == -1 || owner.st_uid != getuid()))
            continue;
        if (stat_read(entry->d_name, &group, &threads))
            count += wanted == 0 ? threads : group == wanted;
    }
    if (processes != NULL)
        closedir(processes);
    return count;
}

static bool traced(pid_t pid)
{
    char path[64], line[128];
    int tracer = 0;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    while (status != NULL && tracer == 0 && fgets(line, sizeof line, status) != NULL)
        sscanf(line, "TracerPid: %d", &tracer);
    if (status != NULL)
        fclose(status);
    return tracer != 0;
}

bool crowd_grown(pid_t group, unsigned *before)
{
    unsigned now = crowd_now();

    if (now < *before)
        *before = now;
    if (now - *before <= CROWD_MANY)
        return false;
    *before = now;
    /* One call each, or they would leave us no time to count them: root's are thousands by now. A tracer would take the
     * stop for one of its own, and what it steps through does not fork by itself. */
    bool stops = !traced(group) && kill(-group, SIGSTOP) == 0;
    bool grown = tasks_count(group) > CROWD_MANY;
    if (stops && !grown)
        kill(-group, SIGCONT);
    return grown;
}

/* ---- Root's ---- */

/* Of a check: under the root of the hierarchy, where systemd and others let a group have children (cgroups(7)). */
static bool group_path(pid_t check, const char *file, char path[GROUP_PATH])
{
    static const char *const roots[] = {"/sys/fs/cgroup/pids", "/sys/fs/cgroup"}; /* version 1, version 2 */
    size_t i = access(roots[0], F_OK) == 0 ? 0 : 1;

    snprintf(path, GROUP_PATH, "%s/shmlab.%d%s", roots[i], (int)check, file);
    return getuid() == 0;
}

bool crowd_group_make(pid_t check, char procs[GROUP_PATH])
{
    char path[GROUP_PATH];

    if (!group_path(check, "", path) || mkdir(path, 0755) == -1)
        return false;
    group_path(check, "/pids.max", path);
    FILE *most = fopen(path, "we"); /* missing where this controller is not on */
    bool good = most != NULL && fprintf(most, "%d", ROOM) > 0;
    good = most != NULL && fclose(most) == 0 && good;
    group_path(check, "/cgroup.procs", procs);
    if (!good)
        crowd_group_remove(check);
    return good;
}

void crowd_group_remove(pid_t check)
{
    char path[GROUP_PATH];

    if (group_path(check, "", path))
        rmdir(path);
}

unsigned long crowd_limit(void)
{
    return getuid() == 0 ? 0 : tasks_count(0) + ROOM_OF_USER;
}
