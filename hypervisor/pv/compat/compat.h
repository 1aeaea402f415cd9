/*
 * 32-bit PAE guests in ring 1: what the rest of the hypervisor must know of them.
 *
 * A domain's width is struct domain's pv32. Nothing asks for it on a path that is taken often: what
 * differs between the widths is chosen when the width is, by tables and by words in struct vcpu.
 *
 *   - Hypercalls come by int 0x82 and go through hypercall_table_compat, made of the fourth column
 *     of hypercalls.def. Its handlers have the type of the native ones; the arguments are ebx, ecx,
 *     edx, esi, edi, zero-extended, and the result's low half goes to eax. A row whose arguments
 *     and structures look the same in both widths names the native handler; another names a
 *     translator, long compat_NAME(...), declared here. A translator copies the guest's structure
 *     in, checks and widens it, and calls what the native handler calls. hypercall_continue() takes
 *     the guest's own arguments in both widths.
 *   - A guest pointer is zero-extended to gva_t. Nothing is mapped from 4 GiB on, so one that runs
 *     beyond faults.
 *   - Events, exceptions, iret and the rest go by struct guest_mode (cpu/mode.h).
 *   - vcpu.cpu.kernel_mode is, as for 64-bit guests, whether the kernel runs; but the guest may
 *     change its ring by itself, so it is renewed from CS at each exception and hypercall, and
 *     means something only until the guest runs again. A 32-bit vcpu has one root: cr3_kernel and
 *     cr3_user are the same word, the machine address of its monitor L4.
 */
#ifndef PV_COMPAT_COMPAT_H
#define PV_COMPAT_COMPAT_H

#include "domain/domain.h"

/*
 * Make @d a 32-bit domain, for good: by domctl set_address_size and dom0's builder. 0, also if it is
 * one; -EACCES it has frames; -ENOMEM it is one, but not all of its vcpus are: again. In pv/domain.c.
 */
long pv_domain_set_pv32(struct domain *d);

/*
 * Contexts. vcpu_set_context and vcpu_get_context (domain/domain.h) take struct vcpu_guest_context
 * for both widths, with ctrlreg[3] as the guest has it in CR3. Of a 32-bit vcpu's the word
 * syscall_callback_eip holds event_callback_cs in its lower half and failsafe_callback_cs in its
 * upper one, and fs_base, gs_base_* and VGCF_in_kernel mean nothing. The layouts of 32-bit guests
 * (hypercall/compat/) are translated by whoever copies them.
 */

/* Translators. */
long compat_set_trap_table(unsigned long table);
long compat_stack_switch(unsigned long ss, unsigned long esp);
long compat_set_gdt(unsigned long frames, unsigned long entries);
long compat_set_callbacks(unsigned long event_cs, unsigned long event, unsigned long failsafe_cs,
                          unsigned long failsafe);
long compat_update_descriptor(unsigned long maddr_low, unsigned long maddr_high, unsigned long low,
                              unsigned long high);
long compat_multicall(unsigned long list, unsigned long count);
long compat_iret(void);
long compat_nmi_op(unsigned long cmd, unsigned long arg);
long compat_callback_op(unsigned long cmd, unsigned long arg);

#endif
