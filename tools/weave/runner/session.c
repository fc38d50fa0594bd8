/* Starting fork servers, making runs, watching over them. */
#include "session.h"

#include "sandbox.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    START_SECONDS = 30,
    POLL_MILLISECONDS = 100,
    REAP_SECONDS = 30,
    PARKINGS = 3,            /* how often processes may be set aside for computing long before that counts as a loop */
    ASKING_MILLISECONDS = 2, /* polls while a process is asked to stand aside */
    ASKING_SECONDS = 2,      /* processor time; one that does not stand aside blocks the signal: a loop, too */
    BLOCKED_MILLISECONDS = 2000, /* of polls in a row that find the process asleep in a system call */
    FIRST_PID = 100,             /* of the first process of every run: the same in each */
    OUTPUT_LIMIT = 16 << 20,     /* bytes that a program may print in a run */
    MEMORY_LIMIT_SHIFT = 33,     /* 8 GiB of address space */
    CHILD_FAILED = 127,
    CONTROL_DESCRIPTOR = 1000, /* out of the way of what a program opens */
};

double session_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long session_futex(int32_t *word, int operation, int32_t value, int milliseconds)
{
    struct timespec limit = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    return syscall(SYS_futex, word, operation, value, milliseconds > 0 ? &limit : NULL, NULL, 0);
}

/* Wait until a counter that servers raise has reached `wanted`. */
static bool session_await(int32_t *counter, int32_t wanted, double seconds)
{
    double end = session_now() + seconds;
    for (;;) {
        int32_t now = __atomic_load_n(counter, __ATOMIC_SEQ_CST);
        if (now >= wanted)
            return true;
        if (session_now() > end)
            return false;
        session_futex(counter, FUTEX_WAIT, now, POLL_MILLISECONDS);
    }
}

/* ---- servers ---- */

/* Collects the dead, among them orphans: this is process 1 of the namespace. A server among them ends the session. */
static void session_bury(struct session *session)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < session->options->programs; i++)
            if (pid == session->server[i]) {
                session->server[i] = 0;
                snprintf(session->error, sizeof session->error,
                         "the process that starts %s has died (%s %d): a program sends signals to its parent or to all",
                         session->options->program[i].argv[0], WIFSIGNALED(status) ? "signal" : "exit status",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            }
}

/* Until the server of this program has collected the run's process. */
static bool session_await_reaped(struct session *session, int program)
{
    double end = session_now() + (double)REAP_SECONDS;
    int32_t *reaped = &session->control->reaped[program];
    while (__atomic_load_n(reaped, __ATOMIC_SEQ_CST) < 1) {
        session_bury(session);
        if (session->server[program] <= 0 || session_now() > end)
            return false;
        session_futex(reaped, FUTEX_WAIT, 0, POLL_MILLISECONDS);
    }
    return true;
}

/* Whether the control segment still says what the runner wrote there: programs can write to it. */
static bool session_intact(const struct session *session)
{
    const struct control *control = session->control;
    return control->runner_pid == (int32_t)getpid() && control->processes == session->options->programs &&
           control->guard == WEAVE_GUARD && control->last_guard == WEAVE_GUARD;
}

/* Whether a process said that it found something, since the last call. */
static bool session_was_told(void)
{
    const struct timespec now = {0};
    sigset_t found;
    sigemptyset(&found);
    sigaddset(&found, WEAVE_SIGNAL_FOUND);
    return sigtimedwait(&found, NULL, &now) == WEAVE_SIGNAL_FOUND;
}

static int session_map_control(struct session *session)
{
    int descriptor = memfd_create("weave", MFD_CLOEXEC);
    if (descriptor < 0 || ftruncate(descriptor, sizeof(struct control)) != 0)
        return -1;
    void *control = mmap(WEAVE_CONTROL_ADDRESS, sizeof(struct control), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_FIXED_NOREPLACE, descriptor, 0);
    if (control != WEAVE_CONTROL_ADDRESS)
        return -1;
    session->control = control;
    session->control_descriptor = descriptor;
    return 0;
}

static void session_limit(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit limit = {most, most};
    setrlimit(resource, &limit);
}

