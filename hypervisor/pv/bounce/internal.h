/* Between the files of pv/bounce, and what entry.S calls. */
#ifndef PV_BOUNCE_INTERNAL_H
#define PV_BOUNCE_INTERNAL_H

#include "domain/domain.h"
#include "irq/lapic.h"

/* From entry.S: @regs is current's frame at the top of the stack. */
void bounce_syscall(struct vcpu *v, struct regs *regs);
void trap_from_guest(struct vcpu *v, struct regs *regs);
void trap_page_fault(struct vcpu *v, struct regs *regs);
void trap_from_guest_timed(struct vcpu *v, struct regs *regs); /* while latencies are measured */
void trap_page_fault_timed(struct vcpu *v, struct regs *regs);
void trap_from_hypervisor(struct regs *regs);
void trap_nmi(const struct regs *regs);
void trap_nmi_from_guest(const struct regs *regs);
void exit_work(void);

/* May the guest raise what @trap describes, by int n? The kernel counts as ring 1, though it runs in ring 3. */
static inline bool trap_may_raise(const struct vcpu *v, const struct trap_info *trap)
{
    return TI_GET_DPL(trap) == 3 || (v->cpu.kernel_mode && TI_GET_DPL(trap) >= 1);
}

/* Has int 0x80 a handler that the guest may get to? If not, it is #GP at the instruction. */
static inline bool trap_int80_allowed(const struct vcpu *v)
{
    const struct trap_info *trap = &v->pv.traps[VECTOR_INT80];

    return trap->address && trap_may_raise(v, trap);
}
void trap_int80_refused(struct vcpu *v, struct regs *regs);

/*
 * What tables of hypercalls are made of: a handler, the one for rows without, and a handler behind
 * a check of rights.
 */
typedef long hypercall_fn(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                          unsigned long a5);
long hypercall_unknown(void);

/* What is at or beyond trace_hypercall_limit: a number that there is none for, or a call to be recorded or measured. */
long __attribute__((cold, noinline))
hypercall_uncommon(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                   unsigned long a5, u64 nr);

/*
 * Make a call of current's, @nr < HYPERCALL_TABLE, by its @handler; record it with as many of its five @arguments as
 * there is room for, and how long it took.
 */
long __attribute__((cold, noinline))
hypercall_watched(const void *handler, u64 nr, const unsigned long *arguments, bool wide);
long hypercall_admin(const void *handler, unsigned long a1, unsigned long a2, unsigned long a3,
                     unsigned long a4, unsigned long a5);
long hypercall_multicall(unsigned long list, unsigned long count);

/*
 * How many entries of a multicall run between two looks at pending work: each is short, or looks by itself, or says
 * that it was not (hypercall_long_step).
 */
#define MULTICALL_STRIDE 16

/*
 * Have all entries that lead to @va by the page tables below @root, an L4, the bits @need, PTE_P among them? They may
 * be anybody's and change meanwhile.
 */
bool bounce_tables_allow(u64 root, u64 va, u64 need);

/* Members of guest_mode_64. */
void native_exception(struct vcpu *v, struct regs *regs, unsigned int vector, u32 error);
void native_page_fault(struct vcpu *v, struct regs *regs, u32 error, u64 cr2);
void native_interrupt(struct vcpu *v, struct regs *regs, unsigned int vector);
void native_int80(struct vcpu *v, struct regs *regs); /* from entry.S */
void native_event(struct vcpu *v, struct regs *regs);
void native_failsafe(struct vcpu *v, struct regs *regs);
void native_syscall_compat(struct vcpu *v, struct regs *regs);
void native_sysenter(struct vcpu *v, struct regs *regs);
bool native_load_segments(struct vcpu_cpu *c);

/* Load a vcpu's data segments, FS and GS included, not their bases. False: as load_segments. */
bool switch_load_selectors(const struct vcpu_cpu *c);

#endif
