/*
 * What differs between processors: where a context's program counter is, what an instruction does to memory, and how
 * to run that one instruction. One implementation for each: machine_x86_64.c, machine_aarch64.c.
 */
#ifndef WEAVE_MACHINE_H
#define WEAVE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

static inline uintptr_t machine_pc(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
#error "where is the program counter in a ucontext_t of this machine?"
#endif
}

/* What the instruction that has faulted does to memory. */
struct machine_access {
    uint32_t size;  /* bytes; exact for moves, comparisons and arithmetic, else the operand's natural size */
    bool write;     /* it stores, and may load, too */
    bool locked;    /* atomic by itself: a locked instruction, a load that acquires ... */
    bool exclusive; /* half of a pair that a step would tear apart */
};

/* Pages for single steps, where the processor needs them. Before the first fault. */
void machine_prepare(void);

/* `context` is that of a fault in the instruction. */
struct machine_access machine_decode(const ucontext_t *context);

/* From the fault's handler: the instruction runs when the handler has returned, and SIGTRAP follows it. */
void machine_step(ucontext_t *context);

/* From SIGTRAP's handler: goes on after that instruction. */
void machine_stepped(ucontext_t *context);

/* Is the instruction at `pc` one of the linker's stubs, through which a program calls a library? No debugging
 * information knows those. A jump of the program's own that looks the same is taken for one. */
bool machine_in_stub(uintptr_t pc);

#endif