/* Far from the numbers that a program is used to, as far as it may open that many files. */
static int session_control_descriptor(void)
{
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > CONTROL_DESCRIPTOR ? CONTROL_DESCRIPTOR : (int)limit.rlim_cur - 1;
}

/* The loader takes a blank or a colon for the end of a path (ld.so(8)): then by a descriptor, which stays open. */
static void session_preload(const char *library)
{
    char path[64];
    int descriptor = strpbrk(library, " \t\n:") == NULL ? -1 : open(library, O_RDONLY);
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    setenv("LD_PRELOAD", descriptor < 0 ? library : path, 1);
}

static _Noreturn void session_become_server(struct session *session, int slot)
{
    const struct program *program = &session->options->program[slot];
    char number[16];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int control = session_control_descriptor();
    snprintf(number, sizeof number, "%d", control);
    setenv("WEAVE_CONTROL_FD", number, 1);
    snprintf(number, sizeof number, "%d", slot);
    setenv("WEAVE_SLOT", number, 1);
    session_preload(session->options->library);
    if (!program->instrumented)
        setenv("WEAVE_PEER", program->trap ? "trap" : "sync", 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    setenv("LD_BIND_NOW", "1", 1); /* once in the server, not in every run */
    int input = open(program->input == NULL ? "/dev/null" : program->input, O_RDONLY);
    dup2(input, STDIN_FILENO);
    if (!session->options->show_output) {
        dup2(session->output[slot], STDOUT_FILENO);
        dup2(session->errors[slot], STDERR_FILENO);
    }
    if (dup2(session->control_descriptor, control) < 0)
        _exit(CHILD_FAILED);
    session_limit(RLIMIT_CORE, 0);
    session_limit(RLIMIT_FSIZE, (rlim_t)1 << 30);
    session_limit(RLIMIT_AS, (rlim_t)1 << MEMORY_LIMIT_SHIFT);
    personality(ADDR_NO_RANDOMIZE);
    if (session->options->sealed && sandbox_confine() != 0)
        _exit(CHILD_FAILED);
    execv(program->path, program->argv);
    _exit(CHILD_FAILED);
}

static int session_fail(struct session *session, const char *why)
{
    snprintf(session->error, sizeof session->error, "%s", why);
    return -1;
}

/* A server that died before it was ready says more than a timeout. */
static int session_await_servers(struct session *session)
{
    double end = session_now() + (double)START_SECONDS;
    struct control *control = session->control;
    while (__atomic_load_n(&control->arrived, __ATOMIC_SEQ_CST) < session->options->programs) {
        for (int i = 0; i < session->options->programs; i++) {
            int status;
            if (session->server[i] > 0 && waitpid(session->server[i], &status, WNOHANG) == session->server[i]) {
                session->server[i] = 0;
                snprintf(session->error, sizeof session->error,
                         "%s ended before it began to share memory (%s %d): is it compiled with `weave cc`?",
                         session->options->program[i].argv[0], WIFSIGNALED(status) ? "signal" : "exit status",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
                return -1;
            }
        }
        if (session_now() > end)
            return session_fail(session, "the programs do not begin to share memory");
        session_futex(&control->arrived, FUTEX_WAIT, control->arrived, POLL_MILLISECONDS);
    }
    return 0;
}

static void session_on_fork(int signal)
{
    (void)signal; /* it only ends ppoll */
}

static void session_catch_forks(void)
{
    struct sigaction action = {.sa_handler = session_on_fork};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, WEAVE_SIGNAL_FOUND); /* stays pending until session_was_told */
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

/*
 * Since one process runs at a time, all of them and the runner stay on one processor: the turn is handed on
 * there several times faster than to another one that has to be woken up. The programs are told of all
 * processors nevertheless (sched_getaffinity in runtime/process_calls.c): what they do must not depend on it.
 */
static void session_take_processor(struct session *session)
{
    _Static_assert(sizeof session->processors == sizeof session->control->processors, "a cpu_set_t");
    cpu_set_t one;
    int here = sched_getcpu();
    if (sched_getaffinity(0, sizeof session->processors, &session->processors) != 0)
        CPU_ZERO(&session->processors);
    memcpy(session->control->processors, &session->processors, sizeof session->processors);
    if (here < 0 || here >= CPU_SETSIZE || CPU_COUNT(&session->processors) == 0)
        return; /* more of them than fit: it is only slower */
    CPU_ZERO(&one);
    CPU_SET((size_t)here, &one);
    sched_setaffinity(0, sizeof one, &one);
}

static void session_give_processor(const struct session *session)
{
    if (CPU_COUNT(&session->processors) > 0)
        sched_setaffinity(0, sizeof session->processors, &session->processors);
}

int session_start(struct session *session, const struct session_options *options)
{
    *session = (struct session){.options = options, .control_descriptor = -1, .started = session_now()};
    for (int i = 0; i < WEAVE_PROCESSES; i++)
        session->output[i] = session->errors[i] = -1;
    if (session_map_control(session) != 0)
        return session_fail(session, "cannot map the control segment");
    session_take_processor(session);
    for (int i = 0; i < options->programs; i++) {
        session->output[i] = memfd_create("output", MFD_CLOEXEC);
        session->errors[i] = memfd_create("errors", MFD_CLOEXEC);
        fcntl(session->output[i], F_SETFL, O_APPEND);
        fcntl(session->errors[i], F_SETFL, O_APPEND);
        fflush(NULL);
        session->server[i] = fork();
        if (session->server[i] < 0)
            return session_fail(session, "cannot fork");
        if (session->server[i] == 0)
            session_become_server(session, i);
    }
    if (session_await_servers(session) != 0)
        return -1;
    session_catch_forks(); /* after the programs have started: they shall not inherit it */
    session->control->runner_pid = (int32_t)getpid();
    return 0;
}

void session_end(struct session *session)
{
    session_give_processor(session);
    for (int i = 0; i < session->options->programs; i++)
        if (session->server[i] > 0)
            kill(session->server[i], SIGKILL);
    for (int i = 0; i < session->options->programs; i++)
        if (session->server[i] > 0)
            waitpid(session->server[i], NULL, 0);
    for (int i = 0; i < WEAVE_PROCESSES; i++) {
        if (session->output[i] >= 0)
            close(session->output[i]);
        if (session->errors[i] >= 0)
            close(session->errors[i]);
    }
    if (session->control != NULL)
        munmap(session->control, sizeof(struct control));
    if (session->control_descriptor >= 0)
        close(session->control_descriptor);
}

/* ---- between runs ---- */

/* Queues are in no directory here; what was opened has its name in the run's records. mq_overview(7) */
static void session_remove_queues(const struct control *control)
{
    char name[WEAVE_NAME + 1];
    for (uint32_t i = 0; i < control->objects && i < WEAVE_OBJECTS; i++) {
        const struct object *object = &control->object[i];
        snprintf(name, sizeof name, "%.*s", WEAVE_NAME, object->name);
        if (object->kind == OBJECT_QUEUE && name[0] == '/')
            mq_unlink(name);
    }
}

/* FIFOs, sockets and lock files anywhere, as far as they are what the run has made. */
static void session_remove_names(const struct control *control)
{
    for (uint32_t i = 0; i < control->names_made && i < WEAVE_NAMES; i++) {
        const struct made *made = &control->made[i];
        struct stat status;
        bool whole = memchr(made->path, '\0', sizeof made->path) != NULL;
        if (whole && lstat(made->path, &status) == 0 && status.st_dev == made->device && status.st_ino == made->inode)
            unlinkat(AT_FDCWD, made->path, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
    }
}

static void session_remove_files(void)
{
    DIR *directory = opendir("/dev/shm");
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory != NULL)
        closedir(directory);
}

/* All System V objects of the private namespace; see SHM_INFO and SHM_STAT in shmctl(2). */
static void session_remove_sysv(void)
{
    union {
        int value;
        struct semid_ds *status;
        struct seminfo *info;
    } argument;
    struct shm_info segments;
    struct shmid_ds segment;
    int last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&segments);
    for (int i = 0; i <= last; i++) {
        int id = shmctl(i, SHM_STAT, &segment);
        if (id >= 0)
            shmctl(id, IPC_RMID, NULL);
    }
    struct seminfo sets;
    struct semid_ds set;
    argument.info = &sets;
    last = semctl(0, 0, SEM_INFO, argument);
    for (int i = 0; i <= last; i++) {
        argument.status = &set;
        int id = semctl(i, 0, SEM_STAT, argument);
        if (id >= 0)
            semctl(id, 0, IPC_RMID);
    }
    struct msginfo queues;
    struct msqid_ds queue;
    last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&queues);
    for (int i = 0; i <= last; i++) {
        int id = msgctl(i, MSG_STAT, &queue);
        if (id >= 0)
            msgctl(id, IPC_RMID, NULL);
    }
}

