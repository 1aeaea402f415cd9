/* How 32-bit guests come in and go out: cpu/mode.h. */
#include "cpu/mode.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/gdt.h"
#include "cpu/stub.h"
#include "irq/irq.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "pv/compat/internal.h"

/* Offset of arch.cr2 in a 32-bit guest's vcpu_info, as measured with gcc -m32. */
#define COMPAT_INFO_CR2 8

void compat_entered(struct vcpu *v, struct regs *regs)
{
    u64 restraints = cpu_cr4 & CR4_SUPERVISOR;

    if ( restraints )
        write_cr4(read_cr4() | restraints);
    v->cpu.kernel_mode = compat_is_kernel(regs);
}

/* #GP with a selector of the GDT or the LDT, in an instruction of the guest's own. */
static bool is_selector_fault(const struct regs *regs)
{
    return regs->vector == TRAP_GP && regs->error && !(regs->error & 3);
}

/* These don't return to entry.S: its way out is that of 64-bit guests. */
static inline void compat_any_trap(struct vcpu *v, struct regs *regs,
                                   void (*trap)(struct vcpu *v, struct regs *regs))
{
    compat_entered(v, regs);
    if ( !is_selector_fault(regs) || !compat_call_gate(v, regs) )
        trap(v, regs);
    exit_to_guest();
}

static void compat_trap(struct vcpu *v, struct regs *regs)
{
    compat_any_trap(v, regs, trap_from_guest);
}

static void compat_trap_timed(struct vcpu *v, struct regs *regs)
{
    compat_any_trap(v, regs, trap_from_guest_timed);
}

static void compat_trap_page_fault(struct vcpu *v, struct regs *regs)
{
    compat_entered(v, regs);
    trap_page_fault(v, regs);
    exit_to_guest();
}

static void compat_trap_page_fault_timed(struct vcpu *v, struct regs *regs)
{
    compat_entered(v, regs);
    trap_page_fault_timed(v, regs);
    exit_to_guest();
}

static void compat_dispatch_interrupt(u32 vector)
{
    compat_entered(current_vcpu(), percpu_guest_regs());
    irq_at_rest(vector);
}

/*
 * The bases of FS and GS are their descriptors'. Where a selector is NULL the base must not remain
 * another guest's.
 */
static bool compat_load_segments(struct vcpu_cpu *c)
{
    wrmsr(MSR_FS_BASE, 0);
    wrmsr(MSR_GS_BASE, 0);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
    return switch_load_selectors(c);
}

const struct guest_mode guest_mode_32 = {
    .trap = compat_trap,
    .page_fault = compat_trap_page_fault,
    .trap_timed = compat_trap_timed,
    .page_fault_timed = compat_trap_page_fault_timed,
    .interrupt = compat_dispatch_interrupt,
    .syscall_compat = compat_syscall,
    .sysenter = compat_sysenter,
    .entered = compat_entered,
    .deliver_exception = compat_exception,
    .deliver_page_fault = compat_page_fault,
    .deliver_interrupt = compat_interrupt,
    .deliver_event = compat_event,
    .deliver_failsafe = compat_failsafe,
    .load_segments = compat_load_segments,
    .arguments = { offsetof(struct regs, rbx), offsetof(struct regs, rcx),
                   offsetof(struct regs, rdx), offsetof(struct regs, rsi),
                   offsetof(struct regs, rdi) },
    .kernel_ring = 1,
    .gdt = GDT_32,
    .cr2 = COMPAT_INFO_CR2,
};
