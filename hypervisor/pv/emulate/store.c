/*
 * Stores to page tables: which instructions a kernel may change a read-only mapped L1 entry with,
 * and what they compute. Every form that compilers emit for a store or an atomic update of one
 * aligned word.
 */
#include "pv/emulate/decode.h"
#include "pv/emulate/emulate.h"
#include "cpu/uaccess.h"

/* Sources of the second operand. */
enum source { FROM_REG, FROM_IMM8, FROM_IMM, FROM_NONE };

static enum emulate_store_kind alu_kind(unsigned int number)
{
    static const u8 kinds[8] = { STORE_ADD, STORE_OR,  STORE_ADC, STORE_SBB,
                                 STORE_AND, STORE_SUB, STORE_XOR, 0xff };

    return (enum emulate_store_kind)kinds[number & 7];
}

/* String stores: no ModRM; rdi is the operand. */
static bool decode_string(struct insn *insn, const struct vcpu *v, const struct regs *regs,
                          struct emulate_store *out)
{
    bool movs = (insn->opcode & ~1u) == 0xa4;
    u64 source;

    if ( insn->repne || insn->address_size || (insn->rep && !insn_linear(insn, regs->rcx)) )
        return false;
    out->bytes = (u8)(insn->opcode & 1 ? insn_width(insn) : 1);
    out->kind = movs ? STORE_MOVS : STORE_STOS;
    out->imm = 0;
    out->imm_valid = true;
    if ( !insn_string_address(insn, v, regs, regs->rdi, out->bytes, true, &insn->address) )
        return false;
    if ( movs )
        return insn_string_address(insn, v, regs, regs->rsi, out->bytes, false, &source) &&
               copy_from_guest(&out->imm, to_gva(source), out->bytes) == 0;
    out->imm = regs->rax;
    return true;
}

/* mov of the accumulator to an address that the instruction holds: what 32-bit code does often. */
static bool decode_absolute(struct insn *insn, const struct vcpu *v, const struct regs *regs,
                            struct emulate_store *out)
{
    u64 base;

    out->kind = STORE_MOV;
    out->bytes = (u8)(insn->opcode & 1 ? insn_width(insn) : 1);
    if ( !insn_operand_base(insn, v, regs, false, &base) )
        return false;
    insn->address = insn_linear(insn, insn_immediate(insn, insn_address_width(insn)) + base);
    return !insn->overrun;
}

/* What has no ModRM byte, all of 0xa2 to 0xab. */
static __attribute__((noinline)) bool decode_without_modrm(struct insn *insn, const struct vcpu *v,
                                                           const struct regs *regs, u64 va,
                                                           struct emulate_store *out)
{
    bool done;

    switch ( insn->opcode & ~1 )
    {
    case 0xa2:
        done = decode_absolute(insn, v, regs, out);
        break;
    case 0xa4:
    case 0xaa:
        out->repeat = insn->rep;
        done = decode_string(insn, v, regs, out);
        break;
    default:
        return false;
    }
    out->length = insn->at;
    return done && insn->address == va;
}

/* One-byte opcodes: kind and source; false if it isn't a store. */
static bool classify_one(u8 op, unsigned int group, struct emulate_store *out, enum source *source)
{
    *source = FROM_REG;
    if ( op < 0x38 && (op & 7) <= 1 )
    {
        out->kind = alu_kind(op >> 3);
        return true;
    }
    switch ( op & ~1 )
    {
    case 0x80:
    case 0x82:
        *source = op == 0x81 ? FROM_IMM : FROM_IMM8;
        out->kind = alu_kind(group);
        return group != 7 && op != 0x82;
    case 0x86:
        out->kind = STORE_XCHG;
        out->locked = true;
        return true;
    case 0x88:
        out->kind = STORE_MOV;
        return true;
    case 0xc6:
        *source = op & 1 ? FROM_IMM : FROM_IMM8;
        out->kind = STORE_MOV;
        return group == 0;
    case 0xf6:
        *source = FROM_NONE;
        out->kind = group == 2 ? STORE_NOT : STORE_NEG;
        return group == 2 || group == 3;
    case 0xfe:
        *source = FROM_NONE;
        out->kind = group == 0 ? STORE_INC : STORE_DEC;
        return group <= 1;
    default:
        return false;
    }
}

