/*
 * arm64: user space may not set the step bit, so the one instruction is copied to a page of our own, followed by a
 * breakpoint, and runs there. No load or store relative to the program counter can reach shared memory. Every exception
 * clears the reservation of an exclusive load (LDXR), so its store would fail for ever: such code, of processors
 * before Armv8.1 or compiled for them, cannot be stepped. The kernel need not tell loads from stores: the instruction
 * does. Encodings: Arm Architecture Reference Manual for A-profile, DDI 0487, section C4.1, "Loads and Stores".
 */
#include "machine.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    INSTRUCTION = 4, /* bytes of each */
    BREAKPOINT = (int)0xd4200000u,
    ZERO_BLOCK = 64, /* bytes that DC ZVA clears: DCZID_EL0 of every processor that Linux meets so far */
};

static uint32_t *slot; /* the instruction, and a breakpoint after it */
static uintptr_t return_to;
static uint32_t bits(uint32_t code, unsigned first, unsigned count)
{
    return code >> first & ((1u << count) - 1);
}

/* LDXR, STXR, LDAR, STLR, CAS and their kin: bits 29..24 are 001000. */
static bool is_exclusive_group(uint32_t code)
{
    return bits(code, 24, 6) == 0x08;
}

static bool is_compare_and_swap(uint32_t code)
{
    return is_exclusive_group(code) && bits(code, 21, 1) && (bits(code, 23, 1) || !bits(code, 31, 1));
}

static bool is_exclusive(uint32_t code)
{
    return is_exclusive_group(code) && !bits(code, 23, 1) && !is_compare_and_swap(code);
}

static struct machine_access decode_exclusive(uint32_t code)
{
    struct machine_access it = {.size = 1u << bits(code, 30, 2), .write = !bits(code, 22, 1), .locked = true};
    it.exclusive = is_exclusive(code);
    if (is_compare_and_swap(code)) {
        it.write = true;
        if (!bits(code, 23, 1)) /* CASP: two of 4 or of 8 bytes */
            it.size = bits(code, 30, 1) ? 16 : 8;
    } else if (!bits(code, 23, 1) && bits(code, 21, 1)) {
        it.size *= 2; /* LDXP, STXP */
    }
    return it;
}

/* LDP, STP, LDNP, STNP, LDPSW. */
static struct machine_access decode_pair(uint32_t code)
{
    uint32_t opc = bits(code, 30, 2), one = bits(code, 26, 1) ? 4u << opc : opc == 2 ? 8 : 4;
    return (struct machine_access){.size = 2 * one, .write = !bits(code, 22, 1)};
}

/* One register: by offset of any kind, and the atomic operations of LSE. */
static struct machine_access decode_register(uint32_t code)
{
    struct machine_access it = {.size = 1u << bits(code, 30, 2)};
    uint32_t opc = bits(code, 22, 2);
    if (bits(code, 26, 1)) { /* vector */
        if (opc & 2)
            it.size = 16;
        it.write = !(opc & 1);
    } else if (!bits(code, 24, 1) && bits(code, 21, 1) &&
               bits(code, 10, 2) == 0) { /* LDADD ... SWP; LDAPR only loads */
        it.locked = true;
        it.write = bits(code, 12, 4) != 0xc;
    } else {
        it.write = opc == 0;
    }
    return it;
}

/* LD1 to LD4 and ST1 to ST4 of whole registers. */
static struct machine_access decode_structures(uint32_t code)
{
    static const uint8_t registers[16] = {[0] = 4, [2] = 4, [4] = 3, [6] = 3, [7] = 1, [8] = 2, [10] = 2};
    uint32_t one = bits(code, 30, 1) ? 16 : 8;
    return (struct machine_access){.size = registers[bits(code, 12, 4)] * one, .write = !bits(code, 22, 1)};
}

/* The same of one element of each register, and LD1R to LD4R. */
static struct machine_access decode_elements(uint32_t code)
{
    uint32_t opcode = bits(code, 13, 3), kind = opcode >> 1, elements = ((opcode & 1) << 1 | bits(code, 21, 1)) + 1;
    uint32_t one = kind == 0 ? 1 : kind == 1 ? 2 : kind == 3 ? 1u << bits(code, 10, 2) : bits(code, 10, 1) ? 8 : 4;
    return (struct machine_access){.size = elements * one, .write = !bits(code, 22, 1)};
}

static struct machine_access decode(uint32_t code)
{
    if (bits(code, 5, 27) == 0xd50b7420u >> 5) /* DC ZVA, of memset */
        return (struct machine_access){.size = ZERO_BLOCK, .write = true};
    if (is_exclusive_group(code))
        return decode_exclusive(code);
    if (bits(code, 27, 3) == 5 && !bits(code, 25, 1))
        return decode_pair(code);
    if (bits(code, 27, 3) == 7 && !bits(code, 25, 1))
        return decode_register(code);
    if (!bits(code, 31, 1) && bits(code, 24, 6) == 0x0c)
        return decode_structures(code);
    if (!bits(code, 31, 1) && bits(code, 24, 6) == 0x0d)
        return decode_elements(code);
    return (struct machine_access){.size = 8, .write = true}; /* of a later architecture: a guess on the safe side */
}

static uint32_t code_at(const ucontext_t *context)
{
    uint32_t code;
    memcpy(&code, (const void *)machine_pc(context), sizeof code);
    return code;
}

struct machine_access machine_decode(const ucontext_t *context)
{
    return decode(code_at(context));
}

void machine_prepare(void)
{
    void *page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        static const char message[] = "weave: this system gives no page that can be written and run\n";
        ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
        (void)written;
        _exit(127);
    }
    slot = page;
}

void machine_step(ucontext_t *context)
{
    slot[0] = code_at(context);
    slot[1] = (uint32_t)BREAKPOINT;
    __builtin___clear_cache((char *)slot, (char *)(slot + 2));
    return_to = machine_pc(context) + INSTRUCTION;
    context->uc_mcontext.pc = (uintptr_t)slot;
}

void machine_stepped(ucontext_t *context)
{
    context->uc_mcontext.pc = return_to;
}

/* The psABI's procedure linkage table: ADRP x16, LDR x17 [x16], ADD x16, BR x17, after a BTI where that is on. */
bool machine_in_stub(uintptr_t pc)
{
    const uint32_t code = *(const uint32_t *)pc;

    return (code & 0x9f00001f) == 0x90000010 || (code & 0xffc003ff) == 0xf9400211 ||
           (code & 0xff8003ff) == 0x91000210 || code == 0xd61f0220 ||
           (code == 0xd503245f && (*(const uint32_t *)(pc + 4) & 0x9f00001f) == 0x90000010);
}
