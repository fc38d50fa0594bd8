/*
 * Where a program crashes: fatal signals are noted in the trace with their place, then take their course.
 *
 * A handler that the program installs itself replaces ours. On its own stack, since a stack overflow is a way
 * to crash, too.
 */
#include "machine.h"
#include "runtime.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024 };

static char stack[STACK_BYTES];
static const void *aborted_at; /* who called abort() or failed an assert() */

/* Neither the C library nor this one, which its callbacks and wrappers crash in on the program's behalf. */
static bool fault_is_in_program(const void *pc)
{
    extern char **environ; /* any symbol of the C library */
    Dl_info there, library, own;
    return dladdr(pc, &there) != 0 && dladdr((void *)(uintptr_t)&environ, &library) != 0 && dladdr(stack, &own) != 0 &&
           there.dli_fbase != library.dli_fbase && there.dli_fbase != own.dli_fbase;
}

/*
 * `pc`, or where the program called what is there, as the address after it. Unwinding is not async-signal-safe: this is
 * for processes that are about to die or have computed for long.
 */
const void *fault_place(const void *pc)
{
    enum { FRAMES = 32, OWN = 2 }; /* this function and the handler */
    if (runtime.peer || fault_is_in_program((const char *)pc - 1))
        return pc;
    void *frame[FRAMES];
    int frames = backtrace(frame, FRAMES);
    for (int i = OWN; i < frames; i++)
        if (fault_is_in_program(frame[i]))
            return frame[i];
    return pc;
}

static void fault_note(int signal, siginfo_t *info, void *context)
{
    (void)info;
    const ucontext_t *where = context;
    uintptr_t pc = machine_pc(where);
    if (runtime.on && runtime.control->turn == runtime.me) {
        struct event *event = record_event(runtime.control, runtime.me, EVENT_FAULT, WEAVE_NO_SITE);
        event->value = (uint64_t)signal;
        if (signal == SIGABRT && aborted_at != NULL)
            event->site = site_at(aborted_at);
        else
            event->site = site_at(fault_place((void *)(pc + 1)));
    }
    /* SA_RESETHAND has restored the default: a fault happens again at once, a signal that was sent is sent again. */
    syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), signal);
}

void fault_prepare(void)
{
    void *frame[1];
    backtrace(frame, 1);
}

void fault_install(void)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternative, NULL);
    struct sigaction note = {.sa_sigaction = fault_note, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND | SA_ONSTACK};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        struct sigaction before;
        if (sigaction(fatal[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(fatal[i], &note, NULL);
    }
}

WEAVE_EXPORT _Noreturn void abort(void)
{
    aborted_at = CALLER;
    REAL(abort)();
    __builtin_unreachable();
}

/* <assert.h> declares it only without NDEBUG. */
WEAVE_EXPORT _Noreturn void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function);

WEAVE_EXPORT _Noreturn void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
    aborted_at = CALLER;
    REAL(__assert_fail)(assertion, file, line, function);
    __builtin_unreachable();
}
