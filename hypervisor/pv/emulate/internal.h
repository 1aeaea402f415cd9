/* Between the files of pv/emulate. */
#ifndef PV_EMULATE_INTERNAL_H
#define PV_EMULATE_INTERNAL_H

#include "cpu/gdt.h"
#include "lib/atomic.h"
#include "pv/emulate/decode.h"
#include "pv/emulate/emulate.h"
#include "trace/buffer.h"
#include "trace/trace.h"
#include "pv/bounce/bounce.h"

/* As domain.pv32, at hand. */
static inline bool vcpu_is_pv32(const struct vcpu *v)
{
    return v->cpu.mode.gdt == GDT_32;
}

/* How the emulation of an instruction ended. */
enum emulated {
    EMULATED_NOT,   /* it isn't one for us, or not allowed: the guest gets its #GP */
    EMULATED_DONE,  /* go on behind it */
    EMULATED_AGAIN, /* resume at rip: there is more of it to do, or a fault was delivered */
};

static inline enum emulated emulated(bool done)
{
    return done ? EMULATED_DONE : EMULATED_NOT;
}

/* Somebody looks at the instruction that was done: the tracer, which is told of the next, or the guest step by step. */
void __attribute__((cold)) emulate_observed(struct vcpu *v, struct regs *regs);

/*
 * Leave an instruction of @length bytes behind, with the trap that single-stepping takes after
 * each.
 */
static inline void emulate_finish(struct vcpu *v, struct regs *regs, unsigned int length)
{
    count(COUNTER_insn_emulated);
    regs->rip += length;
    regs->rflags &= ~(u64)EFLAGS_RF;
    barrier(); /* an instruction each for these and the next, where registers would take five */
    if ( __builtin_expect((regs->rflags & EFLAGS_TF) || trace_events, 0) )
        emulate_observed(v, regs);
}

/* ... if it was done: @how it ended. */
static inline void emulate_end(struct vcpu *v, struct regs *regs, enum emulated how,
                               unsigned int length)
{
    if ( __builtin_expect(how == EMULATED_DONE, 1) )
        emulate_finish(v, regs, length);
    else if ( how == EMULATED_NOT )
        bounce_exception(v, regs, TRAP_GP, 0);
}

/* rdmsr and wrmsr for the guest; false: #GP. */
bool emulate_msr_read(struct vcpu *v, u32 msr, u64 *value);
bool emulate_msr_write(struct vcpu *v, u32 msr, u64 value);

/* in, out: of these a kernel's are frequent that have no prefix. All of it, with its end; @code: it begins so. */
#define IS_PORT_IO(code)                                                                           \
    (((code)&0xf4) == 0xe4) /* but for the bits 3 (port in dx), 1 (out) and 0 (eax) */
void emulate_frequent_io(struct vcpu *v, struct regs *regs, u64 code);

/* in, out, ins, outs: the opcode is decoded. */
enum emulated emulate_io(struct vcpu *v, struct regs *regs, struct insn *insn);

/* XCR0; false: #GP. */
bool emulate_xsetbv(struct vcpu *v, u32 index, u64 value);

#endif
