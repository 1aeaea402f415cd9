/* Between the files of pv/compat, and what entry_ring1.S calls. */
#ifndef PV_COMPAT_INTERNAL_H
#define PV_COMPAT_INTERNAL_H

#include "pv/compat/compat.h"
#include "pv/segment/segment.h"

/* From entry_ring1.S: @regs is current's frame at the top of the stack, from int 0x82. */
void compat_hypercall(struct vcpu *v, struct regs *regs);

/*
 * Current, a 32-bit vcpu, has come in: restrain supervisor code again, and see in @regs which ring
 * it was. Before anything of the guest's is looked at.
 */
void compat_entered(struct vcpu *v, struct regs *regs);

/*
 * Of the guest's rings, 0 to 2 would be the kernel's: the hypervisor lets none of its selectors be
 * of 0.
 */
static inline bool compat_is_kernel(const struct regs *regs)
{
    return (regs->cs & 3) <= 1;
}

/*
 * #GP at a selector: carry out the transfer through a call gate, if it is one that may be. False:
 * it isn't.
 */
bool compat_call_gate(struct vcpu *v, struct regs *regs);

/* Members of guest_mode_32. */
void compat_exception(struct vcpu *v, struct regs *regs, unsigned int vector, u32 error);
void compat_page_fault(struct vcpu *v, struct regs *regs, u32 error, u64 cr2);
void compat_interrupt(struct vcpu *v, struct regs *regs, unsigned int vector);
void compat_event(struct vcpu *v, struct regs *regs);
void compat_failsafe(struct vcpu *v, struct regs *regs);
void compat_syscall(struct vcpu *v, struct regs *regs);
void compat_sysenter(struct vcpu *v, struct regs *regs);

/*
 * Where @bytes at @offset of ring 1's segment @selector lie, if it can be used so there. False: it
 * can't.
 */
bool compat_kernel_range(const struct vcpu *v, u16 selector, u32 offset, unsigned int bytes,
                         enum segment_use use, gva_t *va);

#endif
