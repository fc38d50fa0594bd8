/* See watch.h. */
#define _GNU_SOURCE
#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

enum {
    LOOKS_ASLEEP = 40,    /* so many looks that found it asleep make a wait */
    BURNT_MS = 100,       /* processor time before that: it does not rest */
    START_MS = 500,       /* a program that starts needs more, and on a slow machine ... */
    START_PYTHONS = 6,    /* ... so many times what an interpreter takes that starts and does nothing */
    BLOCKED_SECONDS = 10, /* no instruction of a program that runs takes so long, times process_time_scale() */
};

/* 'S': it sleeps; 'R': it runs, or could. proc(5). */
static char program_state(const struct program *program)
{
    char path[64], line[512];

    snprintf(path, sizeof path, "/proc/%d/stat", (int)program->process.pid);
    FILE *stat = fopen(path, "re");
    if (stat == NULL)
        return 'X';
    size_t got = fread(line, 1, sizeof line - 1, stat);
    fclose(stat);
    line[got] = '\0';
    const char *behind_name = strrchr(line, ')'); /* the name may hold anything, but is in parentheses */
    return behind_name != NULL && behind_name[1] == ' ' ? behind_name[2] : 'X';
}

/* Processor time, finer than /proc tells; -1 when it is gone. */
static double program_cpu_seconds(const struct program *program)
{
    clockid_t clock;
    struct timespec used;

    if (clock_getcpuclockid(program->process.pid, &clock) != 0 || clock_gettime(clock, &used) == -1)
        return -1;
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Has it been asleep often enough before it has used so much processor time? */
static bool sleeps_within(struct program *program, double most_ms)
{
    double begin = program_cpu_seconds(program);
    int asleep = 0;

    AWAIT(program->check, asleep >= LOOKS_ASLEEP, check_text(program->check, "%s goes to sleep", program->short_name))
    {
        double now = program_cpu_seconds(program);
        if (!program_runs(program) || now < 0 || (now - begin) * 1000 > most_ms)
            return false;
        asleep += program_state(program) == 'S'; /* not 'D': it may be on its way, waiting for a disk */
    }
    return program_runs(program);
}

bool watch_stays(struct program *program)
{
    if (sleeps_within(program, START_MS))
        return true;
    if (program_runs(program)) { /* it never rests, or is still starting: a small computer, an emulator */
        double start_ms = check_python_seconds(program->check) * 1000 * START_PYTHONS;
        if (start_ms > START_MS)
            sleeps_within(program, start_ms - START_MS);
    }
    return program_runs(program);
}

void watch_waits(struct program *program, const char *doing)
{
    struct check *check = program->check;

    if (watch_stays(program))
        return;
    program_wait(program);
    FAIL(check, .expected = check_text(check, "%s waits %s", program->short_name, doing),
         .found = check_text(check, "it ended: %s; it printed:\n%s", status_text(check, program->status),
                             program_output(program)));
}

void watch_rests(struct program *program, const char *doing)
{
    struct check *check = program->check;

    watch_waits(program, doing);
    REQUIRE(check, sleeps_within(program, BURNT_MS),
            .expected = check_text(check, "%s sleeps %s", program->short_name, doing),
            .found = "it runs all the time, and burns a processor core",
            .cause = "a loop that only looks at memory, or calls sched_yield, again and again",
            .next = "let the loop wait: a call that sleeps in each round, a little longer each time");
}

/* ---- Instruction by instruction ---- */

static unsigned blocked_seconds = BLOCKED_SECONDS;

static void alarm_rang(int number)
{
    (void)number; /* it interrupts a wait: that is all */
}

/* Wait until the program has stopped; a program that has ended is left for program_wait to reap. */
static enum step_result stop_await(struct program *program)
{
    siginfo_t info = {.si_pid = 0};
    id_t pid = (id_t)program->process.pid;

    if (waitid(P_PID, pid, &info, WEXITED | WSTOPPED | WNOWAIT) == -1)
        return errno == EINTR ? STEP_BLOCKED : STEP_ENDED;
    if (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED)
        return STEP_ENDED;
    waitid(P_PID, pid, &info, WSTOPPED);
    return STEP_DONE;
}

void watch_seize(struct program *program)
{
    struct check *check = program->check;
    struct sigaction ring = {.sa_handler = alarm_rang}; /* without SA_RESTART */

    sigaction(SIGALRM, &ring, NULL);
    blocked_seconds = (unsigned)(BLOCKED_SECONDS * process_time_scale()); /* once: steps are many */
    if (!machine_steps_end()) {
        const struct machine_answer steps = machine_steps();
        check_unjudged(check, check_text(check, "%s; %s", steps.what, steps.cure));
    }
    if (ptrace(PTRACE_SEIZE, program->process.pid, NULL, PTRACE_O_TRACESYSGOOD) == -1) {
        int number = errno;
        const struct machine_answer steps = machine_steps();
        if (!steps.good)
            check_unjudged(check, check_text(check, "%s; %s", steps.what, steps.cure));
        if (number == EPERM || number == ENOSYS) /* of this program only: it may have made itself undumpable */
            check_skip(check, "this system does not allow ptrace(2): see `sysctl kernel.yama.ptrace_scope`");
        check_broken(check, "ptrace(PTRACE_SEIZE): %s", strerror(number));
    }
    if (ptrace(PTRACE_INTERRUPT, program->process.pid, NULL, NULL) == -1 || stop_await(program) != STEP_DONE)
        check_broken(check, "ptrace(PTRACE_INTERRUPT): %s", strerror(errno));
    check_note(check, "%s is stopped; from here on it goes one step at a time", program->short_name);
}

enum step_result watch_resume(struct program *program, int how, int signal_number)
{
    /* the number goes where a pointer is declared: ptrace(2) */
    if (ptrace((enum __ptrace_request)how, program->process.pid, NULL, (void *)(intptr_t)signal_number) == -1)
        return STEP_ENDED;
    alarm(blocked_seconds);
    enum step_result result = stop_await(program);
    alarm(0);
    return result;
}

enum step_result watch_step(struct program *program)
{
    return watch_resume(program, PTRACE_SINGLESTEP, 0);
}

enum step_result watch_call(struct program *program, long *call)
{
    struct __ptrace_syscall_info info = {.op = PTRACE_SYSCALL_INFO_NONE};
    enum step_result result = watch_resume(program, PTRACE_SYSCALL, 0);

    if (result == STEP_DONE && ptrace(PTRACE_GET_SYSCALL_INFO, program->process.pid, sizeof info, &info) <= 0)
        check_unjudged(program->check, "this system's ptrace(2) has no PTRACE_GET_SYSCALL_INFO (Linux 5.3)");
    *call = info.op == PTRACE_SYSCALL_INFO_ENTRY ? (long)info.entry.nr : -1;
    return result;
}

void watch_release(struct program *program)
{
    check_note(program->check, "%s runs by itself again", program->short_name);
    ptrace(PTRACE_DETACH, program->process.pid, NULL, NULL);
}