static bool classify_two(u8 op, unsigned int group, struct emulate_store *out, enum source *source,
                         bool *wide)
{
    *source = FROM_REG;
    *wide = op & 1;
    switch ( op )
    {
    case 0xb0:
    case 0xb1:
        out->kind = STORE_CMPXCHG;
        return true;
    case 0xc0:
    case 0xc1:
        out->kind = STORE_XADD;
        return true;
    case 0xab:
        out->kind = STORE_BTS;
        return true;
    case 0xb3:
        out->kind = STORE_BTR;
        return true;
    case 0xbb:
        out->kind = STORE_BTC;
        return true;
    case 0xba:
        *wide = true;
        *source = FROM_IMM8;
        out->kind = group == 5 ? STORE_BTS : group == 6 ? STORE_BTR : STORE_BTC;
        return group >= 5;
    case 0xc7:
        *source = FROM_NONE;
        out->kind = STORE_CMPXCHG8B;
        return group == 1;
    default:
        return false;
    }
}

static bool is_bit_test(enum emulate_store_kind kind)
{
    return kind == STORE_BTS || kind == STORE_BTR || kind == STORE_BTC;
}

bool emulate_decode_store(struct vcpu *v, const struct regs *regs, u64 va,
                          struct emulate_store *out)
{
    struct insn insn;
    enum source source = FROM_NONE;
    bool wide, two;
    unsigned int group, imm_bytes;
    u8 op;

    *out = (struct emulate_store){ 0 };
    if ( !insn_begin(&insn, v, regs) )
        return false;

    out->address32 = !insn.long_mode;
    if ( (insn.opcode & ~0xf) == 0xa0 )
        return decode_without_modrm(&insn, v, regs, va, out);
    op = (u8)insn.opcode;
    two = insn.opcode >> 8 == 0x0f;

    /*
     * The group number is in the ModRM byte, which is peeked at to know how long the immediate is.
     */
    if ( insn.at >= insn.available )
        return false;
    group = (insn.bytes[insn.at] >> 3) & 7;
    wide = op & 1;
    if ( two ? !classify_two(op, group, out, &source, &wide)
             : !classify_one(op, group, out, &source) )
        return false;
    out->locked = out->locked || insn.lock;
    out->bytes = (u8)(wide ? insn_width(&insn) : 1);
    if ( out->kind == STORE_CMPXCHG8B )
        out->bytes = insn.rex & REX_W ? 16 : 8;
    imm_bytes = source == FROM_IMM8  ? 1
                : source == FROM_IMM ? (out->bytes == 8 ? 4 : out->bytes)
                                     : 0;

    if ( !insn_modrm(&insn, v, regs, imm_bytes) || !insn.has_memory || out->bytes == 16 )
        return false;
    out->reg = (u8)insn_reg(&insn);
    out->high_byte =
        out->bytes == 1 && !insn.rex && out->reg >= 4 && out->reg < 8 && source == FROM_REG;
    if ( imm_bytes )
    {
        out->imm_valid = true;
        out->imm = insn_immediate(&insn, imm_bytes);
    }
    if ( is_bit_test(out->kind) && !out->imm_valid )
    {
        /* A register's bit offset reaches beyond the operand. */
        s64 offset = (s64)*regs_general((struct regs *)regs, out->reg);

        if ( out->bytes < 8 )
            offset = out->bytes == 4 ? (s32)offset : (s16)offset;
        insn.address += (u64)((offset >> (out->bytes == 8   ? 6
                                          : out->bytes == 4 ? 5
                                                            : 4)) *
                              out->bytes);
        insn.address = insn_linear(&insn, insn.address);
    }
    out->length = insn.at;
    return !insn.overrun && insn.address == va;
}

