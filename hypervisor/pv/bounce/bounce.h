/*
 * Delivery to guests: exceptions, events, system calls; and the way back, iret. The hot paths.
 */
#ifndef PV_BOUNCE_BOUNCE_H
#define PV_BOUNCE_BOUNCE_H

#include "domain/domain.h"

long bounce_set_trap_table(unsigned long table);
long bounce_stack_switch(unsigned long ss, unsigned long rsp);
long bounce_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall);
long bounce_callback_op(unsigned long cmd, unsigned long arg);
long bounce_nmi_op(unsigned long cmd, unsigned long arg);
long bounce_iret(void);

/*
 * Deliver exception @vector to current, whose frame is @regs; @error only for vectors that have
 * one. Builds the frame on the guest's kernel stack, or crashes the domain. #PF: @cr2 goes into
 * vcpu_info.
 */
void bounce_exception(struct vcpu *v, struct regs *regs, unsigned int vector, u32 error);
void bounce_page_fault(struct vcpu *v, struct regs *regs, u32 error, u64 cr2);

#endif
