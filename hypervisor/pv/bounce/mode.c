/* How 64-bit guests come in and go out: cpu/mode.h. And what depends on it. */
#include "cpu/gdt.h"
#include "cpu/mode.h"
#include "cpu/stub.h"
#include "irq/irq.h"
#include "lib/atomic.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"

static void native_entered(struct vcpu *v, struct regs *regs)
{
    (void)v, (void)regs;
}

const struct guest_mode guest_mode_64 = {
    .trap = trap_from_guest,
    .page_fault = trap_page_fault,
    .trap_timed = trap_from_guest_timed,
    .page_fault_timed = trap_page_fault_timed,
    .interrupt = irq_at_rest,
    .syscall_compat = native_syscall_compat,
    .sysenter = native_sysenter,
    .entered = native_entered,
    .deliver_exception = native_exception,
    .deliver_page_fault = native_page_fault,
    .deliver_interrupt = native_interrupt,
    .deliver_event = native_event,
    .deliver_failsafe = native_failsafe,
    .load_segments = native_load_segments,
    .arguments = { offsetof(struct regs, rdi), offsetof(struct regs, rsi),
                   offsetof(struct regs, rdx), offsetof(struct regs, r10),
                   offsetof(struct regs, r8) },
    .direct = true,
    .kernel_ring = 3,
    .gdt = GDT_64,
    .cr2 = offsetof(struct vcpu_info, arch.cr2),
};

/*
 * CR2 is a guest's word of memory, at a place of its own in each width: 32 bits are read and
 * written, or 64.
 */
static void *cr2_word(const struct vcpu *v)
{
    return (u8 *)v->cpu.info + v->cpu.mode.cr2;
}

u64 bounce_cr2(const struct vcpu *v)
{
    return v->domain->pv32 ? READ_ONCE(*(u32 *)cr2_word(v)) : READ_ONCE(*(u64 *)cr2_word(v));
}

void bounce_set_cr2(struct vcpu *v, u64 value)
{
    if ( v->domain->pv32 )
        WRITE_ONCE(*(u32 *)cr2_word(v), (u32)value);
    else
        WRITE_ONCE(*(u64 *)cr2_word(v), value);
}
