/*
 * Start-up: from exec to the first turn.
 *
 * A program is executed once. Before its main, or for an uninstrumented program at the first call that opens
 * something shared, it becomes a fork server: its child takes part in the runs, in many of them if it can go back to
 * its beginning (snapshot.c), else there is a new one for every run. So a run costs that and not the loading of a
 * program.
 */
#include "machine.h"
#include "runtime.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNNER = 1 }; /* process 1 of the sandbox */

struct runtime runtime = {.me = -1};

void *real_find(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        static const char message[] = "weave: the C library lacks a function that a wrapper needs\n";
        syscall(SYS_write, STDERR_FILENO, message, sizeof message - 1);
        syscall(SYS_exit_group, 127);
    }
    return found;
}

/* The linker marks the ends of a section whose name is an identifier. */
extern struct real_entry __start_weave_real[], __stop_weave_real[];

static void real_find_all(void)
{
    for (struct real_entry *entry = __start_weave_real; entry < __stop_weave_real; entry++)
        entry->function = real_find(entry->name);
}

long boot_futex(int32_t *word, int operation, int32_t value)
{
    return syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

static void boot_announce(int32_t *counter)
{
    __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
    boot_futex(counter, FUTEX_WAKE, INT_MAX);
}

static bool boot_is_own_code(uintptr_t pc)
{
    Dl_info here, there;
    return dladdr((void *)(uintptr_t)boot_futex, &here) != 0 && dladdr((void *)pc, &there) != 0 &&
           here.dli_fbase == there.dli_fbase;
}

/*
 * The runner's watchdog: this process holds the turn and has computed for long without a step. It is set
 * aside, so that others can go on; when they cannot it comes back. dladdr is not async-signal-safe, but the
 * program is in a loop of its own when this arrives.
 */
static void boot_on_watchdog(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    const ucontext_t *where = context;
    uintptr_t pc = machine_pc(where);
    struct control *control = runtime.control;
    /* The acquire pairs with the release in watch_park. */
    if (!runtime.on || control->turn != runtime.me || boot_is_own_code(pc) || machine_in_stub(pc) ||
        control->parkings >= __atomic_load_n(&control->parkings_asked, __ATOMIC_ACQUIRE))
        return;
    runtime.self->wait_where = 0;
    control->parkings++;
    uint16_t site = site_at(fault_place((void *)(pc + 1)));
    record_event(runtime.control, runtime.me, EVENT_LOOP, site);
    turn_block(PROCESS_PARKED, WAIT_LOOP, NULL, site);
}

/* A signal cannot be taken back: whatever the program writes into the control segment later, the runner,
 * process 1 of the sandbox, knows that something was found. */
static void boot_tell_runner(void)
{
    syscall(SYS_kill, RUNNER, WEAVE_SIGNAL_FOUND);
}

static void boot_watch(void)
{
    struct sigaction watchdog = {.sa_sigaction = boot_on_watchdog, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(WEAVE_SIGNAL_WATCHDOG, &watchdog, NULL);
    signal_enter_run();
    fault_install();
}

/* The release pairs with the acquire in session_rested. */
void boot_rest(int32_t run)
{
    __atomic_store_n(&runtime.control->resting[runtime.me], run, __ATOMIC_RELEASE);
    syscall(SYS_kill, RUNNER, SIGUSR1); /* it looks */
}

static void boot_on_exit(int status, void *nothing)
{
    (void)nothing;
    process_ended(status);
}

/* In the child: becomes a process of the run, and of those after it, as long as it can go back to this place. */
static void boot_enter_run(void)
{
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    runtime.self = &runtime.control->process[runtime.me];
    runtime.self->pid = (int32_t)syscall(SYS_getpid);
    runtime.self->uninstrumented = runtime.peer;
    boot_watch();
    if (runtime.trap)
        trap_install();
    runtime.on = true;
    record_announce = boot_tell_runner;
    bool again = (runtime.control->residents >> runtime.me & 1) && !runtime.peer && snapshot_take();
    syscall(SYS_lseek, STDIN_FILENO, 0, SEEK_SET); /* the run before has read the same file */
    if (again)
        boot_rest(runtime.control->epoch);
    else
        boot_announce(&runtime.control->arrived);
    turn_wait_first();
}

/* The process was another program until now, and holds the turn: see exec_calls.c. */
static void boot_go_on(void)
{
    real_find_all();
    fault_prepare();
    boot_watch();
    if (runtime.trap)
        trap_install();
    record_announce = boot_tell_runner;
    runtime.on = true;
}

/* An interpreter begins by much that is no business of ours: as in a server, it takes part when it opens something. */
static bool boot_may_defer(void)
{
    return runtime.peer && dlsym(RTLD_DEFAULT, "Py_IsInitialized") != NULL;
}

/* Returns in the child of every run. */
static void boot_serve(void)
{
    struct control *control = runtime.control;
    int32_t epoch = 0;
    real_find_all();
    fault_prepare();
    boot_announce(&control->arrived);
    for (;;) {
        int32_t now;
        while ((now = __atomic_load_n(&control->server_go[runtime.me], __ATOMIC_SEQ_CST)) == epoch)
            boot_futex(&control->server_go[runtime.me], FUTEX_WAIT, epoch);
        epoch = now;
        if (epoch < 0)
            syscall(SYS_exit_group, 0);
        pid_t child = REAL(fork)();
        if (child == 0) {
            boot_enter_run();
            return;
        }
        int status = 0;
        if (child > 0)
            REAL(waitpid)(child, &status, 0);
        control->process[runtime.me].exit_status = status;
        boot_announce(&control->reaped[runtime.me]);
    }
}

void boot_if_deferred(void)
{
    if (!runtime.deferred)
        return;
    runtime.deferred = false;
    if (runtime.self == NULL)
        boot_serve();
    else
        boot_go_on();
}

static int boot_number(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? -1 : atoi(text);
}

/* What another program needs that this process may go over into. */
static void boot_keep(int descriptor)
{
    struct stat status;
    const char *library = getenv("LD_PRELOAD");
    syscall(SYS_fcntl, descriptor, F_SETFD, FD_CLOEXEC);
    snprintf(runtime.library, sizeof runtime.library, "%s", library == NULL ? "" : library);
    runtime.descriptor = REAL(fstat)(descriptor, &status) == 0 ? descriptor : -1;
    runtime.control_inode = status.st_ino;
}

/* Priority 101, the first that programs may use: before the program's own constructors. */
__attribute__((constructor(101))) static void boot_start(void)
{
    int descriptor = boot_number(WEAVE_ENV_CONTROL), slot = boot_number(WEAVE_ENV_SLOT);
    if (descriptor < 0 || slot < 0 || slot >= WEAVE_PROCESSES)
        return;
    struct control *control = (void *)syscall(SYS_mmap, WEAVE_CONTROL_ADDRESS, sizeof(struct control),
                                              PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, descriptor, 0);
    if (control != WEAVE_CONTROL_ADDRESS)
        return;
    boot_keep(descriptor);
    const char *peer = getenv(WEAVE_ENV_PEER);
    runtime.control = control;
    runtime.me = slot;
    runtime.peer = peer != NULL;
    runtime.trap = peer != NULL && peer[0] == 't';
    unsetenv(WEAVE_ENV_CONTROL);
    unsetenv(WEAVE_ENV_SLOT);
    unsetenv(WEAVE_ENV_PEER);
    unsetenv("LD_PRELOAD");
    bool goes_on = getenv(WEAVE_ENV_ENTER) != NULL;
    unsetenv(WEAVE_ENV_ENTER);
    if (goes_on) {
        runtime.self = &control->process[slot];
        exec_entered();
        runtime.deferred = boot_may_defer();
        if (!runtime.deferred)
            boot_go_on();
        return;
    }
    control->image[slot].base = image_base();
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (runtime.peer) {
        runtime.deferred = true;
    } else {
        on_exit(boot_on_exit, NULL); /* nothing was registered before, so it is called last of all */
        boot_serve();
    }
}
