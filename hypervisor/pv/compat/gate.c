/*
 * Far calls and jumps of 32-bit guests through call gates.
 *
 * In long mode the processor takes a call gate for one of 64 bits, which leads to 64-bit code: so
 * no gate of a guest's may ever be entered. Their DPL is 0 (pv/segment/descriptor.c), which makes
 * #GP of each use, and the use is carried out here.
 */
#include "console/console.h"
#include "cpu/uaccess.h"
#include "pv/bounce/bounce.h"
#include "pv/compat/internal.h"
#include "pv/emulate/decode.h"

#define PARAMETERS_MAX 31

/* Opcode 0xff: what the middle bits of ModRM say. */
#define FAR_CALL 3
#define FAR_JUMP 5

struct transfer {
    bool call; /* else a jump */
    u16 selector;
    u32 next; /* where the instruction ends */
};

/* The selector of a far operand that the instruction holds, behind its offset, or that it names. */
static bool decode(const struct vcpu *v, const struct regs *regs, struct transfer *far)
{
    struct insn insn;
    unsigned int width;

    if ( !insn_begin(&insn, v, regs) || insn.long_mode || insn.lock )
        return false;
    width = insn_width(&insn);
    if ( insn.opcode == 0x9a || insn.opcode == 0xea )
    {
        far->call = insn.opcode == 0x9a;
        insn_immediate(&insn, width);
        far->selector = (u16)insn_immediate(&insn, sizeof(far->selector));
    }
    else
    {
        if ( insn.opcode != 0xff || !insn_modrm(&insn, v, regs, 0) || !insn.has_memory ||
             copy_from_guest(&far->selector, to_gva(insn.address + width), sizeof(far->selector)) )
            return false;
        far->call = insn_reg(&insn) == FAR_CALL;
        if ( !far->call && insn_reg(&insn) != FAR_JUMP )
            return false;
    }
    far->next = (u32)regs->rip + insn.at;
    return !insn.overrun;
}

/*
 * The code segment that a transfer through the gate leads to, and the ring to run in there. False:
 * it may not.
 */
static bool find_target(const struct vcpu *v, unsigned int cpl, bool call,
                        const struct call_gate *gate, unsigned int *ring)
{
    u64 code;

    if ( !segment_lookup(v, gate->selector, &code) ||
         !segment_room(code, gate->offset, SEGMENT_EXECUTE) || segment_ring(code) > cpl )
        return false;
    *ring = segment_is_conforming(code) ? cpl : segment_ring(code);
    return *ring == cpl || (call && *ring == 1); /* rings have no stacks here but for 1 */
}

/*
 * The @bytes at @ss:@offset, a stack: false if it isn't one, or a process's that the process may not
 * use so.
 */
static bool stack_range(const struct vcpu *v, u16 ss, u32 offset, unsigned int bytes,
                        enum segment_use use, gva_t *va)
{
    u64 descriptor;

    if ( !segment_lookup(v, ss, &descriptor) || segment_room(descriptor, offset, use) < bytes )
        return false;
    *va = to_gva((u32)(segment_base(descriptor) + offset));
    return (ss & 3) != 3 || bounce_user_may(va->n, bytes, use == SEGMENT_WRITE);
}

/* Push the @bytes at @words below @ss:@sp. False: they can't be. */
static bool push(const struct vcpu *v, u16 ss, u32 sp, const u32 *words, unsigned int bytes)
{
    gva_t va;

    return stack_range(v, ss, sp - bytes, bytes, SEGMENT_WRITE, &va) &&
           !copy_to_guest(va, words, bytes);
}

static bool read_parameters(const struct vcpu *v, const struct regs *regs, u32 *words,
                            unsigned int count)
{
    const unsigned int bytes = count * sizeof(*words);
    gva_t va;

    if ( !count )
        return true;
    return stack_range(v, (u16)regs->ss, (u32)regs->rsp, bytes, SEGMENT_READ, &va) &&
           !copy_from_guest(words, va, bytes);
}

/*
 * Return address, parameters and, to another ring, the stack that was left: pushed on the stack
 * that is to be used. False: it can't be.
 */
static bool push_call(struct vcpu *v, struct regs *regs, const struct transfer *far,
                      const struct call_gate *gate, bool inner)
{
    u32 words[PARAMETERS_MAX + 4] = { far->next, (u16)regs->cs };
    unsigned int n = 2;
    u16 ss = (u16)(inner ? v->cpu.kernel_ss : regs->ss);
    u32 sp = (u32)(inner ? v->cpu.kernel_rsp : regs->rsp);

    if ( inner )
    {
        if ( !read_parameters(v, regs, words + n, gate->parameters) )
            return false;
        n += gate->parameters;
        words[n++] = (u32)regs->rsp;
        words[n++] = (u16)regs->ss;
    }
    if ( !push(v, ss, sp, words, n * sizeof(words[0])) )
        return false;
    regs->rsp = (u32)(sp - n * sizeof(words[0]));
    regs->ss = ss;
    return true;
}

bool compat_call_gate(struct vcpu *v, struct regs *regs)
{
    unsigned int cpl = regs->cs & 3, ring;
    struct call_gate gate;
    struct transfer far;

    if ( !decode(v, regs, &far) || ((far.selector ^ regs->error) & ~3u) )
        return false;
    if ( !segment_call_gate(v, far.selector, &gate) || gate.ring < cpl ||
         gate.ring < (far.selector & 3u) || !find_target(v, cpl, far.call, &gate, &ring) )
        return false;
    if ( far.call && !push_call(v, regs, &far, &gate, ring != cpl) )
        return false;

    regs->rip = gate.offset;
    regs->cs = (gate.selector & ~3u) | ring;
    v->cpu.kernel_mode = compat_is_kernel(regs);
    return true;
}
