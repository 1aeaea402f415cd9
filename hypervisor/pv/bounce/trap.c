/*
 * Exceptions: from a guest they are emulated or delivered to it, from the hypervisor they are
 * answered by the exception table or are the end.
 */
#include "console/console.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/extable.h"
#include "cpu/fpu.h"
#include "cpu/percpu.h"
#include "cpu/stub.h"
#include "cpu/uaccess.h"
#include "event/event.h"
#include "irq/irq.h"
#include "lib/atomic.h"
#include "lib/guard.h"
#include "lib/string.h"
#include "mm/map.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "pv/emulate/decode.h"
#include "pv/emulate/emulate.h"
#include "pv/pagetable/pagetable.h"
#include "pv/segment/segment.h"
#include "trace/trace.h"

/* To 64-bit guests directly: an indirect call costs more than the question. */
static void deliver_page_fault(struct vcpu *v, struct regs *regs, u32 error, u64 cr2)
{
    if ( v->cpu.mode.kernel_ring == 3 )
        native_page_fault(v, regs, error, cr2);
    else
        bounce_page_fault(v, regs, error, cr2);
}

static void deliver_interrupt(struct vcpu *v, struct regs *regs, unsigned int vector)
{
    if ( v->cpu.mode.kernel_ring == 3 )
        native_interrupt(v, regs, vector);
    else
        bounce_interrupt(v, regs, vector);
}

/*
 * int n, which our gates refuse with #GP(n * 8 + 2). The number is read from the instruction where
 * it can be: QEMU 7.2 says n * 16 + 2 in long mode. True: delivered.
 */
static __attribute__((noinline)) bool deliver_int_n(struct vcpu *v, struct regs *regs)
{
    unsigned int vector = (regs->error >> 3) & 0xff;
    u8 code[2];
    u64 va;

    if ( insn_address(v, regs, &va) >= sizeof(code) &&
         !copy_from_guest(code, to_gva(va), sizeof(code)) && code[0] == 0xcd )
        vector = code[1];
    if ( !trap_may_raise(v, &v->pv.traps[vector]) )
    {
        regs->error = vector << 3 | 2;
        return false;
    }
    regs->rip += 2;
    deliver_interrupt(v, regs, vector);
    return true;
}

/*
 * The handlers are functions of their own, so that trap_from_guest is but a jump: what one of them
 * needs to save, the others don't pay for.
 */
#define HANDLER static __attribute__((noinline)) void

void bounce_general_protection(struct vcpu *v, struct regs *regs)
{
    if ( (regs->error & 3) != 2 || !deliver_int_n(v, regs) )
        bounce_exception(v, regs, TRAP_GP, regs->error);
}

void trap_int80_refused(struct vcpu *v, struct regs *regs)
{
    regs->rip -= 2;
    bounce_exception(v, regs, TRAP_GP, VECTOR_INT80 << 3 | 2);
}

HANDLER int80(struct vcpu *v, struct regs *regs)
{
    if ( trap_int80_allowed(v) )
        deliver_interrupt(v, regs, VECTOR_INT80);
    else
        trap_int80_refused(v, regs);
}

/*
 * A domain that is debugged (XEN_DOMCTL_setdebugging) never sees its kernel's breakpoints and single steps: it is
 * paused, which VIRQ_DEBUGGER tells, and once unpaused goes on behind them. Its processes' are its kernel's business.
 */
static bool debugger_stops(const struct vcpu *v)
{
    if ( !READ_ONCE(v->domain->debugged) || !v->cpu.kernel_mode )
        return false;

    domain_pause_oneself(v->domain);
    event_send_global_virq(VIRQ_DEBUGGER);
    return true;
}

void bounce_debug(struct vcpu *v, struct regs *regs, unsigned int vector)
{
    if ( !debugger_stops(v) )
        bounce_exception(v, regs, vector, 0);
}

HANDLER breakpoint(struct vcpu *v, struct regs *regs)
{
    bounce_debug(v, regs, TRAP_BP);
}