/* Processes of a run have the same ids in every run; ns_last_pid(5) belongs to our own namespace. */
static void session_reset_pids(void)
{
    int descriptor = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    char number[16];
    int length = snprintf(number, sizeof number, "%d", FIRST_PID - 1);
    ssize_t written = write(descriptor, number, (size_t)length);
    (void)written; /* without it ids grow: only printed ids differ */
    close(descriptor);
}

/* Those that stay from run to run, as far as they still live and may. */
static void session_check_residents(struct session *session)
{
    enum { TRIALS = 3 }; /* a program that does what cannot be undone does it again */
    session->control->residents = 0;
    for (int i = 0; i < session->options->programs; i++) {
        if (__atomic_load_n(&session->control->reaped[i], __ATOMIC_SEQ_CST) > 0)
            session->resident[i] = 0;
        if (!session->options->no_reuse && session->deaths[i] < TRIALS)
            session->control->residents |= 1u << i;
    }
}

static void session_prepare(struct session *session, const struct session_plan *plan)
{
    const struct session_options *options = session->options;
    struct control *control = session->control;
    control->strategy = (int32_t)plan->strategy;
    control->processes = options->programs;
    control->every_access = options->every_access;
    control->store_buffers = options->store_buffers;
    control->weak = options->weak;
    control->spurious = options->spurious;
    control->kill_process = options->kill_process;
    control->kill_step = options->kill_step;
    control->first = options->first + 1;
    control->daemons = options->daemons;
    control->max_steps = options->max_steps;
    control->guard = control->last_guard = WEAVE_GUARD;
    control->prescribed = plan->prescribed;
    if (plan->prescribed > 0)
        memcpy(control->prescription, plan->prescription, plan->prescribed);
    control->random = plan->seed | 1;
    run_clear(control);
    known_begin(&control->known, plan->stop_at_known);
    control->arrived = 0;
    session_check_residents(session);
    memset(control->reaped, 0, sizeof control->reaped);
    control->epoch = ++session->epoch;
    control->slots = options->programs;

    enum { PCT_CHANGES = 2, TYPICAL_STEPS = 100, LOWEST_START = 100, PRIORITIES = 1000 };
    control->changes_wanted = PCT_CHANGES; /* depth 3: see Burckhardt et al., ASPLOS 2010 */
    for (int i = 0; i < PCT_CHANGES; i++)
        control->change_at[i] =
            1 + (uint32_t)(decide_random(control) % (plan->longest ? plan->longest : TYPICAL_STEPS));
    for (int i = 0; i < options->programs; i++) {
        run_start_process(control, i);
        control->process[i].priority = LOWEST_START + (int32_t)(decide_random(control) % PRIORITIES);
        if (!options->show_output && (ftruncate(session->output[i], 0) != 0 || ftruncate(session->errors[i], 0) != 0))
            session_fail(session, "cannot empty an output file");
    }
}