static u64 width_mask(unsigned int bytes)
{
    return bytes == 8 ? ~0UL : (1UL << (8 * bytes)) - 1;
}

#define FLAG_CF   0x001u
#define FLAG_PF   0x004u
#define FLAG_AF   0x010u
#define FLAG_ZF   0x040u
#define FLAG_SF   0x080u
#define FLAG_OF   0x800u
#define FLAGS_ALL (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

static u64 result_flags(u64 result, unsigned int bytes)
{
    u64 flags = 0;

    if ( !__builtin_parity((u8)result) )
        flags |= FLAG_PF;
    if ( !(result & width_mask(bytes)) )
        flags |= FLAG_ZF;
    if ( result >> (8 * bytes - 1) & 1 )
        flags |= FLAG_SF;
    return flags;
}

/* a + b + carry, or a - b - borrow, with the six flags of that. */
static u64 add_flags(u64 a, u64 b, u64 carry, unsigned int bytes, u64 *flags)
{
    u64 mask = width_mask(bytes);
    u64 sum = (a + b + carry) & mask;

    *flags = result_flags(sum, bytes) | ((a ^ b ^ sum) & FLAG_AF);
    if ( carry ? sum <= (a & mask) : sum < (a & mask) )
        *flags |= FLAG_CF;
    if ( (~(a ^ b) & (a ^ sum)) >> (8 * bytes - 1) & 1 )
        *flags |= FLAG_OF;
    return sum;
}

static u64 sub_flags(u64 a, u64 b, u64 borrow, unsigned int bytes, u64 *flags)
{
    u64 mask = width_mask(bytes);
    u64 difference = (a - b - borrow) & mask;

    a &= mask;
    b &= mask;
    *flags = result_flags(difference, bytes) | ((a ^ b ^ difference) & FLAG_AF);
    if ( borrow ? a <= b : a < b )
        *flags |= FLAG_CF;
    if ( ((a ^ b) & (a ^ difference)) >> (8 * bytes - 1) & 1 )
        *flags |= FLAG_OF;
    return difference;
}

static u64 read_operand(const struct emulate_store *store, const struct regs *regs)
{
    u64 value;

    if ( store->imm_valid )
        return store->imm;
    value = *regs_general((struct regs *)regs, store->high_byte ? store->reg - 4u : store->reg);
    return store->high_byte ? value >> 8 & 0xff : value;
}

static void write_operand(const struct emulate_store *store, struct regs *regs, u64 value)
{
    u64 *reg = regs_general(regs, store->high_byte ? store->reg - 4u : store->reg);
    u64 mask = width_mask(store->bytes);

    if ( store->high_byte )
        *reg = (*reg & ~0xff00UL) | (value & 0xff) << 8;
    else if ( store->bytes == 4 )
        *reg = (u32)value;
    else
        *reg = (*reg & ~mask) | (value & mask);
}

static void write_accumulator(const struct emulate_store *store, struct regs *regs, u64 value)
{
    u64 mask = width_mask(store->bytes);

    regs->rax = store->bytes == 4 ? (u32)value : (regs->rax & ~mask) | (value & mask);
}

static void set_flags(struct regs *regs, u64 affected, u64 flags)
{
    regs->rflags = (regs->rflags & ~affected) | (flags & affected);
}

static u64 bit_result(const struct emulate_store *store, u64 old, u64 operand, struct regs *after)
{
    u64 bit = 1UL << (operand & (8 * store->bytes - 1u));

    set_flags(after, FLAG_CF, old & bit ? FLAG_CF : 0);
    return store->kind == STORE_BTS ? old | bit : store->kind == STORE_BTR ? old & ~bit : old ^ bit;
}

static u64 compare_exchange(const struct emulate_store *store, u64 old, u64 operand,
                            struct regs *after, bool *write)
{
    u64 mask = width_mask(store->bytes), flags;

    sub_flags(after->rax & mask, old, 0, store->bytes, &flags);
    set_flags(after, FLAGS_ALL, flags);
    *write = flags & FLAG_ZF;
    if ( !*write )
        write_accumulator(store, after, old);
    return operand;
}

