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

#define RM_SIB 4 /* rm: a SIB byte follows */
#define RM_RIP 5 /* rm, without a displacement: relative to rip */

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
    unsigned int modrm, rm;
    u64 insn, address;

    if ( (u16)regs->cs != SEL_USER_CS64 || !guest_load_u64(&insn, to_gva(regs->rip)) )
        return false;
    out->xchg = (insn & DIRECT_MASK) == DIRECT_XCHG;
    if ( !out->xchg && (insn & DIRECT_MASK) != DIRECT_MOV )
        return false;

    modrm = (u8)(insn >> 16);
    rm = modrm & 7;
    if ( rm == RM_SIB || modrm >> 6 == 3 || (rm == RM_RIP && modrm >> 6 == 0) )
        return false;
    address = *regs_general(regs, rm | (insn & REX_B ? 8 : 0));
    out->length = 3;
    if ( modrm >> 6 == 1 )
    {
        address += (u64)(s8)(insn >> 24);
        out->length += sizeof(s8);
    }
    else if ( modrm >> 6 == 2 )
    {
        address += (u64)(s32)(insn >> 24);
        out->length += sizeof(s32);
    }
    out->reg = regs_general(regs, (modrm >> 3 & 7) | (insn & REX_R ? 8 : 0));
    return address == va;
}

#endif