/* ---- watching a run ---- */

struct watch {
    struct pollfd process[WEAVE_PROCESSES]; /* pidfds */
    int32_t pid[WEAVE_PROCESSES];           /* whose they are */
    int watched;
    int turn;
    uint32_t steps;
    double cpu;
    int asleep; /* ms */
    uint32_t parkings;
    bool asking; /* it to stand aside */
};

static void watch_new_processes(struct session *session, struct watch *watch)
{
    struct control *control = session->control;
    int slots = control->slots < WEAVE_PROCESSES ? control->slots : WEAVE_PROCESSES;
    for (int i = 0; i < slots; i++) {
        int32_t pid = control->process[i].pid;
        bool ended = i < watch->watched && (watch->process[i].fd >= 0 || pid == watch->pid[i]);
        if (ended || (pid <= 0 && i < watch->watched))
            continue; /* or is in the place of one that has ended, and being forked */
        if (pid <= 0)
            return; /* being forked */
        watch->process[i] = (struct pollfd){.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
        watch->pid[i] = pid;
        watch->watched = i < watch->watched ? watch->watched : i + 1;
    }
}

static void watch_give_turn(struct control *control, int process)
{
    control->turn = process;
    __atomic_store_n(&control->process[process].go, GO_RUN, __ATOMIC_RELEASE);
    session_futex(&control->process[process].go, FUTEX_WAKE, 1, 0);
}

/*
 * The wait(2) status of a child of a child, whose parent has not collected it yet: from the last field of
 * /proc/pid/stat. Where that cannot be read, a fatal signal has left its event in the trace.
 */
static int watch_status(const struct control *control, int process)
{
    enum { FIELDS_BETWEEN = 49 }; /* the state, the third one, and the exit code, the 52nd: proc(5) */
    char path[64], text[1024] = "";
    const char *field = NULL;
    snprintf(path, sizeof path, "/proc/%d/stat", control->process[process].pid);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fgets(text, sizeof text, file) != NULL)
            field = strrchr(text, ')');
        fclose(file);
    }
    if (field != NULL && field[1] == ' ' && field[2] == 'Z') {
        field += 2;
        for (int i = 0; i < FIELDS_BETWEEN && field != NULL; i++)
            if ((field = strchr(field, ' ')) != NULL)
                field++;
        if (field != NULL)
            return atoi(field);
    }
    uint32_t first = control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0;
    for (uint32_t i = control->events; i-- > first;) {
        const struct event *event = &control->event[i % WEAVE_EVENTS];
        if (event->process == process)
            return event->kind == EVENT_FAULT ? (int)event->value : 0;
    }
    return 0;
}

