/* The quiet gate: see gate.h. */
#include "gate.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "shmlab/stop.h"

static const double foreign_share = 0.12; /* of one core */
static const double stat_step = 0.01;     /* seconds: USER_HZ is 100 wherever Linux runs today */
enum { PROC_TEXT = 16384 };

int gate_runnable(const char *loadavg)
{
    int running, all;

    return sscanf(loadavg, "%*f %*f %*f %d/%d", &running, &all) == 2 ? running : -1;
}

bool gate_idle(const char *stat, long ticks_per_second, struct gate_reading *reading)
{
    unsigned long long idle, waiting; /* iowait is idle time too: nothing ran */

    if (sscanf(stat, "cpu %*u %*u %*u %llu %llu", &idle, &waiting) != 2)
        return false;
    reading->idle = (double)(idle + waiting) / (double)ticks_per_second;
    reading->cpus = 0;
    for (const char *line = strchr(stat, '\n'); line != NULL; line = strchr(line + 1, '\n'))
        reading->cpus += strncmp(line + 1, "cpu", 3) == 0;
    return reading->cpus > 0;
}

double gate_foreign(const struct gate_reading *begin, const struct gate_reading *end)
{
    double all = (end->now - begin->now) * end->cpus;

    return all - (end->idle - begin->idle) - (end->own - begin->own);
}

bool gate_is_clean(const struct gate_reading *begin, const struct gate_reading *end)
{
    return gate_foreign(begin, end) <= foreign_share * (end->now - begin->now) + stat_step;
}

bool gate_share_is_clean(double share)
{
    return share <= foreign_share;
}

static bool proc_read(const char *path, char text[PROC_TEXT])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd == -1)
        return false;
    ssize_t got = read(fd, text, PROC_TEXT - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

bool gate_wait(double seconds)
{
    char text[PROC_TEXT];
    int64_t end = clock_now_ns() + (int64_t)(seconds * 1e9);

    for (int quiet = 0; quiet < GATE_QUIET_LOOKS;) {
        quiet = proc_read("/proc/loadavg", text) && gate_runnable(text) <= 1 ? quiet + 1 : 0;
        if (clock_now_ns() > end || !stop_sleep((double)GATE_LOOK_MS / 1000.0))
            return false;
    }
    return true;
}

static double time_of(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

bool gate_read(struct gate_reading *reading)
{
    char text[PROC_TEXT];
    struct rusage self, children;

    if (!proc_read("/proc/stat", text) || !gate_idle(text, sysconf(_SC_CLK_TCK), reading))
        return false;
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    reading->own = time_of(&self) + time_of(&children);
    reading->now = (double)clock_now_ns() / 1e9;
    return true;
}
