/* Between the files of pv/emulate. */
#ifndef PV_EMULATE_INTERNAL_H
#define PV_EMULATE_INTERNAL_H

#include "cpu/gdt.h"
#include "pv/emulate/decode.h"
#include "pv/emulate/emulate.h"

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

/* rdmsr and wrmsr for the guest; false: #GP. */
bool emulate_msr_read(struct vcpu *v, u32 msr, u64 *value);
bool emulate_msr_write(struct vcpu *v, u32 msr, u64 value);

/* in or out of @bytes at @port, by register al, ax or eax. */
enum emulated emulate_port(struct vcpu *v, struct regs *regs, bool out, u16 port,
                           unsigned int bytes);

/* in, out, ins, outs: the opcode is decoded. */
enum emulated emulate_io(struct vcpu *v, struct regs *regs, struct insn *insn);

/* XCR0; false: #GP. */
bool emulate_xsetbv(struct vcpu *v, u32 index, u64 value);

#endif