/* A process has died. When it held the turn, and the run is not over, the turn goes on. */
static void watch_died(struct session *session, struct watch *watch, int process)
{
    struct control *control = session->control;
    close(watch->process[process].fd);
    watch->process[process].fd = -1;
    if (process >= session->options->programs && control->process[process].parent < 0)
        return;
    if (process < session->options->programs) /* its server knows how it ended */
        session_await_reaped(session, process);
    else
        control->process[process].exit_status = watch_status(control, process);
    if (control->ending != ENDING_NONE)
        return;
    if (control->process[process].entering) { /* without our library: static, or with other rights than ours */
        snprintf(control->unmodelled, sizeof control->unmodelled, "runs a program that cannot be watched");
        decide_finish(control, ENDING_UNMODELLED);
        return;
    }
    int next = run_end_process(control, process);
    if (next >= 0)
        watch_give_turn(control, next);
}

static double watch_cpu(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return 0;
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* The system call in which a process sleeps, from /proc/pid/syscall; false when it runs. */
static bool watch_asleep(pid_t pid, long *call)
{
    char path[64], text[64] = "", state = 'R';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            state = 'R';
        fclose(file);
    }
    snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
    file = fopen(path, "re");
    *call = -1;
    if (file != NULL) {
        if (fgets(text, sizeof text, file) != NULL)
            *call = strtol(text, NULL, 10);
        fclose(file);
    }
    return state == 'S' || state == 'T' || state == 'D';
}

/*
 * A process computes for long: ask it to stand aside; not often when there is a race, which explains it. It
 * may be inside a callback just then (most of the time, where a loop does little else), and is asked again
 * until it does, so that what happens is the same in every run. What it computes meanwhile counts, not how
 * often it was asked: on a busy machine it may not have run in between.
 */
static void watch_park(struct session *session, struct watch *watch, pid_t pid, double cpu)
{
    struct control *control = session->control;
    if (control->parkings != watch->parkings) {
        watch->parkings = control->parkings;
        watch->asking = false;
        watch->cpu = cpu;
    } else if (control->parkings >= (control->races > 0 ? 1 : PARKINGS) ||
               cpu - watch->cpu > session->options->hang_seconds + (double)ASKING_SECONDS) {
        decide_finish(control, ENDING_LOOP);
    } else {
        watch->asking = true;
        /* Pairs with the acquire in boot_on_watchdog. Two signals may be on their way: both ask for this one time. */
        __atomic_store_n(&control->parkings_asked, watch->parkings + 1, __ATOMIC_RELEASE);
        kill(pid, WEAVE_SIGNAL_WATCHDOG);
    }
}

