/*
 * The stores of whole page-table entries that compilers make most, decoded in a few instructions: a
 * mov to memory, or an xchg with it, of a 64-bit register, in 64-bit code, where another register
 * points to the entry, a displacement added. store.c knows all others, and these.
 */
#ifndef PV_EMULATE_DIRECT_H
#define PV_EMULATE_DIRECT_H

#include "cpu/segments.h"
#include "cpu/uaccess_inline.h"
#include "pv/emulate/decode.h"

/* The REX prefix, of which only W must be set and the others may be, and the opcode. */
#define DIRECT_MASK 0xfff8
#define DIRECT_XCHG (0x8700 | 0x40 | REX_W)
#define DIRECT_MOV  (0x8900 | 0x40 | REX_W)

/*
 * The whole instruction's length by its ModRM byte; 0: it is none of these. Where rm is 4 a SIB byte follows, and 5
 * without a displacement is relative to rip.
 */
#define EACH_REG(...)                                                                              \
    __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__,     \
        __VA_ARGS__

static const u8 direct_length[256] = {
    EACH_REG(3, 3, 3, 3, 0, 0, 3, 3), /* no displacement */
    EACH_REG(4, 4, 4, 4, 0, 4, 4, 4), /* one of 8 bits */
    EACH_REG(7, 7, 7, 7, 0, 7, 7, 7), /* one of 32 bits; from here on it is no store to memory */
};

/* What is stored, and the instruction. */
struct emulate_direct {
    u64 *reg;
    u8 length;
    bool xchg;
};

/*
 * Decode the instruction at regs->rip that wrote to @va. False: it is none of these, or not wholly
 * within 8 bytes that can be read.
 */
static inline bool emulate_decode_direct(struct regs *regs, u64 va, struct emulate_direct *out)
{
    u64 insn, address;
    u8 modrm;

    if ( (u16)regs->cs != SEL_USER_CS64 || !guest_load_u64(&insn, to_gva(regs->rip)) )
        return false;
    out->xchg = (insn & DIRECT_MASK) == DIRECT_XCHG;
    if ( !out->xchg && (insn & DIRECT_MASK) != DIRECT_MOV )
        return false;

    modrm = (u8)(insn >> 16);
    out->length = direct_length[modrm];
    if ( !out->length )
        return false;
    address = *regs_general(regs, (modrm & 7) | (insn & REX_B ? 8 : 0));
    if ( out->length != 3 )
        address += out->length == 4 ? (u64)(s8)(insn >> 24) : (u64)(s32)(insn >> 24);
    out->reg = regs_general(regs, (modrm >> 3 & 7) | (insn & REX_R ? 8 : 0));
    return address == va;
}

#endif
