/*
 * Every form of load and store that a compiler or a C library takes: one fault each, with size and direction, and the
 * value arrives. It stands alone, since it also runs as a program for arm64 under an emulator.
 */
#include "runtime/machine.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { SIZE = 65536, STEP = 64, MOST = 8 };

static uint8_t *shared;
/* Written by a handler in the middle of what the compiler takes for one access. */
static volatile struct machine_access seen[MOST];
static volatile int faults;
static int failures;

static void on_fault(int number, siginfo_t *info, void *context)
{
    const uint8_t *address = info->si_addr;
    if (address < shared || address >= shared + SIZE) {
        signal(number, SIG_DFL);
        return;
    }
    if (faults < MOST)
        seen[faults] = machine_decode(context);
    faults++;
    mprotect(shared, SIZE, PROT_READ | PROT_WRITE);
    machine_step(context);
}

static void on_step(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    machine_stepped(context);
    mprotect(shared, SIZE, PROT_NONE);
}

static void expect(const char *what, int place, uint32_t size, bool write, bool locked)
{
    const volatile struct machine_access *it = &seen[place];
    if (faults > place && it->size == size && it->write == write && it->locked == locked)
        return;
    failures++;
    printf("%s: %d faults; %u bytes, %s%s; expected %u bytes, %s%s\n", what, faults, it->size,
           it->write ? "write" : "read", it->locked ? ", locked" : "", size, write ? "write" : "read",
           locked ? ", locked" : "");
}

static void expect_that(const char *what, bool holds)
{
    failures += !holds;
    if (!holds)
        printf("%s\n", what);
}