static int watch_pause(const struct watch *watch)
{
    return watch->asking ? ASKING_MILLISECONDS : POLL_MILLISECONDS;
}

/* The calls in which programs sleep most. */
static void watch_name_call(long call, char *name, size_t size)
{
    static const struct {
        long number;
        const char *name;
    } calls[] = {
        {SYS_read, "read"},
        {SYS_write, "write"},
        {SYS_readv, "readv"},
        {SYS_writev, "writev"},
        {SYS_pread64, "pread"},
        {SYS_openat, "open"},
        {SYS_accept, "accept"},
        {SYS_accept4, "accept4"},
        {SYS_connect, "connect"},
        {SYS_recvfrom, "recv"},
        {SYS_recvmsg, "recvmsg"},
        {SYS_sendto, "send"},
        {SYS_sendmsg, "sendmsg"},
        {SYS_ppoll, "ppoll"},
        {SYS_pselect6, "pselect"},
        {SYS_futex, "futex"},
        {SYS_wait4, "wait4"},
        {SYS_waitid, "waitid"},
        {SYS_flock, "flock"},
        {SYS_rt_sigtimedwait, "sigwait"},
        {SYS_rt_sigsuspend, "sigsuspend"},
#ifdef SYS_poll /* the older calls, which newer processors such as arm64 have not: syscalls(2) */
        {SYS_poll, "poll"},
        {SYS_select, "select"},
        {SYS_epoll_wait, "epoll_wait"},
        {SYS_pause, "pause"},
#endif
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i].number == call) {
            snprintf(name, size, "%s", calls[i].name);
            return;
        }
    snprintf(name, size, "number %ld", call);
}

/* The process that holds the turn makes no step: does it compute, or wait for something that is not modelled? */
static void watch_progress(struct session *session, struct watch *watch)
{
    struct control *control = session->control;
    int turn = control->turn;
    if (turn < 0 || turn >= WEAVE_PROCESSES || control->process[turn].pid <= 0)
        return;
    pid_t pid = control->process[turn].pid;
    double cpu = watch_cpu(pid);
    if (control->steps != watch->steps || turn != watch->turn) {
        watch->turn = turn;
        watch->steps = control->steps;
        watch->cpu = cpu;
        watch->asleep = 0;
        watch->asking = false;
        return;
    }
    long call;
    watch->asleep = watch_asleep(pid, &call) ? watch->asleep + watch_pause(watch) : 0;
    if (watch->asleep >= BLOCKED_MILLISECONDS) {
        watch_name_call(call, session->blocked_call, sizeof session->blocked_call);
        decide_finish(control, ENDING_BLOCKED);
    } else if (cpu - watch->cpu > session->options->hang_seconds) {
        watch_park(session, watch, pid, cpu);
    }
}

static bool watch_all_dead(const struct watch *watch)
{
    for (int i = 0; i < watch->watched; i++)
        if (watch->process[i].fd >= 0)
            return false;
    return true;
}

static void watch_run(struct session *session, struct watch *watch)
{
    struct control *control = session->control;
    sigset_t unblocked; /* only while waiting: a fork announces itself by SIGUSR1 */
    sigemptyset(&unblocked);
    sigaddset(&unblocked, WEAVE_SIGNAL_FOUND);
    for (;;) {
        watch_new_processes(session, watch); /* first: the last one watched may have died right after a fork */
        if (control->ending != ENDING_NONE || watch_all_dead(watch) || !session_intact(session) ||
            session->error[0] != '\0')
            return;
        const struct timespec limit = {.tv_nsec = watch_pause(watch) * 1000000L};
        int ready = ppoll(watch->process, (nfds_t)watch->watched, &limit, &unblocked);
        for (int i = 0; ready > 0 && i < watch->watched; i++)
            if (watch->process[i].fd >= 0 && watch->process[i].revents != 0)
                watch_died(session, watch, i);
        if (ready == 0)
            watch_progress(session, watch);
        if (session_now() - session->started > session->options->time_limit)
            decide_finish(control, ENDING_TIME);
    }
}

