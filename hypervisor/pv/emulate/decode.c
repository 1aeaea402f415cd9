/* See decode.h. */
#include "pv/emulate/decode.h"
#include "cpu/asm.h"
#include "cpu/extable.h"
#include "cpu/segments.h"
#include "cpu/uaccess.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "pv/segment/segment.h"

#define PREFIX_ES 0x26
#define PREFIX_CS 0x2e
#define PREFIX_SS 0x36
#define PREFIX_DS 0x3e
#define PREFIX_FS 0x64
#define PREFIX_GS 0x65

#define REG_RSP  4
#define REG_RBP  5
#define REG_NONE 16

const u8 regs_offsets[16] = {
    offsetof(struct regs, rax), offsetof(struct regs, rcx), offsetof(struct regs, rdx),
    offsetof(struct regs, rbx), offsetof(struct regs, rsp), offsetof(struct regs, rbp),
    offsetof(struct regs, rsi), offsetof(struct regs, rdi), offsetof(struct regs, r8),
    offsetof(struct regs, r9),  offsetof(struct regs, r10), offsetof(struct regs, r11),
    offsetof(struct regs, r12), offsetof(struct regs, r13), offsetof(struct regs, r14),
    offsetof(struct regs, r15),
};

/* A code segment that the guest made itself, or the flat 32-bit one. */
static __attribute__((noinline)) u64 code_by_segment(const struct vcpu *v, const struct regs *regs,
                                                     u64 *va, u64 *descriptor)
{
    if ( !segment_lookup(v, (u16)regs->cs, descriptor) )
        return 0;
    if ( *descriptor & SEGMENT_64BIT )
    {
        *va = regs->rip;
        return INSN_MAX;
    }
    *va = (u32)(segment_base(*descriptor) + (u32)regs->rip);
    return segment_room(*descriptor, (u32)regs->rip, SEGMENT_EXECUTE);
}

static inline u64 code_at(const struct vcpu *v, const struct regs *regs, u64 *va, u64 *descriptor)
{
    if ( __builtin_expect((u16)regs->cs != SEL_USER_CS64, 0) )
        return code_by_segment(v, regs, va, descriptor);
    *va = regs->rip;
    *descriptor = SEGMENT_64BIT;
    return INSN_MAX;
}

u64 insn_address(const struct vcpu *v, const struct regs *regs, u64 *va)
{
    u64 descriptor;

    return code_at(v, regs, va, &descriptor);
}

static inline u8 take_byte(struct insn *insn)
{
    if ( insn->at >= insn->available )
    {
        insn->overrun = true;
        return 0;
    }
    return insn->bytes[insn->at++];
}

u8 insn_byte(struct insn *insn)
{
    return take_byte(insn);
}

u64 insn_immediate(struct insn *insn, unsigned int bytes)
{
    u64 value = 0;

    for ( unsigned int i = 0; i < bytes; i++ )
        value |= (u64)insn_byte(insn) << (8 * i);
    return bytes == 8 ? value : (u64)((s64)(value << (64 - 8 * bytes)) >> (64 - 8 * bytes));
}

static inline bool is_prefix(u8 byte)
{
    return (byte & 0xe7) == PREFIX_ES || (byte & 0xfc) == PREFIX_FS || byte == 0xf0 ||
           (byte & 0xfe) == 0xf2;
}

static void take_prefix(struct insn *insn, u8 byte)
{
    switch ( byte )
    {
    case 0x66:
        insn->operand16 = true;
        break;
    case 0x67:
        insn->address_size = true;
        break;
    case 0xf0:
        insn->lock = true;
        break;
    case 0xf2:
        insn->repne = true;
        break;
    case 0xf3:
        insn->rep = true;
        break;
    default:
        insn->segment = byte;
        break;
    }
}

/*
 * In two loads; where these fail, at the end of what is mapped, byte by byte as far as that goes.
 */
static inline void fetch(struct insn *insn, u64 va, u64 room)
{
    u64 words[2];

    if ( guest_range_ok(to_gva(va), sizeof(words)) &&
         guest_load_pair(&words[0], &words[1], guest_bounded(to_gva(va))) )
    {
        memcpy(insn->bytes, words, sizeof(words));
        insn->available = INSN_MAX;
    }
    else
        insn->available = (u8)(INSN_MAX - copy_from_guest(insn->bytes, to_gva(va), INSN_MAX));
    if ( room < insn->available )
        insn->available = (u8)room;
}

bool insn_begin(struct insn *insn, const struct vcpu *v, const struct regs *regs)
{
    u64 va, descriptor, room = code_at(v, regs, &va, &descriptor);
    u8 byte;

    BUILD_BUG_ON(sizeof(insn->bytes) != 2 * sizeof(u64));
    if ( !room )
        return false;
    *insn = (struct insn){ .long_mode = descriptor & SEGMENT_64BIT,
                           .code16 = !(descriptor & (SEGMENT_64BIT | SEGMENT_32BIT)) };
    fetch(insn, va, room);

    byte = take_byte(insn);
    while ( is_prefix(byte) )
    {
        take_prefix(insn, byte);
        byte = take_byte(insn);
    }
    if ( insn->long_mode && (byte & 0xf0) == 0x40 )
    {
        insn->rex = byte;
        byte = take_byte(insn);
    }
    insn->opcode = byte;
    if ( byte == 0x0f )
        insn->opcode = (u16)(0x0f00 | take_byte(insn));
    return !insn->overrun;
}

