/* x86-64: single steps by the trap flag; the page fault's error code tells loads from stores. */
#include "machine.h"

#include <string.h>

enum { FAULT_WRITE = 2, TRAP_FLAG = 0x100, LONGEST_PREFIX = 14 };

static unsigned sse_size(const uint8_t *code, bool operand_16, bool wide)
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

struct machine_access machine_decode(const ucontext_t *context)
{
    const uint8_t *code = (const uint8_t *)machine_pc(context);
    struct machine_access it = {.write = context->uc_mcontext.gregs[REG_ERR] & FAULT_WRITE};
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
        it.size = sse_size(code + 1, operand_16, wide);
    } else {
        bool byte = !(*code & 1) && *code != 0x8e && *code != 0xc4;
        it.size = byte ? 1 : wide ? 8 : operand_16 ? 2 : 4;
        it.locked |= *code == 0x86 || *code == 0x87; /* xchg with memory is always locked */
    }
    return it;
}

void machine_prepare(void)
{
}

void machine_step(ucontext_t *context)
{
    context->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

void machine_stepped(ucontext_t *context)
{
    context->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

bool machine_in_stub(uintptr_t pc)
{
    static const uint8_t landing[] = {0xf3, 0x0f, 0x1e, 0xfa}; /* endbr64 */
    const uint8_t *code = (const uint8_t *)pc;

    if (memcmp(code, landing, sizeof landing) == 0)
        code += sizeof landing;
    code += *code == 0xf2;                         /* bnd */
    if (*code == 0xff)                             /* push and jmp, by an address beside the program counter: the */
        return code[1] == 0x35 || code[1] == 0x25; /* psABI's figure of a procedure linkage table */
    if (*code != 0x68)                             /* push of the entry's number, before the jump to the first entry */
        return false;
    code += 1 + sizeof(uint32_t);
    code += *code == 0xf2;
    return *code == 0xe9;
}