/* ---- after a run ---- */

/* Whether the processes that are left can be asked to go back to their beginnings: none computes, or sleeps, for ever.
 */
static bool session_may_rest(const struct session *session)
{
    int32_t ending = session->control->ending;
    return session->error[0] == '\0' && session_intact(session) && ending != ENDING_NONE && ending != ENDING_LOOP &&
           ending != ENDING_BLOCKED && ending != ENDING_TIME;
}

static void session_ask_to_rest(struct control *control, int process)
{
    if (control->process[process].leaving)
        return;                                                                         /* it does so already */
    __atomic_store_n(&control->process[process].go, -control->epoch, __ATOMIC_RELEASE); /* pairs with turn_await */
    session_futex(&control->process[process].go, FUTEX_WAKE, 1, 0);
}

/* Until it is where it began; false: it has died, or does not answer. */
static bool session_rested(struct session *session, struct pollfd *process, int program)
{
    enum { PATIENCE = 10 };
    const struct timespec limit = {.tv_nsec = POLL_MILLISECONDS * 1000000L};
    sigset_t unblocked; /* its arrival announces itself by SIGUSR1 */
    sigemptyset(&unblocked);
    sigaddset(&unblocked, WEAVE_SIGNAL_FOUND);
    for (int i = 0;
         i < PATIENCE;) { /* the acquire pairs with the release in boot_rest; a number from before may come late */
        if (__atomic_load_n(&session->control->resting[program], __ATOMIC_ACQUIRE) == session->epoch)
            return true;
        int ready = ppoll(process, 1, &limit, &unblocked);
        if (ready > 0)
            return false;
        i += ready == 0;
    }
    return false;
}

/* Ends what is left of a run: programs that can begin again stay, all others are killed. */
static void session_end_run(struct session *session, struct watch *watch)
{
    bool may_rest = session_may_rest(session);
    watch_new_processes(session, watch);
    for (int i = 0; i < watch->watched; i++)
        if (watch->process[i].fd >= 0 && may_rest && i < session->options->programs)
            session_ask_to_rest(session->control, i);
        else if (watch->process[i].fd >= 0)
            syscall(SYS_pidfd_send_signal, watch->process[i].fd, SIGKILL, NULL, 0);
    for (int i = 0; i < watch->watched; i++) {
        bool program = i < session->options->programs, lives = watch->process[i].fd >= 0;
        bool rests = lives && program && may_rest && session_rested(session, &watch->process[i], i);
        if (program) {
            session->resident[i] = rests ? watch->pid[i] : 0;
            session->deaths[i] = rests ? 0 : session->deaths[i] + may_rest;
        }
        if (lives && program && may_rest && !rests)
            syscall(SYS_pidfd_send_signal, watch->process[i].fd, SIGKILL, NULL, 0);
        if (lives && !program) /* a child of a child: wait until it is gone */
            poll(&watch->process[i], 1, REAP_SECONDS * 1000);
        if (lives)
            close(watch->process[i].fd);
    }
    session_bury(session);
}

void session_renew(struct session *session)
{
    session_check_residents(session);
    for (int i = 0; i < session->options->programs; i++) {
        if (session->resident[i] > 0) {
            kill(session->resident[i], SIGKILL);
            session_await_reaped(session, i);
        }
        session->resident[i] = 0;
    }
}

/* Every program's process: the one that is there, or a new one from its server. */
static int session_assemble(struct session *session)
{
    struct control *control = session->control;
    int32_t started = 0;
    session->reused = false;
    for (int i = 0; i < session->options->programs; i++) {
        if (session->resident[i] > 0) {
            control->process[i].pid = session->resident[i];
            session->reused = true;
            continue;
        }
        __atomic_store_n(&control->server_go[i], session->epoch, __ATOMIC_SEQ_CST);
        session_futex(&control->server_go[i], FUTEX_WAKE, INT_MAX, 0);
        if (!session_await(&control->arrived, ++started, START_SECONDS))
            return session_fail(session, "a program does not start a run");
    }
    return 0;
}