HANDLER debug(struct vcpu *v, struct regs *regs)
{
    u64 dr6 = read_dr6();

    /* DR6 is sticky: what the guest sees is its own, set anew. */
    write_dr6(0xffff0ff0UL);
    v->pv.dr[6] |= dr6 & ~0xffff0ff0UL;
    bounce_debug(v, regs, TRAP_DB);
}

/* The guest's own TS comes first: what it then uses faults again, if it waits. */
HANDLER device_not_available(struct vcpu *v, struct regs *regs)
{
    if ( v->cpu.ts )
    {
        /* Delivering it clears the virtual TS, so that the guest needn't ask for that. */
        v->cpu.ts = 0;
        fpu_set_ts(false);
        bounce_exception(v, regs, TRAP_NM, 0);
    }
    else
        fpu_use(v->pv.xcr0);
}

HANDLER double_fault(struct vcpu *v, struct regs *regs)
{
    (void)v;
    crash_report(regs, "double fault");
}

HANDLER machine_check(struct vcpu *v, struct regs *regs)
{
    (void)v;
    crash_report(regs, "machine check");
}

HANDLER as_it_is(struct vcpu *v, struct regs *regs)
{
    bounce_exception(v, regs, regs->vector, regs->error);
}

#define HANDLERS 32

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static void (*const handlers[HANDLERS])(struct vcpu *v, struct regs *regs) = {
    [0 ... HANDLERS - 1] = as_it_is,
    [TRAP_DB] = debug,
    [TRAP_BP] = breakpoint,
    [TRAP_NM] = device_not_available,
    [TRAP_UD] = emulate_invalid_opcode,
    [TRAP_DF] = double_fault,
    [TRAP_GP] = emulate_privileged,
    [TRAP_MC] = machine_check,
};
#pragma GCC diagnostic pop

void trap_from_guest(struct vcpu *v, struct regs *regs)
{
    u32 vector = regs->vector;

    if ( vector < HANDLERS )
        handlers[vector](v, regs);
    else if ( vector == VECTOR_INT80 )
        int80(v, regs);
    else
        as_it_is(v, regs);
}

/*
 * A fault in @v's LDT window, whose pages are mapped when the processor first reads them: for a
 * selector that the guest or, on its behalf, we load. *va and *error become what the guest is told
 * if the page can't be had. True: resume. An access in ring 3 is plain trespassing.
 */
static bool ldt_fault(struct vcpu *v, u64 *va, u32 *error)
{
    u64 offset = *va - (v->pv.window + VCPU_MAP_LDT_PAGE * PAGE_SIZE);

    if ( !v->pv.window || offset >= (VCPU_MAP_PAGES - VCPU_MAP_LDT_PAGE) * PAGE_SIZE ||
         (*error & PF_USER) )
        return false;
    if ( segment_ldt_fault(v, offset, va) )
        return true;
    *error &= ~(PF_PRESENT | PF_WRITE);
    return false;
}

static bool is_hypervisors(u64 va)
{
    return va - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START;
}

HANDLER hypervisors_page_fault(struct vcpu *v, struct regs *regs, u64 cr2)
{
    u32 error = regs->error;

    if ( !ldt_fault(v, &cr2, &error) )
        deliver_page_fault(v, regs, error, cr2);
}

void pagetable_write_refused(struct vcpu *v, struct regs *regs, u64 cr2)
{
    if ( !pagetable_emulate_mmio_write(v, regs, cr2) )
        deliver_page_fault(v, regs, regs->error, cr2);
}

#define PF_WRITE_PROTECTED (PF_PRESENT | PF_WRITE)

void trap_page_fault(struct vcpu *v, struct regs *regs)
{
    u64 cr2 = read_cr2();
    u32 error = regs->error;

    if ( is_hypervisors(cr2) )
        hypervisors_page_fault(v, regs, cr2);
    else if ( (error & (PF_WRITE_PROTECTED | PF_RESERVED | PF_FETCH)) == PF_WRITE_PROTECTED &&
              v->cpu.kernel_mode )
        pagetable_emulate_write(v, regs, cr2); /* to a page that is mapped read-only */
    else
        deliver_page_fault(v, regs, error, cr2);
}

