/* Programs under test: see process.h. */
#define _GNU_SOURCE /* pipe2 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "shmlab/clock.h"

enum {
    CHUNK = 4096,
    SIGNALLED = 256,
    SLICE_MS = 50,      /* between two looks at how many processes there are */
    PIPE_USUAL = 65536, /* bytes: pipe(7) */
    LOAD_USUAL = 4,     /* processes that want a processor, for each that there is: limits are made for that */
    LOAD_MOST = 6,      /* a runaway is stopped at last on the busiest machine, too */
};

double process_time_scale(void)
{
    const char *scale = getenv("SHMLAB_TIME_SCALE");
    double factor = scale != NULL ? strtod(scale, NULL) : 1, load = 0;

    getloadavg(&load, 1);
    load /= (double)(sysconf(_SC_NPROCESSORS_ONLN) * LOAD_USUAL);
    load = load < 1 ? 1 : load > (double)LOAD_MOST ? (double)LOAD_MOST : load;
    return factor > 1 ? factor * load : load;
}

static struct deadline limit_begin(const struct process *process)
{
    return deadline_in(process->limit * process_time_scale());
}

static void child_surround(const struct process_setup *setup)
{
    for (const char *const *each = setup->environment; each != NULL && *each != NULL; each++)
        putenv((char *)*each); /* not written to, and gone with the exec */
    if (setup->folder != NULL && chdir(setup->folder) == -1) {
        dprintf(STDERR_FILENO, "cannot enter %s: %s\n", setup->folder, strerror(errno));
        _exit(127);
    }
}

static _Noreturn void child_run(const char *const argv[], const struct process_setup *setup, int input, int output,
                                pid_t parent)
{
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent && setup->place == NULL) /* it died before the line above; 0 where ids differ */
        _exit(127);
    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    child_surround(setup);
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    for (size_t i = 0; i < PROCESS_KEEP; i++)
        if (setup->keep[i] > STDERR_FILENO)
            fcntl(setup->keep[i], F_SETFD, 0);
    int group = setup->group != NULL ? open(setup->group, O_WRONLY | O_CLOEXEC) : -1;
    if (group != -1 && write(group, "0", 1) == -1) {
        /* the group is full of what the program before it has started, or goes: its check will say so */
    }
    const struct rlimit processes = {setup->processes, setup->processes};
    if (setup->processes > 0)
        setrlimit(RLIMIT_NPROC, &processes); /* refused above a limit that is lower already, which is as good */
    /* a seccomp filter may refuse it: then a sanitizer starts or not, and whoever wants to know has to look */
    if (setup->steady)
        personality(ADDR_NO_RANDOMIZE);
    execv(argv[0], (char *const *)argv); /* argv's strings are not written to: exec(3), RATIONALE */
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* proc(5), NSpid: its number in each of its namespaces, the innermost last. It is ours to reap, so it is there. */
static pid_t own_pid_of(pid_t pid)
{
    char path[64], line[256];
    long own = pid;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "NSpid:", 6) != 0)
            continue;
        for (char *at = line + 6, *end; strtol(at, &end, 10) > 0; at = end)
            own = strtol(at, NULL, 10);
    }
    if (status != NULL)
        fclose(status);
    return (pid_t)own;
}

bool process_start(struct process *process, const char *const argv[])
{
    return process_start_with(process, argv, &(struct process_setup){0});
}

bool process_start_with(struct process *process, const char *const argv[], const struct process_setup *setup)
{
    int input[2], output[2];
    pid_t parent = getpid();

    *process = (struct process){.input = -1,
                                .output = -1,
                                .tasks = crowd_now(),
                                .limit = setup->limit > 0 ? setup->limit : (double)PROCESS_LIMIT,
                                .text_limit = setup->text_limit > 0 ? setup->text_limit : PROCESS_TEXT};
    process->text = calloc(1, 1);
    if (process->text == NULL || pipe2(input, O_CLOEXEC) == -1) {
        perror("process_start");
        return false;
    }
    if (pipe2(output, O_CLOEXEC) == -1) {
        perror("process_start: pipe2");
        close(input[0]);
        close(input[1]);
        return false;
    }
    process->pid = setup->place != NULL ? setup->place->fork(setup->place) : fork();
    if (process->pid == 0)
        child_run(argv, setup, input[0], output[1], parent);
    close(input[0]);
    close(output[1]);
    process->input = input[1];
    process->output = output[0];
    process->own_pid = process->pid > 0 && setup->place != NULL ? own_pid_of(process->pid) : process->pid;
    if (process->pid > 0)
        return true;
    perror("process_start: fork");
    process->pid = 0;
    return false;
}

/* Keep the text bounded: after its limit the second half makes room. Nobody waits for a text that long ago. */
static bool text_append(struct process *process, const char *chunk, size_t size)
{
    if (process->length + size > process->text_limit) {
        size_t kept = process->length / 2;
        process->seen = process->seen < kept ? process->seen : kept;
        process->length = kept;
    }
    char *larger = realloc(process->text, process->length + size + 1);
    if (larger == NULL)
        return false;
    process->text = larger;
    memcpy(larger + process->length, chunk, size);
    process->length += size;
    larger[process->length] = '\0';
    for (char *byte = larger + process->length - size; byte < larger + process->length; byte++)
        if (*byte == '\0') /* so that the text can be searched */
            *byte = '?';
    return true;
}

