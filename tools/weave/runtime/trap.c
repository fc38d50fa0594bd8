/*
 * Trap mode: seeing the accesses of code that was not compiled with our callbacks, such as a Python
 * interpreter.
 *
 * Shared pages are kept inaccessible. Each access faults; the handler treats it like a callback, opens the
 * page, lets the one instruction run by single-stepping (the trap flag of x86), and closes the page again.
 */
#include "runtime.h"

#include <signal.h>
#include <string.h>
#include <ucontext.h>

enum { FAULT_WRITE = 2, TRAP_FLAG = 0x100, LONGEST_PREFIX = 14 };

static struct {
    uint32_t where, size;
    bool wrote;
} trapped;

struct instruction {
    unsigned size;
    bool locked;
};

static unsigned trap_sse_size(const uint8_t *code, bool operand_16, bool wide)
{
    switch (code[0]) {
    case 0x10:
    case 0x11:
    case 0x28:
    case 0x29:
    case 0x6f:
    case 0x7f:
    case 0xe7:
    case 0xf0:
        return 16;
    case 0xd6:
    case 0x12:
    case 0x13:
    case 0x16:
    case 0x17:
    case 0x7e:
        return 8;
    case 0x6e:
        return wide ? 8 : 4;
    case 0xb6:
    case 0xbe:
    case 0xb0:
    case 0xc0:
        return 1;
    case 0xb7:
    case 0xbf:
        return 2;
    default:
        return wide ? 8 : operand_16 ? 2 : 4;
    }
}

/* How many bytes the instruction touches: exact for moves, comparisons and arithmetic, else the operand's
 * natural size. */
static struct instruction trap_decode(const uint8_t *code)
{
    struct instruction it = {0};
    bool operand_16 = false, wide = false;
    for (int i = 0; i < LONGEST_PREFIX; i++, code++) {
        if (*code == 0xf0)
            it.locked = true;
        else if (*code == 0x66)
            operand_16 = true;
        else if (*code != 0xf2 && *code != 0xf3 && *code != 0x2e && *code != 0x3e && *code != 0x64 && *code != 0x65)
            break;
    }
    if ((*code & 0xf0) == 0x40)
        wide = *code++ & 8;
    if (*code == 0xc5 || *code == 0xc4 || *code == 0x62) { /* VEX, EVEX: vector moves */
        bool long_vector = *code == 0xc5 ? code[1] & 4 : code[2] & 4;
        it.size = *code == 0x62 ? 64 : long_vector ? 32 : 16;
    } else if (*code == 0x0f) {
        it.size = trap_sse_size(code + 1, operand_16, wide);
    } else {
        bool byte = !(*code & 1) && *code != 0x8e && *code != 0xc4;
        it.size = byte ? 1 : wide ? 8 : operand_16 ? 2 : 4;
        it.locked |= *code == 0x86 || *code == 0x87; /* xchg with memory is always locked */
    }
    return it;
}

static void trap_on_fault(int signal, siginfo_t *info, void *context)
{
    ucontext_t *where = context;
    uint32_t room = runtime.on ? segment_find(info->si_addr, &trapped.where) : 0;
    if (room == 0) { /* a real fault: happens again without a handler */
        struct sigaction plain = {.sa_handler = SIG_DFL};
        sigaction(signal, &plain, NULL);
        return;
    }
    const uint8_t *code = (const uint8_t *)(uintptr_t)where->uc_mcontext.gregs[REG_RIP];
    struct instruction it = trap_decode(code);
    segment_open();
    uint32_t size = it.size < room ? it.size : room;
    bool wrote = where->uc_mcontext.gregs[REG_ERR] & FAULT_WRITE;
    access_of_peer(info->si_addr, trapped.where, size, wrote ? ACCESS_WRITE : 0, it.locked, site_at(code));
    trapped.size = size;
    trapped.wrote = wrote;
    where->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void trap_on_step(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    ucontext_t *where = context;
    where->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    if (trapped.wrote)
        shadow_changed(runtime.control, runtime.me, trapped.where, trapped.size);
    segment_close();
}

void trap_install(void)
{
    struct sigaction fault = {.sa_sigaction = trap_on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    struct sigaction step = {.sa_sigaction = trap_on_step, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &fault, NULL);
    sigaction(SIGTRAP, &step, NULL);
}