u64 insn_segment_base(const struct insn *insn)
{
#ifndef HOST_TEST
    if ( insn->segment == PREFIX_FS )
        return rdmsr(MSR_FS_BASE);
    if ( insn->segment == PREFIX_GS )
        return rdmsr(MSR_GS_BASE);
#endif
    (void)insn;
    return 0;
}

/* The selector of the segment that @insn names; it is what the guest had loaded. */
static u16 named_selector(const struct insn *insn, const struct regs *regs)
{
    u16 selector;

    switch ( insn->segment )
    {
    case PREFIX_CS:
        return (u16)regs->cs;
    case PREFIX_SS:
        return (u16)regs->ss;
    case PREFIX_ES:
        __asm__ volatile("mov %%es, %0" : "=r"(selector));
        return selector;
    case PREFIX_FS:
        __asm__ volatile("mov %%fs, %0" : "=r"(selector));
        return selector;
    case PREFIX_GS:
        __asm__ volatile("mov %%gs, %0" : "=r"(selector));
        return selector;
    default:
        __asm__ volatile("mov %%ds, %0" : "=r"(selector));
        return selector;
    }
}

bool insn_string_address(const struct insn *insn, const struct vcpu *v, const struct regs *regs,
                         u64 offset, unsigned int bytes, bool write, u64 *va)
{
    struct insn named = { .segment = write ? PREFIX_ES : insn->segment };
    u64 descriptor, base;

    if ( insn->long_mode )
    {
        *va = offset + insn_segment_base(&named);
        return true;
    }
    if ( !segment_lookup(v, named_selector(&named, regs), &descriptor) ||
         segment_room(descriptor, (u32)offset, write ? SEGMENT_WRITE : SEGMENT_READ) < bytes )
        return false;

    /* The bases of FS and GS are set by themselves too. */
    base = named.segment == PREFIX_FS || named.segment == PREFIX_GS ? insn_segment_base(&named)
                                                                    : segment_base(descriptor);
    *va = (u32)(base + offset);
    return true;
}

__attribute__((noinline)) bool insn_operand_base(const struct insn *insn, const struct vcpu *v,
                                                 const struct regs *regs, bool stack, u64 *base)
{
    struct insn named = { .segment = insn->segment };
    u64 descriptor;

    if ( insn->long_mode || insn->segment == PREFIX_FS || insn->segment == PREFIX_GS )
    {
        *base = insn_segment_base(insn);
        return true;
    }
    if ( !named.segment && stack )
        named.segment = PREFIX_SS;
    if ( !segment_lookup(v, named_selector(&named, regs), &descriptor) )
        return false;
    *base = segment_base(descriptor);
    return true;
}

static u64 sib_address(struct insn *insn, const struct regs *regs, unsigned int mod,
                       unsigned int *base_register)
{
    u8 sib = insn_byte(insn);
    unsigned int base = (sib & 7) | (insn->rex & REX_B ? 8 : 0);
    unsigned int index = ((sib >> 3) & 7) | (insn->rex & REX_X ? 8 : 0);
    u64 address = 0;

    if ( index != 4 )
        address = *regs_general((struct regs *)regs, index) << (sib >> 6);
    if ( (base & 7) == 5 && mod == 0 )
        return address + insn_immediate(insn, 4);
    *base_register = base;
    return address + *regs_general((struct regs *)regs, base);
}

bool insn_modrm(struct insn *insn, const struct vcpu *v, const struct regs *regs,
                unsigned int imm_bytes)
{
    unsigned int mod, rm, base = REG_NONE;
    u64 address, segment;

    insn->modrm = insn_byte(insn);
    mod = insn->modrm >> 6;
    rm = insn->modrm & 7;
    insn->has_memory = mod != 3;
    if ( !insn->has_memory )
        return !insn->overrun;
    if ( insn_address_width(insn) == 2 )
        return false; /* kernels have no use for addresses of 16 bits */

    if ( rm == 4 )
        address = sib_address(insn, regs, mod, &base);
    else if ( rm == 5 && mod == 0 )
    {
        address = insn_immediate(insn, 4);
        if ( insn->long_mode )
            address += regs->rip + insn->at + imm_bytes;
    }
    else
    {
        base = insn_rm(insn);
        address = *regs_general((struct regs *)regs, base);
    }
    if ( mod == 1 )
        address += insn_immediate(insn, 1);
    else if ( mod == 2 )
        address += insn_immediate(insn, 4);
    if ( insn->address_size )
        address = (u32)address;
    if ( insn->long_mode )
        segment = insn_segment_base(insn);
    else if ( !insn_operand_base(insn, v, regs, base == REG_RSP || base == REG_RBP, &segment) )
        return false;
    insn->address = insn_linear(insn, address + segment);
    return !insn->overrun;
}