int session_run(struct session *session, const struct session_plan *plan)
{
    struct control *control = session->control;
    struct watch watch = {.turn = -1}; /* a process that has run before has used time before, too */
    session_prepare(session, plan);
    session_reset_pids();
    if (session_assemble(session) != 0)
        return -1;
    watch_new_processes(session, &watch);
    int first = decide_turn(control, -1);
    if (first >= 0)
        watch_give_turn(control, first);
    watch_run(session, &watch);
    session_end_run(session, &watch);
    bool told = session_was_told();
    if (!session_intact(session) || (told && control->races == 0 && control->misuses == 0)) {
        session->tampered = true;
        return session_fail(session, "a program has written into weave's own memory");
    }
    for (int i = 0; i < session->options->programs; i++)
        if (session->resident[i] == 0 && !session_await_reaped(session, i))
            return session->error[0] != '\0' ? -1 : session_fail(session, "a program cannot be ended");
    session_remove_files();
    session_remove_sysv();
    session_remove_queues(control);
    session_remove_names(control);
    return session->error[0] == '\0' ? 0 : -1;
}

/* Its program's file name; that of the script, where an interpreter runs one. */
static const char *session_program_name(const struct session *session, int process)
{
    int program = process < 0 || process >= WEAVE_PROCESSES ? -1 : session->control->process[process].program;
    if (program < 0 || program >= session->options->programs)
        return "?";
    unsigned image = session->control->process[process].image;
    if (image >= WEAVE_PROCESSES && image < WEAVE_IMAGES) { /* it went over into another program */
        const char *path = session->control->image[image].path, *end = memchr(path, '\0', WEAVE_PATH);
        const char *slash = end == NULL ? NULL : strrchr(path, '/');
        return end == NULL ? "?" : slash == NULL ? path : slash + 1;
    }
    const struct program *it = &session->options->program[program];
    const char *script = it->instrumented ? NULL : it->argv[1];
    size_t length = script == NULL ? 0 : strlen(script);
    bool python = length > 3 && strcmp(script + length - 3, ".py") == 0;
    const char *path = python ? script : it->argv[0], *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

void session_process_name(const struct session *session, int process, char *text, size_t size)
{
    const char *name = session_program_name(session, process);
    int same = 0;
    for (int i = 0; i < session->control->slots && i < WEAVE_PROCESSES; i++)
        same += strcmp(session_program_name(session, i), name) == 0;
    snprintf(text, size, same > 1 ? "%.60s (%d)" : "%.60s", name, process + 1);
}

size_t session_output(const struct session *session, int process, char *text, size_t size)
{
    ssize_t length = session->output[process] < 0 ? 0 : pread(session->output[process], text, size - 1, 0);
    if (length < 0)
        length = 0;
    text[length] = '\0';
    return (size_t)length;
}

static off_t file_size(int descriptor)
{
    struct stat status;
    return descriptor >= 0 && fstat(descriptor, &status) == 0 ? status.st_size : 0;
}

/* The last line of a file of what was printed; "" when there is none. */
static void file_last_line(int descriptor, char *text, size_t size)
{
    enum { READ = 4096 };
    char part[READ];
    off_t end = file_size(descriptor), begin = end > READ ? end - READ : 0;
    ssize_t length = end > 0 ? pread(descriptor, part, (size_t)(end - begin), begin) : 0;
    while (length > 0 && isspace((unsigned char)part[length - 1]))
        length--;
    ssize_t line = length > 0 ? length : 0;
    while (line > 0 && part[line - 1] != '\n')
        line--;
    snprintf(text, size, "%.*s", (int)(length > line ? length - line : 0), part + line);
}

void session_said(const struct session *session, int process, char *text, size_t size)
{
    file_last_line(session->errors[process], text, size); /* what went wrong is said there */
    if (text[0] == '\0')
        file_last_line(session->output[process], text, size);
}

bool session_output_is_huge(const struct session *session, int process)
{
    return file_size(session->output[process]) > OUTPUT_LIMIT || file_size(session->errors[process]) > OUTPUT_LIMIT;
}
