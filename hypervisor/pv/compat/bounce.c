/*
 * Delivery to a 32-bit guest's kernel, and the way back, iret. ABI.md S1, 'Exception frames'.
 *
 * The frame is the processor's own: an error code where the exception has one, eip, cs with the
 * saved event mask in its upper half, eflags, and only from rings 2 and 3 esp and ss. From there
 * the stack is ring 1's, as stack_switch told; from ring 1 it is the one in use. Segments may be
 * any that the guest has made: they are looked up, so that the IRET to the handler cannot fault,
 * and what can't be had is the end of the domain, since nobody is left to tell.
 */
#include "cpu/segments.h"
#include "cpu/uaccess.h"
#include "console/console.h"
#include "hypercall/compat/entry.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "pv/bounce/bounce.h"
#include "pv/compat/internal.h"
#include "trace/buffer.h"
#include "trace/trace.h"

#define EXTRA_MAX 4
#define FRAME_MAX (EXTRA_MAX + 5)

struct delivery {
    u16 cs;
    u32 eip;
    unsigned int nr_extra; /* what the frame begins with: the error code, or selectors */
    u32 extra[EXTRA_MAX];
    bool mask_events;
    u32 clear_flags; /* beyond the ones that are always cleared */
    const char *what;
};

bool compat_kernel_range(const struct vcpu *v, u16 selector, u32 offset, unsigned int bytes,
                         enum segment_use use, gva_t *va)
{
    u64 descriptor;

    if ( selector == (use == SEGMENT_EXECUTE ? SEL_RING1_CS : SEL_RING1_DS) )
    {
        *va = to_gva(offset); /* flat */
        return true;
    }
    if ( (selector & 3) != 1 || !segment_lookup(v, selector, &descriptor) ||
         segment_ring(descriptor) != 1 || segment_room(descriptor, offset, use) < bytes )
        return false;
    *va = to_gva((u32)(segment_base(descriptor) + offset));
    return true;
}

/* What the guest sees for rflags: the real IF is always set, the real IOPL always 0. */
static u32 flags_shown(const struct vcpu *v, const struct regs *regs, u8 mask)
{
    u32 flags = (u32)regs->rflags;

    if ( mask )
        flags &= ~EFLAGS_IF;
    if ( v->cpu.iopl_in_rflags ) /* it sees it, too */
        flags |= (u32)v->cpu.iopl << 12;
    return flags;
}

static unsigned int build_frame(const struct vcpu *v, const struct regs *regs,
                                const struct delivery *how, u32 frame[FRAME_MAX])
{
    u8 mask = READ_ONCE(v->cpu.info->evtchn_upcall_mask);
    unsigned int n = 0;

    while ( n < how->nr_extra )
    {
        frame[n] = how->extra[n];
        n++;
    }
    frame[n++] = (u32)regs->rip;
    frame[n++] = (u16)regs->cs | (u32)mask << 16;
    frame[n++] = flags_shown(v, regs, mask);
    if ( !compat_is_kernel(regs) )
    {
        frame[n++] = (u32)regs->rsp;
        frame[n++] = (u16)regs->ss;
    }
    return n * sizeof(frame[0]);
}

/* Go on at @how's handler in ring 1, with the stack @ss:@sp. */
static void enter_handler(struct vcpu *v, struct regs *regs, const struct delivery *how, u16 ss,
                          u32 sp)
{
    if ( how->mask_events )
        v->cpu.info->evtchn_upcall_mask = 1;
    v->cpu.kernel_mode = 1;
    regs->rip = how->eip;
    regs->cs = how->cs;
    regs->rflags &= ~(u64)(EFLAGS_CLEARED | how->clear_flags);
    regs->rsp = sp;
    regs->ss = ss;
    regs->vector = 0;
}

static bool handler_ok(const struct vcpu *v, const struct delivery *how)
{
    gva_t code;

    return how->eip && compat_kernel_range(v, how->cs, how->eip, 1, SEGMENT_EXECUTE, &code);
}

