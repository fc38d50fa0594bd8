/* Two processes on their CPUs: see pair.h. */
#include "pair.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "shmlab/stop.h"

bool pair_pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

bool pair_cpus(int cpu[SIDES])
{
    cpu_set_t allowed;
    int found = 0;

    if (sched_getaffinity(0, sizeof allowed, &allowed) == -1)
        return false;
    for (int i = 0; i < CPU_SETSIZE && found < SIDES; i++)
        if (CPU_ISSET((size_t)i, &allowed))
            cpu[found++] = i;
    if (found == 1)
        cpu[SIDE_B] = cpu[SIDE_A];
    return true;
}

void *pair_map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    return memory != MAP_FAILED ? memory : NULL;
}

struct pair_shared *pair_new(void)
{
    return pair_map(sizeof(struct pair_shared));
}

void pair_free(struct pair_shared *shared)
{
    if (shared != NULL)
        munmap(shared, sizeof *shared);
}

void pair_meet(struct pair_shared *shared, enum side side, uint32_t times)
{
    /* Release and acquire: what either side did before the meeting is visible to the other after it. The
     * other side may be at its next meeting already, hence not "equal". */
    atomic_store_explicit(&shared->met[side], times + 1, memory_order_release);
    while (atomic_load_explicit(&shared->met[!side], memory_order_acquire) < times + 1)
        sched_yield();
}

bool pair_note(struct pair_report *report, enum verdict verdict, uint64_t number, uint64_t found)
{
    if (verdict == ARRIVED)
        report->arrived++;
    else if (verdict == TORN)
        report->torn++;
    else if ((int32_t)((uint32_t)found - (uint32_t)number) > 0) /* stamps have 32 bits, and wrap */
        report->lost++;
    else
        report->doubled++;
    return verdict == ARRIVED;
}

void pair_begin(struct pair_report *report)
{
    report->cpu = -clock_cpu_ns();
    report->begin = clock_now_ns();
}

void pair_end(struct pair_report *report)
{
    report->end = clock_now_ns();
    report->cpu += clock_cpu_ns();
}

bool pair_fail(struct pair_report *report, const char *what)
{
    report->error = errno != 0 ? errno : EIO;
    snprintf(report->what, sizeof report->what, "%s", what);
    return false;
}

/*
 * Be preferred to whatever else runs; only the administrator may. With autogroups a nice value counts within
 * a session only, so the child gets a session, and the session a nice value: sched(7), "The autogroup
 * feature". Without the right to it nothing changes, and the gate has more to reject.
 */
static void priority_raise(void)
{
    static const char wanted[] = "-20";

    setsid();
    setpriority(PRIO_PROCESS, 0, PAIR_NICE);
    int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (fd == -1)
        return;
    if (write(fd, wanted, strlen(wanted)) == -1)
        errno = 0;
    close(fd);
}

/* The life of a child. It ends without atexit handlers: they are the parent's. */
static _Noreturn void child_live(const struct pair_job *job, enum side side, struct pair_shared *shared, pid_t parent,
                                 const sigset_t *signals)
{
    struct pair_report *report = &shared->report[side];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    if (job->preferred)
        priority_raise();
    signal(SIGINT, SIG_IGN); /* the parent decides what Ctrl-C means */
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_SETMASK, signals, NULL);
    if (job->prepare != NULL && !job->prepare(job->context, side, shared))
        _exit(EXIT_FAILURE);
    if (!pair_pin(job->cpu[side])) {
        pair_fail(report, "sched_setaffinity");
        _exit(EXIT_FAILURE);
    }
    _exit(job->run(job->context, side, shared) ? EXIT_SUCCESS : EXIT_FAILURE);
}

struct child {
    pid_t pid;
    int fd; /* of pidfd_open, -1 once it is reaped */
};

static bool child_start(struct child *child, const struct pair_job *job, enum side side, struct pair_shared *shared,
                        const sigset_t *signals)
{
    pid_t parent = getpid();

    fflush(NULL); /* or the child owns a copy of what stdio has not written */
    child->pid = fork();
    if (child->pid == 0)
        child_live(job, side, shared, parent, signals);
    if (child->pid == -1)
        return pair_fail(&shared->report[side], "fork");
    child->fd = pidfd_open(child->pid, 0);
    return child->fd != -1 || pair_fail(&shared->report[side], "pidfd_open");
}

/* Reap a child that has ended or is told to; true when it ended well. */
static bool child_reap(struct child *child, bool force)
{
    int status = 0;

    if (child->pid <= 0)
        return true;
    if (force)
        kill(child->pid, SIGKILL);
    while (waitpid(child->pid, &status, 0) == -1 && errno == EINTR)
        continue;
    if (child->fd != -1)
        close(child->fd);
    *child = (struct child){.fd = -1};
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

static enum pair_result children_watch(struct child children[SIDES], double seconds, const sigset_t *signals)
{
    int64_t end = clock_now_ns() + (int64_t)(seconds * 1e9);

    while (children[SIDE_A].pid > 0 || children[SIDE_B].pid > 0) {
        struct pollfd watched[SIDES] = {
            {.fd = children[SIDE_A].fd, .events = POLLIN},
            {.fd = children[SIDE_B].fd, .events = POLLIN},
        };
        int64_t left = end - clock_now_ns();
        if (left <= 0)
            return PAIR_LATE;
        if (stop_signal() != 0)
            return PAIR_STOPPED;
        struct timespec limit = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
        /* signals are let in only while we wait: none falls between the look above and the sleep */
        if (ppoll(watched, SIDES, &limit, signals) <= 0)
            continue;
        for (int side = 0; side < SIDES; side++)
            if (watched[side].revents != 0 && !child_reap(&children[side], false))
                return PAIR_FAILED;
    }
    return PAIR_DONE;
}

enum pair_result pair_run(const struct pair_job *job, struct pair_shared *shared)
{
    struct child children[SIDES] = {{.fd = -1}, {.fd = -1}};
    sigset_t ours, before;

    memset(shared, 0, sizeof *shared);
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGHUP);
    sigprocmask(SIG_BLOCK, &ours, &before);
    bool started = child_start(&children[SIDE_A], job, SIDE_A, shared, &before) &&
                   child_start(&children[SIDE_B], job, SIDE_B, shared, &before);
    enum pair_result result = started ? children_watch(children, job->seconds, &before) : PAIR_FAILED;
    child_reap(&children[SIDE_A], true);
    child_reap(&children[SIDE_B], true);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return result;
}