#define TRY(size, write, locked, ...)                              \
    do {                                                           \
        faults = 0;                                                \
        __VA_ARGS__;                                               \
        expect(#__VA_ARGS__, 0, (size), (write), (locked));        \
        expect_that("one fault only: " #__VA_ARGS__, faults == 1); \
    } while (0)

/* What the memory holds by now, seen without a fault. */
static uint64_t value_at(size_t offset, size_t size)
{
    uint64_t value = 0;
    mprotect(shared, SIZE, PROT_READ | PROT_WRITE);
    memcpy(&value, shared + offset, size);
    mprotect(shared, SIZE, PROT_NONE);
    return value;
}

static void try_plain(void)
{
    volatile uint8_t *b = shared;
    volatile uint16_t *h = (volatile uint16_t *)(void *)shared;
    volatile uint32_t *w = (volatile uint32_t *)(void *)shared;
    volatile uint64_t *x = (volatile uint64_t *)(void *)shared;
    uint64_t read = 0;
    TRY(1, true, false, b[3] = 7);
    TRY(1, false, false, read = b[3]);
    expect_that("a byte", read == 7);
    TRY(2, true, false, h[2] = 900);
    TRY(2, false, false, read = h[2]);
    expect_that("two bytes", read == 900);
    TRY(4, true, false, w[3] = 1u << 31);
    TRY(4, false, false, read = w[3]);
    expect_that("four bytes", read == 1u << 31);
    TRY(8, true, false, x[3] = 1ull << 63);
    TRY(8, false, false, read = x[3]);
    expect_that("eight bytes", read == 1ull << 63);
    TRY(4, false, false, read = (uint64_t)(int64_t)(int32_t)w[3]);
    expect_that("with its sign", (int64_t)read == INT32_MIN);
}

#if defined(__aarch64__)

static void try_ordered(void)
{
    uint8_t *byte = shared + STEP;
    uint64_t read;
    TRY(1, true, true, __atomic_store_n(byte, 3, __ATOMIC_RELEASE));
    TRY(1, false, true, read = __atomic_load_n(byte, __ATOMIC_ACQUIRE));
    expect_that("a byte by STLR and LDAR", read == 3);
    TRY(4, false, true, __asm__ volatile(".arch armv8.3-a\nldapr w9, [%0]" ::"r"(shared + STEP) : "x9", "memory"));
    TRY(4, true, true,
        __asm__ volatile(".arch armv8.1-a\nldaddal %w0, w9, [%1]" ::"r"(5), "r"(shared + STEP)
                         : "x9", "memory"));
    expect_that("LDADD", value_at(STEP, 4) == 8);
    TRY(4, true, true,
        __asm__ volatile(".arch armv8.1-a\nswp %w0, w9, [%1]" ::"r"(12), "r"(shared + STEP)
                         : "x9", "memory"));
    TRY(4, true, true,
        __asm__ volatile(".arch armv8.1-a\nmov w9, #12\ncasal w9, %w0, [%1]" ::"r"(44), "r"(shared + STEP)
                         : "x9", "memory"));
    expect_that("CAS", value_at(STEP, 4) == 44);
    TRY(16, true, true,
        __asm__ volatile(".arch armv8.1-a\nmov x8, #44\nmov x9, #0\nmov x10, #1\nmov x11, #2\n"
                         "caspal x8, x9, x10, x11, [%0]" ::"r"(shared + STEP)
                         : "x8", "x9", "x10", "x11", "memory"));
    expect_that("CASP", value_at(STEP, 8) == 1 && value_at(STEP + 8, 8) == 2);
}

static struct machine_access decoded(uint32_t code)
{
    ucontext_t context = {0};
    context.uc_mcontext.pc = (uintptr_t)&code;
    return machine_decode(&context);
}

/* Not run: a step would tear a pair apart, and an emulator names other places for DC ZVA. */
static void try_decoding(void)
{
    expect_that("ldaxr x9, [x1]", decoded(0xc85ffc29).exclusive);
    expect_that("stlxr w0, x9, [x1]", decoded(0xc800fc29).exclusive);
    expect_that("ldxp w9, w10, [x1]", decoded(0x887f2829).exclusive);
    expect_that("ldxrb w9, [x1]", decoded(0x085f7c29).exclusive);
    expect_that("ldar is none", !decoded(0xc8dffc29).exclusive);
    expect_that("casp is none", !decoded(0x4860fc24).exclusive);
    expect_that("dc zva, x3", decoded(0xd50b7423).write && decoded(0xd50b7423).size == 64);
}

static void try_several(void)
{
    uint8_t *at = shared + 3 * STEP;
    uint64_t one, two;
    TRY(16, true, false, __asm__ volatile("stp %0, %1, [%2]" ::"r"(1ul), "r"(2ul), "r"(at) : "memory"));
    TRY(16, false, false, __asm__ volatile("ldp %0, %1, [%2], #16" : "=r"(one), "=r"(two), "+r"(at)::"memory"));
    expect_that("a pair, with write-back", one == 1 && two == 2 && at == shared + 3 * STEP + 16);
    at = shared + 3 * STEP;
    TRY(8, false, false, __asm__ volatile("ldp w9, w10, [%0]" ::"r"(at) : "x9", "x10", "memory"));
    TRY(8, false, false, __asm__ volatile("ldpsw x9, x10, [%0]" ::"r"(at) : "x9", "x10", "memory"));
    TRY(32, false, false, __asm__ volatile("ldp q0, q1, [%0]" ::"r"(at) : "v0", "v1", "memory"));
    TRY(16, true, false, __asm__ volatile("stp d0, d1, [%0]" ::"r"(at) : "memory"));
    TRY(16, false, false, __asm__ volatile("ldr q0, [%0]" ::"r"(at) : "v0", "memory"));
    TRY(16, true, false, __asm__ volatile("stur q0, [%0, #1]" ::"r"(at) : "memory"));
    TRY(4, true, false, __asm__ volatile("str s0, [%0, %1]" ::"r"(at), "r"(4ul) : "memory"));
    TRY(1, false, false, __asm__ volatile("ldrsb x9, [%0], #1" : "+r"(at)::"x9", "memory"));
    TRY(64, true, false, __asm__ volatile("st1 {v0.16b-v3.16b}, [%0]" ::"r"(at) : "memory"));
    TRY(24, false, false, __asm__ volatile("ld3 {v0.8b-v2.8b}, [%0]" ::"r"(at) : "v0", "v1", "v2", "memory"));
    TRY(4, false, false, __asm__ volatile("ld1 {v0.s}[1], [%0]" ::"r"(at) : "v0", "memory"));
    TRY(16, true, false, __asm__ volatile("st2 {v0.d, v1.d}[1], [%0]" ::"r"(at) : "memory"));
    TRY(2, false, false, __asm__ volatile("ld1r {v0.4h}, [%0]" ::"r"(at) : "v0", "memory"));
}

static void try_machine(void)
{
    try_ordered();
    try_decoding();
    try_several();
}

#else

static void try_machine(void)
{
    uint32_t *word = (uint32_t *)(void *)(shared + STEP), before;
    TRY(4, true, true, before = __atomic_exchange_n(word, 12, __ATOMIC_SEQ_CST));
    expect_that("XCHG", before == 0 && value_at(STEP, 4) == 12);
    TRY(4, true, true, __asm__ volatile("lock addl $5, %0" : "+m"(*word)::"memory"));
    expect_that("a locked addition", value_at(STEP, 4) == 17);
    TRY(4, true, true,
        __asm__ volatile("mov $17, %%eax\nlock cmpxchgl %1, %0"
                         : "+m"(*word)
                         : "r"(44)
                         : "eax", "memory"));
    expect_that("CMPXCHG", value_at(STEP, 4) == 44);
    TRY(16, false, false, __asm__ volatile("movups (%0), %%xmm0" ::"r"(shared + 1) : "xmm0", "memory"));
    TRY(16, true, false, __asm__ volatile("movups %%xmm0, (%0)" ::"r"(shared + 3 * STEP + 1) : "memory"));
    TRY(1, false, false, __asm__ volatile("movzbl (%0), %%eax" ::"r"(shared) : "eax", "memory"));
    TRY(2, false, false, __asm__ volatile("movswq (%0), %%rax" ::"r"(shared) : "rax", "memory"));
}

#endif

/* As objdump shows them. */
static void try_stubs(void)
{
#if defined(__x86_64__)
    static const uint8_t plain[] = {0xff, 0x25, 0xea, 0x2e, 0, 0},
                         number[] = {0x68, 1, 0, 0, 0, 0xe9, 0xd0, 0xff, 0xff, 0xff},
                         first[] = {0xff, 0x35, 0xe2, 0x2f, 0, 0},
                         marked[] = {0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 0, 0, 0, 0},
                         entry[] = {0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5}, call[] = {0xff, 0xd0, 0xc3};
    expect_that("a stub", machine_in_stub((uintptr_t)plain) && machine_in_stub((uintptr_t)number) &&
                              machine_in_stub((uintptr_t)first) && machine_in_stub((uintptr_t)marked));
    expect_that("no stub", !machine_in_stub((uintptr_t)entry) && !machine_in_stub((uintptr_t)call));
#else
    static const uint32_t stub[] = {0xd503245f, 0x90000090, 0xf9400211, 0x91000210, 0xd61f0220};
    static const uint32_t entry[] = {0xd503245f, 0xa9bf7bfd, 0x910003fd};
    for (size_t i = 0; i < sizeof stub / sizeof stub[0]; i++)
        expect_that("a stub", machine_in_stub((uintptr_t)&stub[i]));
    for (size_t i = 0; i < sizeof entry / sizeof entry[0]; i++)
        expect_that("no stub", !machine_in_stub((uintptr_t)&entry[i]));
#endif
}

int main(void)
{
    machine_prepare();
    shared = mmap(NULL, SIZE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    struct sigaction step = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    if (shared == MAP_FAILED || sigaction(SIGSEGV, &fault, NULL) != 0 || sigaction(SIGTRAP, &step, NULL) != 0)
        return 1;
    try_plain();
    try_machine();
    try_stubs();
    printf("%d failures\n", failures);
    return failures > 0;
}
