/* Between the files of pv/emulate. */
#ifndef PV_EMULATE_INTERNAL_H
#define PV_EMULATE_INTERNAL_H

#include "pv/emulate/decode.h"
#include "pv/emulate/emulate.h"

/* rdmsr and wrmsr for the guest; false: #GP. */
bool emulate_msr_read(struct vcpu *v, u32 msr, u64 *value);
bool emulate_msr_write(struct vcpu *v, u32 msr, u64 value);

/* in, out, ins, outs; false: #GP. May ask for no rip advance (a repeated string access with rounds left). */
bool emulate_io(struct vcpu *v, struct regs *regs, struct insn *insn, bool *again);

/* Control registers 0, 2, 3, 4; false: #GP. *again: the instruction is to be run once more. */
bool emulate_cr_read(struct vcpu *v, unsigned int cr, u64 *value);
bool emulate_cr_write(struct vcpu *v, unsigned int cr, u64 value, bool *again);

/* XCR0; false: #GP. */
bool emulate_xsetbv(struct vcpu *v, u32 index, u64 value);

#endif
