/*
 * Instructions that a deprivileged kernel may use and the hypervisor carries out.
 */
#ifndef PV_EMULATE_EMULATE_H
#define PV_EMULATE_EMULATE_H

#include "domain/domain.h"

/* #GP in a guest: emulate if it is a privileged instruction, which have error code 0, else it is the guest's. */
void emulate_privileged(struct vcpu *v, struct regs *regs);

/* #UD in a guest: ud2; "xen"; cpuid is done, all else is the guest's. */
void emulate_invalid_opcode(struct vcpu *v, struct regs *regs);

long emulate_fpu_taskswitch(unsigned long set);
long emulate_set_debugreg(unsigned long reg, unsigned long value);
long emulate_get_debugreg(unsigned long reg);

/*
 * Set debug register @reg of @v, checked: -EINVAL, -EPERM for a breakpoint in the hypervisor. Loads
 * it if @v is current.
 */
long emulate_write_dr(struct vcpu *v, unsigned int reg, u64 value);

/*
 * Take the bits of CR4 in @value that a guest may choose on this machine; others are dropped without a
 * word, since kernels write what they read. @v doesn't run, or its caller loads them.
 */
void emulate_choose_cr4(struct vcpu *v, u64 value);

/*
 * Those of them that are the hardware's while it runs. FSGSBASE is among them for the sake of
 * kernels that do not know it: their processes must not move the bases behind their backs. TSD is
 * also there where the TSC is emulated.
 */
#define EMULATE_CR4_LOADED (CR4_TSD | CR4_DE | CR4_FSGSBASE)

/* Load @v's breakpoints, and what RDTSCP and RDPID tell, into this CPU: on switch-in. */
void emulate_load_debug(const struct vcpu *v);
void emulate_load_tsc_aux(const struct vcpu *v);

/*
 * A decoded store, for page-table emulation: decode the instruction at regs->rip that wrote to @va.
 */
struct emulate_store {
    u8 length; /* of the instruction */
    u8 bytes;  /* written: 1, 2, 4, 8 (16: cmpxchg16b is refused) */
    u8 kind;   /* enum emulate_store_kind */
    u8 reg;    /* register operand's number, where there is one */
    bool imm_valid;
    u64 imm; /* immediate, or bit offset */
    bool locked;
    bool repeat;    /* rep prefix: one round is done, rip stays until rcx is 0 */
    bool high_byte; /* the operand is ah, ch, dh or bh */
    bool address32; /* pointers and counters have 32 bits: code that isn't 64-bit */
};

enum emulate_store_kind {
    STORE_MOV,
    STORE_XCHG,
    STORE_CMPXCHG,
    STORE_XADD,
    STORE_ADD,
    STORE_OR,
    STORE_AND,
    STORE_SUB,
    STORE_XOR,
    STORE_ADC,
    STORE_SBB,
    STORE_NOT,
    STORE_NEG,
    STORE_INC,
    STORE_DEC,
    STORE_BTS,
    STORE_BTR,
    STORE_BTC,
    STORE_STOS,
    STORE_MOVS,
    STORE_CMPXCHG8B,
};

/* Fetch and decode; false if it isn't one of these or its memory operand isn't @va. */
bool emulate_decode_store(struct vcpu *v, const struct regs *regs, u64 va,
                          struct emulate_store *out);

/*
 * The new value of a @bytes wide operand that now holds @old, and the registers and flags as they
 * will be (in *after); *write false when a compare failed.
 */
u64 emulate_store_result(const struct emulate_store *store, u64 old, const struct regs *regs,
                         struct regs *after, bool *write);

#endif
