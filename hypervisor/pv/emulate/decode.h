/* Instruction bytes, prefixes and memory operands: what privileged.c and store.c share. */
#ifndef PV_EMULATE_DECODE_H
#define PV_EMULATE_DECODE_H

#include "cpu/regs.h"
#include "domain/domain.h"

#define INSN_MAX 15

struct insn {
    u8 bytes[INSN_MAX + 1];
    u8 available; /* bytes that could be fetched, at most INSN_MAX */
    u8 at;        /* next byte to take */
    bool overrun; /* more was asked than could be fetched: decoding failed */

    bool long_mode; /* 64-bit code */
    bool code16;    /* 16-bit code: sizes without a prefix are 2 bytes */
    bool lock, rep, repne, operand16, address_size; /* prefixes */
    u8 rex;
    u8 segment; /* override: 0 none, else the prefix byte */
    u16 opcode; /* 0x0f00 | byte for two-byte opcodes */

    u8 modrm;
    bool has_memory; /* the ModRM operand is memory, at address */
    u64 address;     /* linear */
};

#define REX_B 1
#define REX_X 2
#define REX_R 4
#define REX_W 8

/*
 * Where the code lies that @regs of current @v point to: rip, or in 32-bit code that and the base
 * of its segment. How many bytes of it there may be; 0: no such segment, or beyond its limit.
 */
u64 insn_address(const struct vcpu *v, const struct regs *regs, u64 *va);

/* Fetch there, then prefixes and opcode. False: nothing there, or no end of prefixes. */
bool insn_begin(struct insn *insn, const struct vcpu *v, const struct regs *regs);

/*
 * ModRM, SIB and displacement; @imm_bytes follow (for rip-relative operands). False also for
 * addresses of 16 bits.
 */
bool insn_modrm(struct insn *insn, const struct vcpu *v, const struct regs *regs,
                unsigned int imm_bytes);

/*
 * The base of the segment of a memory operand: the prefix's, else SS where the address begins with a
 * @stack register, else DS. Not its limit nor its rights: the processor has seen to those, where an
 * instruction came as far as its page fault. False: there is no such segment.
 */
bool insn_operand_base(const struct insn *insn, const struct vcpu *v, const struct regs *regs,
                       bool stack, u64 *base);

u8 insn_byte(struct insn *insn);
u64 insn_immediate(struct insn *insn, unsigned int bytes); /* sign-extended */

/* The width of a full-size operand, and of an address: 2, 4 or 8. */
static inline unsigned int insn_width(const struct insn *insn)
{
    return insn->rex & REX_W ? 8 : insn->operand16 != insn->code16 ? 2 : 4;
}

static inline unsigned int insn_address_width(const struct insn *insn)
{
    if ( insn->long_mode )
        return insn->address_size ? 4 : 8;
    return insn->address_size != insn->code16 ? 2 : 4;
}

/* Linear addresses of code that isn't 64-bit have 32 bits. */
static inline u64 insn_linear(const struct insn *insn, u64 address)
{
    return insn->long_mode ? address : (u32)address;
}

static inline unsigned int insn_reg(const struct insn *insn)
{
    return ((insn->modrm >> 3) & 7) | (insn->rex & REX_R ? 8 : 0);
}

static inline unsigned int insn_rm(const struct insn *insn)
{
    return (insn->modrm & 7) | (insn->rex & REX_B ? 8 : 0);
}

/* Where general registers 0 (rax) to 15 (r15) lie in a frame. */
extern const u8 regs_offsets[16];

static inline u64 *regs_general(struct regs *regs, unsigned int number)
{
    return (u64 *)((u8 *)regs + regs_offsets[number & 15]);
}

/* In 64-bit code: the base of the segment that @insn's memory operand uses. */
u64 insn_segment_base(const struct insn *insn);

/*
 * The linear address of @bytes at @offset of the segment that a string instruction names: its
 * prefix, where it reads, else DS; ES where it writes. False: not allowed.
 */
bool insn_string_address(const struct insn *insn, const struct vcpu *v, const struct regs *regs,
                         u64 offset, unsigned int bytes, bool write, u64 *va);

#endif
