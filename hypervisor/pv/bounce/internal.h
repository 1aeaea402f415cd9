/* Between the files of pv/bounce, and what entry.S calls. */
#ifndef PV_BOUNCE_INTERNAL_H
#define PV_BOUNCE_INTERNAL_H

#include "domain/domain.h"

/* From entry.S: @regs is current's frame at the top of the stack. */
void bounce_syscall(struct vcpu *v, struct regs *regs);
void bounce_syscall_compat(struct vcpu *v, struct regs *regs);
void bounce_sysenter(struct vcpu *v, struct regs *regs);
void trap_from_guest(struct vcpu *v, struct regs *regs);
void trap_page_fault(struct vcpu *v, struct regs *regs);
void trap_from_hypervisor(struct regs *regs);
void trap_nmi(const struct regs *regs);
void exit_work(void);
long hypercall_unknown(void);
long hypercall_multicall(unsigned long list, unsigned long count);

/* Deliver the upcall; the failsafe callback; a pending NMI. */
void bounce_event(struct vcpu *v, struct regs *regs);
void bounce_failsafe(struct vcpu *v, struct regs *regs);
void bounce_nmi(struct vcpu *v, struct regs *regs);

/* A software interrupt (int n): no error code. */
void bounce_interrupt(struct vcpu *v, struct regs *regs, unsigned int vector);

#endif