/* With all that it has started and that has not left its group: at once, so that nothing can be started meanwhile. */
static void process_kill(const struct process *process)
{
    if (process->pid <= 0)
        return;
    kill(-process->pid, SIGKILL);
    kill(process->pid, SIGKILL); /* it may not lead its group yet */
}

/* Has it started processes without end? */
static void crowd_end(struct process *process)
{
    if (process->pid <= 0 || !crowd_grown(process->pid, &process->tasks))
        return;
    process->crowd = true;
    process_kill(process);
}

/* Read once, after at most that time. False at the end of the output, or when nothing came. */
static bool output_read_within(struct process *process, int64_t ms)
{
    char chunk[CHUNK];
    struct pollfd poller = {.fd = process->output, .events = POLLIN};

    if (process->output == -1)
        return false;
    int ready = poll(&poller, 1, (int)ms);
    if (ready == -1 && errno == EINTR)
        return true;
    ssize_t got = ready > 0 ? read(process->output, chunk, sizeof chunk) : 0;
    if (got > 0 && (process->printed += (size_t)got) > PROCESS_OUTPUT && process->pid > 0)
        process_kill(process); /* a flood; what it has left in the pipe is read to its end */
    if (got > 0)
        return text_append(process, chunk, (size_t)got);
    if (ready > 0) {
        close(process->output);
        process->output = -1;
    }
    return false;
}

/* Has it ended, whoever still holds its output? It stays to be reaped: WNOWAIT. */
static bool process_over(const struct process *process)
{
    siginfo_t info = {.si_pid = 0};

    return process->pid > 0 && waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

/* It has ended: what it said is in the pipe, which holds so much and no more. What others say later is not its. */
static void output_end(struct process *process)
{
    int size = fcntl(process->output, F_GETPIPE_SZ);
    const size_t most = process->printed + (size_t)(size > 0 ? size : PIPE_USUAL);

    while (process->printed <= most && output_read_within(process, SLICE_MS))
        continue; /* once more when all of a full pipe was read: that was the end, unless others say something */
    if (process->output == -1)
        return;
    process->heir = true;
    close(process->output);
    process->output = -1;
}

/* Read once. False at the end of the output, or when nothing came until `end`. */
static bool output_read(struct process *process, struct deadline *end)
{
    for (double left; (left = deadline_left(end)) > 0 && process->output != -1; crowd_end(process)) {
        int64_t ms = (int64_t)(left * 1000) + 1;
        bool got = output_read_within(process, ms < SLICE_MS ? ms : SLICE_MS);
        if (process->output != -1 && process_over(process)) {
            output_end(process);
            return true; /* it may have said something */
        }
        if (got)
            return true;
        if (process->watch != NULL && process->watch(process->watch_data))
            *end = deadline_in(0);
    }
    return false;
}

void process_drain(struct process *process)
{
    crowd_end(process);
    while (output_read_within(process, 0))
        continue;
}

bool process_expect(struct process *process, const char *text)
{
    struct deadline end = limit_begin(process);

    for (;;) {
        const char *found = strstr(process->text + process->seen, text);
        if (found != NULL) {
            process->seen = (size_t)(found - process->text) + strlen(text);
            return true;
        }
        if (!output_read(process, &end))
            return false;
    }
}

bool process_send(struct process *process, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t sent = write(process->input, text, left);
        if (sent == -1)
            return false;
        text += sent;
        left -= (size_t)sent;
    }
    return true;
}

void process_end_input(struct process *process)
{
    if (process->input > 0) /* 0: never started */
        close(process->input);
    process->input = -1;
}

void process_signal(struct process *process, int number)
{
    if (process->pid > 0)
        kill(process->pid, number);
}

/* Wait for the end of the process, which may come after the end of its output. */
static void process_reap(struct process *process, const struct deadline *end)
{
    sigset_t child, before;
    struct timespec slice = {.tv_nsec = 100000000};

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    while (waitpid(process->pid, &process->status, WNOHANG) == 0) {
        if (deadline_passed(end))
            process_kill(process);
        crowd_end(process);
        sigtimedwait(&child, NULL, &slice); /* another child's end may take our signal: hence the slice */
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    process->pid = 0;
}

int process_finish(struct process *process)
{
    struct deadline end = limit_begin(process);

    if (process->pid == 0)
        return -1;
    while (output_read(process, &end))
        continue;
    bool late = deadline_passed(&end);
    if (late)
        process_kill(process);
    process_reap(process, &end);
    if (late)
        return -1;
    return WIFEXITED(process->status) ? WEXITSTATUS(process->status) : SIGNALLED + WTERMSIG(process->status);
}

void process_close(struct process *process)
{
    if (process->pid > 0) {
        process_kill(process);
        waitpid(process->pid, &process->status, 0);
        process->pid = 0;
    }
    process_end_input(process);
    if (process->output > 0)
        close(process->output);
    free(process->text);
    *process = (struct process){.input = -1, .output = -1};
}
