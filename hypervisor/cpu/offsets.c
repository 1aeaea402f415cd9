/*
 * Offsets for entry.S: compiled to assembly, from which the build takes the lines that begin with
 * "->".
 */
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/segments.h"
#include "cpu/state.h"
#include "cpu/uaccess.h"
#include "domain/domain.h"
#include "lib/guard.h"

#define DEFINE(name, value)        __asm__ volatile("\n->" #name " %0" ::"i"(value))
#define OFFSET(name, type, member) DEFINE(name, offsetof(struct type, member))

#define SAME_OFFSET(member)                                                                        \
    _Static_assert(offsetof(struct regs, member) == offsetof(struct cpu_user_regs, member),        \
                   "struct regs follows the ABI's order: " #member)
SAME_OFFSET(r15);
SAME_OFFSET(rdi);
SAME_OFFSET(rip);
SAME_OFFSET(rflags);
SAME_OFFSET(ss);

void offsets(void);

void offsets(void)
{
    DEFINE(REGS_SIZE, sizeof(struct regs));
    OFFSET(REGS_r15, regs, r15);
    OFFSET(REGS_r14, regs, r14);
    OFFSET(REGS_r13, regs, r13);
    OFFSET(REGS_r12, regs, r12);
    OFFSET(REGS_rbp, regs, rbp);
    OFFSET(REGS_rbx, regs, rbx);
    OFFSET(REGS_r11, regs, r11);
    OFFSET(REGS_r10, regs, r10);
    OFFSET(REGS_r9, regs, r9);
    OFFSET(REGS_r8, regs, r8);
    OFFSET(REGS_rax, regs, rax);
    OFFSET(REGS_rcx, regs, rcx);
    OFFSET(REGS_rdx, regs, rdx);
    OFFSET(REGS_rsi, regs, rsi);
    OFFSET(REGS_rdi, regs, rdi);
    OFFSET(REGS_error, regs, error);
    OFFSET(REGS_vector, regs, vector);
    OFFSET(REGS_rip, regs, rip);
    OFFSET(REGS_cs, regs, cs);
    OFFSET(REGS_rflags, regs, rflags);
    OFFSET(REGS_rsp, regs, rsp);
    OFFSET(REGS_ss, regs, ss);

    OFFSET(PERCPU_current, percpu, current);
    OFFSET(PERCPU_exit_work, percpu, exit_work);
    OFFSET(PERCPU_cr3, percpu, cr3);
    OFFSET(PERCPU_hypercalls, percpu, hypercalls);

    OFFSET(VCPU_info, vcpu_cpu, info);
    OFFSET(VCPU_kernel_mode, vcpu_cpu, kernel_mode);
    OFFSET(VCPU_gs_other_kept, vcpu_cpu, gs_other_kept);
    _Static_assert(offsetof(struct vcpu_cpu, kernel_mode) ==
                       offsetof(struct vcpu_cpu, gs_other_kept) + 1,
                   "SWAPGS writes two bytes as one");
    _Static_assert(offsetof(struct vcpu_cpu, iret_plain) ==
                       offsetof(struct vcpu_cpu, kernel_mode) + 3,
                   "iret tests four bytes as one");
    OFFSET(VCPU_syscall_mask_events, vcpu_cpu, syscall_mask_events);
    OFFSET(VCPU_syscall_rip, vcpu_cpu, syscall_rip);
    OFFSET(VCPU_iopl_in_rflags, vcpu_cpu, iopl_in_rflags);
    OFFSET(VCPU_kernel_rsp, vcpu_cpu, kernel_rsp);
    OFFSET(VCPU_cr3_kernel, vcpu_cpu, cr3_kernel);
    OFFSET(VCPU_cr3_user, vcpu_cpu, cr3_user);
    OFFSET(VCPU_isolated, vcpu_cpu, isolated);
    OFFSET(VCPU_info_shown, vcpu_cpu, info_shown);
    OFFSET(VCPU_shadow, vcpu_cpu, shadow);
    DEFINE(VCPU_shadow_user, offsetof(struct vcpu_cpu, shadow[0]));
    DEFINE(VCPU_shadow_kernel, offsetof(struct vcpu_cpu, shadow[1]));
    _Static_assert(sizeof(struct vcpu_cpu) <= PAGE_SIZE, "shadow roots show one page of a vcpu");
    OFFSET(VCPU_trap, vcpu_cpu, mode.trap);
    OFFSET(VCPU_page_fault, vcpu_cpu, mode.page_fault);
    OFFSET(VCPU_interrupt, vcpu_cpu, mode.interrupt);
    OFFSET(VCPU_syscall_compat, vcpu_cpu, mode.syscall_compat);
    OFFSET(VCPU_sysenter, vcpu_cpu, mode.sysenter);
    OFFSET(VCPU_direct, vcpu_cpu, mode.direct);
    OFFSET(VCPU_kernel_ring, vcpu_cpu, mode.kernel_ring);
    _Static_assert(offsetof(struct vcpu, cpu) == 0, "a vcpu begins with what entry.S needs");
    OFFSET(VCPU_domain, vcpu, domain);
    OFFSET(INFO_upcall_pending, vcpu_info, evtchn_upcall_pending);
    OFFSET(INFO_upcall_mask, vcpu_info, evtchn_upcall_mask);
    _Static_assert(offsetof(struct vcpu_info, evtchn_upcall_mask) ==
                       offsetof(struct vcpu_info, evtchn_upcall_pending) + 1,
                   "the exit path tests pending and mask as one word");

#ifndef NDEBUG
    DEFINE(GUARD_iret_flags, GUARD_iret_flags);
    DEFINE(GUARD_syscall_outside_hypervisor, GUARD_syscall_outside_hypervisor);
    DEFINE(GUARD_syscall_is_told, GUARD_syscall_is_told);
#endif
    DEFINE(VECTOR_SYSCALL, VECTOR_SYSCALL);
    DEFINE(VECTOR_HANDLER, (int)VECTOR_HANDLER);
    DEFINE(WORK_FRAME, WORK_FRAME);
    OFFSET(IRET_rax, iret_context, rax);
    OFFSET(IRET_flags, iret_context, flags);
    OFFSET(IRET_rip, iret_context, rip);
    OFFSET(IRET_cs, iret_context, cs);
    OFFSET(IRET_rflags, iret_context, rflags);
    OFFSET(IRET_rsp, iret_context, rsp);
    OFFSET(IRET_ss, iret_context, ss);
    DEFINE(IRET_SIZE, sizeof(struct iret_context));
    DEFINE(IRET_IN_SYSCALL, VGCF_in_syscall);
    _Static_assert(sizeof(struct regs) - offsetof(struct regs, rip) ==
                       sizeof(struct iret_context) - offsetof(struct iret_context, rip),
                   "iret's frame ends as the processor's does");

    DEFINE(HV_VIRT_END, HV_VIRT_END);
    DEFINE(HYPERCALL_IRET, __HYPERVISOR_iret);
    DEFINE(EFLAGS_IF, EFLAGS_IF);
    DEFINE(EFLAGS_FIXED, EFLAGS_FIXED);
    DEFINE(EFLAGS_GUESTS, (s32)~EFLAGS_NOT_GUESTS);
    DEFINE(EFLAGS_ENTERED, (s32) ~(EFLAGS_CLEARED | EFLAGS_DF));
    DEFINE(HYPERCALL_TABLE, HYPERCALL_TABLE);
    DEFINE(CR4_SUPERVISOR, CR4_SUPERVISOR);
    DEFINE(STACK_AREA_SIZE_, STACK_AREA_SIZE);
    DEFINE(STACK_PERCPU_OFFSET, STACK_PERCPU_PAGE * PAGE_SIZE);
}