static void deliver(struct vcpu *v, struct regs *regs, const struct delivery *how)
{
    bool kernel = compat_is_kernel(regs);
    u16 ss = (u16)(kernel ? regs->ss : v->cpu.kernel_ss);
    u32 sp = (u32)(kernel ? regs->rsp : v->cpu.kernel_rsp);
    u32 frame[FRAME_MAX];
    unsigned int bytes = build_frame(v, regs, how, frame);
    gva_t stack;

    sp -= bytes;
    if ( !handler_ok(v, how) || !compat_kernel_range(v, ss, sp, bytes, SEGMENT_WRITE, &stack) ||
         copy_to_guest(stack, frame, bytes) )
    {
        domain_crash(v->domain, "vcpu %u: no way to deliver %s: handler %04x:%08x, stack %04x:%08x",
                     v->id, how->what, how->cs, how->eip, ss, sp);
        return;
    }
    enter_handler(v, regs, how, ss, sp);
}

static struct delivery to_trap(const struct vcpu *v, unsigned int vector, const char *what)
{
    const struct trap_info *trap = &v->pv.traps[vector];

    return (struct delivery){
        .cs = trap->cs, .eip = (u32)trap->address, .mask_events = TI_GET_IF(trap), .what = what
    };
}

void compat_interrupt(struct vcpu *v, struct regs *regs, unsigned int vector)
{
    struct delivery how = to_trap(v, vector, "an exception or software interrupt");

    deliver(v, regs, &how);
}

static void deliver_with_error(struct vcpu *v, struct regs *regs, unsigned int vector, u32 error)
{
    struct delivery how = to_trap(v, vector, "an exception");

    how.nr_extra = 1;
    how.extra[0] = error;
    deliver(v, regs, &how);
}

void compat_exception(struct vcpu *v, struct regs *regs, unsigned int vector, u32 error)
{
    trace(TRC_PV_TRAP, regs->rip, bounce_traced(vector, error));
    if ( bounce_has_error(vector) )
        deliver_with_error(v, regs, vector, error);
    else
        compat_interrupt(v, regs, vector);
}

void compat_page_fault(struct vcpu *v, struct regs *regs, u32 error, u64 cr2)
{
    count(COUNTER_fault_bounced);
    trace(TRC_PV_PAGE_FAULT, regs->rip, cr2, error);
    bounce_set_cr2(v, cr2);
    deliver_with_error(v, regs, TRAP_PF,
                       (error & ~PF_USER) | (compat_is_kernel(regs) ? 0 : PF_USER));
}

void compat_event(struct vcpu *v, struct regs *regs)
{
    struct delivery how = {
        .cs = v->pv.event_cs, .eip = (u32)v->cpu.event_rip, .mask_events = true, .what = "an event"
    };

    deliver(v, regs, &how);
}

void compat_failsafe(struct vcpu *v, struct regs *regs)
{
    struct delivery how = {
        .cs = v->pv.failsafe_cs,
        .eip = (u32)v->pv.failsafe_rip,
        .nr_extra = EXTRA_MAX,
        .extra = { v->cpu.ds, v->cpu.es, v->cpu.fs, v->cpu.gs },
        .mask_events = v->pv.failsafe_mask_events,
        .what = "the failsafe callback",
    };

    deliver(v, regs, &how);
}

/*
 * SYSCALL and SYSENTER: the processor tells nobody which ring they came from, but only processes
 * have a use for them. The frame says so.
 */
static void from_process(struct vcpu *v, struct regs *regs, u16 cs)
{
    regs->cs = cs;
    regs->ss = SEL_RING3_DS;
    compat_entered(v, regs);
}

void compat_syscall(struct vcpu *v, struct regs *regs)
{
    struct delivery how = { .cs = (u16)v->pv.syscall32_cs,
                            .eip = (u32)v->pv.syscall32_rip,
                            .mask_events = v->pv.syscall32_mask_events,
                            .clear_flags = EFLAGS_DF,
                            .what = "a system call" };

    from_process(v, regs, SEL_RING3_CS);
    if ( how.eip )
    {
        deliver(v, regs, &how);
        return;
    }
    regs->rip = (u32)(regs->rip - 2);
    compat_exception(v, regs, TRAP_UD, 0);
}

void compat_sysenter(struct vcpu *v, struct regs *regs)
{
    struct delivery how = { .cs = (u16)v->pv.sysenter_cs,
                            .eip = (u32)v->pv.sysenter_rip,
                            .mask_events = v->pv.sysenter_mask_events,
                            .what = "a sysenter" };

    from_process(v, regs, (u16)regs->cs);
    if ( how.eip )
        deliver(v, regs, &how);
    else
        compat_exception(v, regs, TRAP_GP, 0);
}
