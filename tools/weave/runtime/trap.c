/*
 * Trap mode: seeing the accesses of code that was not compiled with our callbacks, such as a Python
 * interpreter.
 *
 * Shared pages are kept inaccessible. Each access faults; the handler treats it like a callback, opens the
 * page, lets the one instruction run, and closes the page again.
 */
#include "machine.h"
#include "runtime.h"

#include <signal.h>
#include <string.h>

static struct {
    uint32_t where, size;
    bool wrote;
} trapped;

static void trap_on_fault(int signal, siginfo_t *info, void *context)
{
    uint32_t room = runtime.on ? segment_find(info->si_addr, &trapped.where) : 0;
    if (room == 0) { /* a real fault: happens again without a handler */
        struct sigaction plain = {.sa_handler = SIG_DFL};
        sigaction(signal, &plain, NULL);
        return;
    }
    struct machine_access it = machine_decode(context);
    if (it.exclusive)
        unmodelled("uses LDXR in a program without callbacks", (const void *)machine_pc(context));
    segment_open();
    uint32_t size = it.size < room ? it.size : room;
    access_of_peer(info->si_addr, trapped.where, size, it.write ? ACCESS_WRITE : 0, it.locked,
                   site_at((const void *)machine_pc(context)));
    trapped.size = size;
    trapped.wrote = it.write;
    machine_step(context);
}

static void trap_on_step(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    machine_stepped(context);
    if (trapped.wrote)
        shadow_changed(runtime.control, runtime.me, trapped.where, trapped.size);
    segment_close();
}

void trap_install(void)
{
    machine_prepare();
    struct sigaction fault = {.sa_sigaction = trap_on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    struct sigaction step = {.sa_sigaction = trap_on_step, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &fault, NULL);
    sigaction(SIGTRAP, &step, NULL);
}
