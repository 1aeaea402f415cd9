/*
 * Offsets for entry.S: compiled to assembly, from which the build takes the lines that begin with
 * "->".
 */
#include "cpu/percpu.h"
#include "cpu/segments.h"
#include "cpu/state.h"

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
    OFFSET(REGS_r11, regs, r11);
    OFFSET(REGS_rax, regs, rax);
    OFFSET(REGS_rcx, regs, rcx);
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

    OFFSET(VCPU_info, vcpu_cpu, info);
    OFFSET(VCPU_kernel_mode, vcpu_cpu, kernel_mode);
    OFFSET(INFO_upcall_pending, vcpu_info, evtchn_upcall_pending);
    _Static_assert(offsetof(struct vcpu_info, evtchn_upcall_mask) ==
                       offsetof(struct vcpu_info, evtchn_upcall_pending) + 1,
                   "the exit path tests pending and mask as one word");

    DEFINE(VECTOR_SYSCALL, VECTOR_SYSCALL);
    DEFINE(EFLAGS_IF, EFLAGS_IF);
    DEFINE(EFLAGS_FIXED, EFLAGS_FIXED);
    DEFINE(HYPERCALL_TABLE, HYPERCALL_TABLE);
    DEFINE(STACK_AREA_SIZE_, STACK_AREA_SIZE);
    DEFINE(STACK_PERCPU_OFFSET, STACK_PERCPU_PAGE * PAGE_SIZE);
}