static u64 compare_exchange_8b(u64 old, struct regs *after, bool *write)
{
    u64 expected = (u32)after->rax | (u64)(u32)after->rdx << 32;

    *write = old == expected;
    set_flags(after, FLAG_ZF, *write ? FLAG_ZF : 0);
    if ( *write )
        return (u32)after->rbx | (u64)(u32)after->rcx << 32;
    after->rax = (u32)old;
    after->rdx = old >> 32;
    return old;
}

static void advance(const struct emulate_store *store, u64 *reg, s64 by)
{
    *reg += (u64)by;
    if ( store->address32 )
        *reg = (u32)*reg;
}

/*
 * Advance rdi, rsi and, with a repeat prefix, rcx: the instruction is left only after its last
 * round.
 */
static void step_string(const struct emulate_store *store, struct regs *after)
{
    s64 step = after->rflags & EFLAGS_DF ? -(s64)store->bytes : store->bytes;

    advance(store, &after->rdi, step);
    if ( store->kind == STORE_MOVS )
        advance(store, &after->rsi, step);
    if ( !store->repeat )
        return;
    advance(store, &after->rcx, -1);
    if ( after->rcx )
        after->rip -= store->length;
}

u64 emulate_store_result(const struct emulate_store *store, u64 old, const struct regs *regs,
                         struct regs *after, bool *write)
{
    u64 operand = read_operand(store, regs);
    u64 flags = 0, carry, value;
    unsigned int bytes = store->bytes;

    *after = *regs;
    after->rip += store->length;
    after->rflags &= ~(u64)EFLAGS_RF;
    *write = true;
    carry = regs->rflags & FLAG_CF ? 1 : 0;
    old &= width_mask(bytes);

    switch ( (enum emulate_store_kind)store->kind )
    {
    case STORE_MOV:
        value = operand;
        break;
    case STORE_STOS:
    case STORE_MOVS:
        value = operand;
        step_string(store, after);
        break;
    case STORE_XCHG:
        value = operand;
        write_operand(store, after, old);
        break;
    case STORE_CMPXCHG:
        value = compare_exchange(store, old, operand, after, write);
        break;
    case STORE_CMPXCHG8B:
        value = compare_exchange_8b(old, after, write);
        break;
    case STORE_XADD:
        value = add_flags(old, operand & width_mask(bytes), 0, bytes, &flags);
        set_flags(after, FLAGS_ALL, flags);
        write_operand(store, after, old);
        break;
    case STORE_ADD:
    case STORE_ADC:
        value = add_flags(old, operand & width_mask(bytes), store->kind == STORE_ADC ? carry : 0,
                          bytes, &flags);
        set_flags(after, FLAGS_ALL, flags);
        break;
    case STORE_SUB:
    case STORE_SBB:
        value = sub_flags(old, operand, store->kind == STORE_SBB ? carry : 0, bytes, &flags);
        set_flags(after, FLAGS_ALL, flags);
        break;
    case STORE_INC:
        value = add_flags(old, 1, 0, bytes, &flags);
        set_flags(after, FLAGS_ALL & ~FLAG_CF, flags);
        break;
    case STORE_DEC:
        value = sub_flags(old, 1, 0, bytes, &flags);
        set_flags(after, FLAGS_ALL & ~FLAG_CF, flags);
        break;
    case STORE_NEG:
        value = sub_flags(0, old, 0, bytes, &flags);
        set_flags(after, FLAGS_ALL, flags);
        break;
    case STORE_NOT:
        value = ~old;
        break;
    case STORE_OR:
    case STORE_AND:
    case STORE_XOR:
        value = store->kind == STORE_OR    ? old | operand
                : store->kind == STORE_AND ? old & operand
                                           : old ^ operand;
        set_flags(after, FLAGS_ALL, result_flags(value & width_mask(bytes), bytes));
        break;
    default:
        value = bit_result(store, old, operand, after);
        break;
    }
    return value & width_mask(bytes);
}
