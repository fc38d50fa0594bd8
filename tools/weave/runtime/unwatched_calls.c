/*
 * Functions that weave does not follow (core/unwatched.h): a wrapper without arguments of its own looks whether one of
 * the first six is a pointer to shared memory, notes the function if so, and goes on into the real one with everything
 * as it was. The verdict names what was noted.
 */
#include "../core/unwatched.h"
#include "runtime.h"

enum { REGISTERS = 6 };

#define UNWATCHED_NAME(name) #name,
static const char *const names[] = {UNWATCHED_CALLS(UNWATCHED_NAME)};

/* Called by the code below: the real function. */
const void *unwatched_called(uint64_t number, const uint64_t *argument, const void *pc) __attribute__((used));

const void *unwatched_called(uint64_t number, const uint64_t *argument, const void *pc)
{
    static void *real[UNWATCHED_COUNT];
    if (real[number] == NULL)
        real[number] = real_find(names[number]);
    for (int i = 0; runtime.on && i < REGISTERS; i++) {
        uint32_t where;
        /* What is no pointer is no address of a segment either. */
        if (segment_find((const void *)(uintptr_t)argument[i], &where) == 0)
            continue;
        struct control *control = runtime.control;
        if (control->unwatched[number] == WEAVE_NO_SITE)
            control->unwatched[number] = site_at(pc);
    }
    return real[number];
}

/* Registers of arguments are as they were when the real function begins: the psABIs of x86-64, 3.2.3, and arm64, 6.8.2.
 */
#if defined(__x86_64__)
__asm__(".text\n"
        ".type unwatched_entry,@function\n"
        "unwatched_entry:\n"
        "    push %rbp\n"
        "    mov %rsp, %rbp\n"
        "    push %rax\n"
        "    push %r10\n"
        "    push %rdi\n"
        "    push %rsi\n"
        "    push %rdx\n"
        "    push %rcx\n"
        "    push %r8\n"
        "    push %r9\n"
        "    sub $128, %rsp\n"
        "    movups %xmm0, (%rsp)\n"
        "    movups %xmm1, 16(%rsp)\n"
        "    movups %xmm2, 32(%rsp)\n"
        "    movups %xmm3, 48(%rsp)\n"
        "    movups %xmm4, 64(%rsp)\n"
        "    movups %xmm5, 80(%rsp)\n"
        "    movups %xmm6, 96(%rsp)\n"
        "    movups %xmm7, 112(%rsp)\n"
        "    mov %r11, %rdi\n"
        "    lea -64(%rbp), %rsi\n"
        "    mov 8(%rbp), %rdx\n"
        "    call unwatched_called\n"
        "    mov %rax, %r11\n"
        "    movups (%rsp), %xmm0\n"
        "    movups 16(%rsp), %xmm1\n"
        "    movups 32(%rsp), %xmm2\n"
        "    movups 48(%rsp), %xmm3\n"
        "    movups 64(%rsp), %xmm4\n"
        "    movups 80(%rsp), %xmm5\n"
        "    movups 96(%rsp), %xmm6\n"
        "    movups 112(%rsp), %xmm7\n"
        "    add $128, %rsp\n"
        "    pop %r9\n"
        "    pop %r8\n"
        "    pop %rcx\n"
        "    pop %rdx\n"
        "    pop %rsi\n"
        "    pop %rdi\n"
        "    pop %r10\n"
        "    pop %rax\n"
        "    pop %rbp\n"
        "    jmp *%r11\n");
#define UNWATCHED_GO "    mov $unwatched_number, %r11d\n    jmp unwatched_entry\n"
#elif defined(__aarch64__)
__asm__(".text\n"
        ".type unwatched_entry,%function\n"
        "unwatched_entry:\n"
        "    stp x29, x30, [sp, #-224]!\n"
        "    mov x29, sp\n"
        "    stp x0, x1, [sp, #16]\n"
        "    stp x2, x3, [sp, #32]\n"
        "    stp x4, x5, [sp, #48]\n"
        "    stp x6, x7, [sp, #64]\n"
        "    str x8, [sp, #80]\n"
        "    stp q0, q1, [sp, #96]\n"
        "    stp q2, q3, [sp, #128]\n"
        "    stp q4, q5, [sp, #160]\n"
        "    stp q6, q7, [sp, #192]\n"
        "    mov x0, x17\n"
        "    add x1, sp, #16\n"
        "    mov x2, x30\n"
        "    bl unwatched_called\n"
        "    mov x17, x0\n"
        "    ldp x0, x1, [sp, #16]\n"
        "    ldp x2, x3, [sp, #32]\n"
        "    ldp x4, x5, [sp, #48]\n"
        "    ldp x6, x7, [sp, #64]\n"
        "    ldr x8, [sp, #80]\n"
        "    ldp q0, q1, [sp, #96]\n"
        "    ldp q2, q3, [sp, #128]\n"
        "    ldp q4, q5, [sp, #160]\n"
        "    ldp q6, q7, [sp, #192]\n"
        "    ldp x29, x30, [sp], #224\n"
        "    br x17\n");
#define UNWATCHED_GO "    mov x17, #unwatched_number\n    b unwatched_entry\n"
#endif

__asm__(".macro unwatched_stub name\n"
        ".globl \\name\n"
        ".type \\name,%function\n"
        "\\name:\n" UNWATCHED_GO ".set unwatched_number, unwatched_number + 1\n"
        ".endm\n");
#define UNWATCHED_STUB(name) "unwatched_stub " #name "\n"
__asm__(".text\n.set unwatched_number, 0\n" UNWATCHED_CALLS(UNWATCHED_STUB));
