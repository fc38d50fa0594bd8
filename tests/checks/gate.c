/* See gate.h. */
#define _GNU_SOURCE
#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "objects.h"
#include "watch.h"

/* The file that the program has for shared memory: an object of the check's own, empty. Its name. */
static const char *file_make(struct check *check, struct gate *gate)
{
    const char *name = check_name(check);

    posix_create(check, name, GATE_SIZE, 0600);
    gate->path = check_text(check, "/dev/shm%s", name);
    gate->fd = shm_open(name, O_RDWR, 0);
    if (gate->fd == -1 || ftruncate(gate->fd, 0) == -1)
        check_broken(check, "shm_open(%s): %s", name, strerror(errno));
    return name;
}

/* Let the program, or the kernel for it, reach the bytes. */
static void gate_open(struct gate *gate)
{
    if (pwrite(gate->fd, gate->bytes, GATE_SIZE, 0) != GATE_SIZE)
        check_broken(gate->program->check, "pwrite(%s): %s", gate->path, strerror(errno));
}

/* From now on each access is a SIGBUS again; pages that are mapped are taken away by ftruncate(2), too. */
static void gate_close(struct gate *gate)
{
    if (pread(gate->fd, gate->bytes, GATE_SIZE, 0) != GATE_SIZE || ftruncate(gate->fd, 0) == -1)
        check_broken(gate->program->check, "ftruncate(%s): %s", gate->path, strerror(errno));
}

/* Which byte of the file is at this address of the program? -1: none. See proc(5), "maps". */
static long offset_of(struct gate *gate, uintptr_t address)
{
    char path[32], line[512], access[8];
    uintptr_t begin, end;
    long found = -1;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)gate->program->process.pid);
    FILE *maps = fopen(path, "re");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%zx-%zx %7s", &begin, &end, access) == 3 && address >= begin && address < end &&
            strstr(line, gate->path) != NULL) {
            gate->writable |= access[1] == 'w';
            found = (long)(address - begin);
        }
    if (maps != NULL)
        fclose(maps);
    return found;
}

/* It is at an access: let that one pass. */
static enum step_result access_pass(struct gate *gate, size_t offset, bool *more)
{
    gate->accesses++;
    *more = gate->event(gate, GATE_BEFORE, offset);
    gate_open(gate);
    if (!*more)
        return STEP_DONE;
    enum step_result result = watch_step(gate->program);
    gate_close(gate);
    *more = gate->event(gate, GATE_AFTER, offset);
    if (!*more)
        gate_open(gate);
    return result;
}

/* It enters the kernel, which may look at the memory for it: a SIGBUS would be an EFAULT there. */
static enum step_result call_pass(struct gate *gate, bool *more)
{
    struct __ptrace_syscall_info info = {.op = PTRACE_SYSCALL_INFO_NONE};
    pid_t pid = gate->program->process.pid;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
        check_unjudged(gate->program->check, "this system's ptrace(2) has no PTRACE_GET_SYSCALL_INFO (Linux 5.3)");
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return STEP_DONE;
    if ((info.entry.nr == SYS_write || info.entry.nr == SYS_writev) && info.entry.args[0] == STDOUT_FILENO)
        *more = gate->event(gate, GATE_PRINT, 0);
    gate_open(gate);
    if (!*more)
        return STEP_DONE;
    enum step_result result = watch_resume(gate->program, PTRACE_SYSCALL, 0);
    gate_close(gate);
    return result;
}

/* One stop of the program. Returns the signal that it gets when it goes on. */
static int stop_handle(struct gate *gate, enum step_result *result, bool *more)
{
    siginfo_t why = {.si_signo = 0};

    if (ptrace(PTRACE_GETSIGINFO, gate->program->process.pid, NULL, &why) == -1) {
        *result = errno == ESRCH ? STEP_ENDED : STEP_DONE;
        return 0;
    }
    if (why.si_signo == SIGTRAP) {
        if (why.si_code == (SIGTRAP | 0x80)) /* PTRACE_O_TRACESYSGOOD */
            *result = call_pass(gate, more);
        return 0;
    }
    long offset = why.si_signo == SIGBUS ? offset_of(gate, (uintptr_t)why.si_addr) : -1;
    if (offset < 0 || offset >= GATE_SIZE)
        return why.si_signo; /* its own affair */
    *result = access_pass(gate, (size_t)offset, more);
    return 0;
}

void gate_run(struct check *check, struct gate *gate, const char *const argv[])
{
    enum step_result result = STEP_DONE;
    bool more = true;
    int number = 0;

    const char *name = file_make(check, gate);
    check_gate(check, gate->path);
    gate->program = check_start(check, argv);
    check_gate(check, NULL);
    AWAIT(check, program_waits_to_go(gate->program) || !program_runs(gate->program), "the program begins");
    watch_seize(gate->program);
    program_go(gate->program);
    while (result == STEP_DONE && more) {
        result = watch_resume(gate->program, PTRACE_SYSCALL, number);
        number = 0;
        if (result == STEP_DONE)
            number = stop_handle(gate, &result, &more);
    }
    if (result == STEP_BLOCKED)
        gate_open(gate); /* it waits for something: it may go on by itself */
    watch_release(gate->program);
    program_wait(gate->program);
    close(gate->fd);
    posix_remove(check, name);
}