bool bounce_user_may(u64 va, unsigned int bytes, bool write)
{
    u64 need = PTE_P | PTE_US | (write ? PTE_RW : 0), last = va + bytes - 1;

    return bounce_tables_allow(read_cr3(), va, need) &&
           (!((va ^ last) >> PAGE_SHIFT) || bounce_tables_allow(read_cr3(), last, need));
}

/*
 * Would the page tables have allowed the access? Then the TLB was stale, legitimately so after an
 * update without a flush, and trying again succeeds: the fault has dropped the entry.
 */
static bool fault_is_spurious(u64 va, u32 error)
{
    return !(error & (PF_RESERVED | PF_FETCH)) &&
           bounce_tables_allow(read_cr3(), va, PTE_P | (error & PF_WRITE ? PTE_RW : 0));
}

/*
 * The final IRET to a guest faulted: its selectors or its address are bad. The registers it would
 * have had are those of this fault, but for what IRET was to load, which still lies at the top of
 * the stack: so the guest's frame is complete, and the fault is delivered as if the guest had
 * raised it there.
 */
static void __attribute__((noreturn)) iret_faulted(const struct regs *fault, u32 error, u64 cr2)
{
    struct vcpu *v = current_vcpu();
    struct regs *guest = percpu_guest_regs();
    u32 vector = fault->vector;

    memmove(guest, fault, offsetof(struct regs, error));
    guest->error = 0;
    guest->vector = 0;
    guest->cs = (u16)guest->cs; /* entry.S left what the guest had above the selectors */
    guest->ss = (u16)guest->ss;
    v->cpu.mode.entered(v, guest);
    if ( vector == TRAP_PF )
        bounce_page_fault(v, guest, error, cr2);
    else
        bounce_exception(v, guest, vector, error);
    exit_to_guest();
}

/*
 * With SMAP, a guest's page touched outside of guest_access_begin() and _end(): our own mistake,
 * and no use to try again.
 */
static bool is_smap_violation(const struct regs *regs)
{
    return (cpu_cr4 & CR4_SMAP) && (regs->error & PF_PRESENT) && !(regs->rflags & EFLAGS_AC) &&
           !extable_find(regs->rip);
}

/*
 * True if the access is to be tried again. *error and *cr2 are as for the guest, should it be its
 * fault.
 */
static bool page_fault_from_hypervisor(const struct regs *regs, u32 *error, u64 *cr2)
{
    if ( is_hypervisors(*cr2) )
        return ldt_fault(current_vcpu(), cr2, error);
    if ( is_smap_violation(regs) || !fault_is_spurious(*cr2, *error) )
        return false;
    count(COUNTER_fault_spurious);
    return true;
}

void trap_from_hypervisor(struct regs *regs)
{
    u64 cr2 = read_cr2(), fixup;
    u32 error = regs->error;

    if ( GUARD(debug_in_hypervisor, regs->vector == TRAP_DB) )
    {
        /*
         * A breakpoint of the guest's on memory that we touch, or one that MOV SS deferred: not
         * ours to report.
         */
        write_dr6(0xffff0ff0UL);
        return;
    }
    if ( regs->vector == TRAP_PF && page_fault_from_hypervisor(regs, &error, &cr2) )
        return;
    if ( regs->rip == (u64)exit_iretq )
        iret_faulted(regs, error, cr2);
    if ( regs->vector != TRAP_DF && regs->vector != TRAP_MC &&
         (fixup = extable_find(regs->rip)) != 0 )
    {
        regs->rip = fixup;
        return;
    }
    crash_report(regs, "fault in the hypervisor");
}

/*
 * Ring 1 runs without what restrains supervisor code: whoever was interrupted, it is on from here.
 */
void trap_nmi_from_guest(const struct regs *regs)
{
    write_cr4(read_cr4() | (cpu_cr4 & CR4_SUPERVISOR));
    trap_nmi(regs);
}

void trap_nmi(const struct regs *regs)
{
    if ( smp_nmi(regs) )
        return;
    /* PCI SERR and I/O check are reported by port 0x61; nothing else raises an NMI here. */
    log_error("NMI on CPU %u, reason %#x", this_cpu()->cpu, inb(0x61));
}
