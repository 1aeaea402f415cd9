/*
 * Delivery to a guest kernel: a frame is pushed on its stack and its handler entered. ABI.md S1,
 * 'Exception frames'.
 *
 * From guest user mode the vcpu switches to its kernel first: the kernel's page tables, GS base and
 * stack. The frame always begins with rcx and r11, so that the handler can be entered by SYSRET. A
 * stack that can't be written, or a missing handler, is the end of the domain: nobody is left to
 * tell.
 */
#include "pv/bounce/bounce.h"
#include "console/console.h"
#include "cpu/asm.h"
#include "cpu/segments.h"
#include "cpu/uaccess.h"
#include "lib/atomic.h"
#include "lib/guard.h"
#include "pv/bounce/internal.h"
#include "trace/buffer.h"
#include "trace/trace.h"

#define always_inline inline __attribute__((always_inline))

static inline void load_root(u64 root)
{
    this_cpu()->cr3 = root;
    write_cr3(root);
}

static always_inline void enter_kernel(struct vcpu *v)
{
    v->cpu.gs_other_kept = 0;
    v->cpu.kernel_mode = 1;
    swapgs();
    load_root(v->cpu.cr3_kernel);
}

static always_inline void enter_user(struct vcpu *v)
{
    v->cpu.gs_other_kept = 0;
    v->cpu.kernel_mode = 0;
    swapgs();
    load_root(v->cpu.cr3_user);
}

#define EXTRA_MAX 4

/*
 * How to deliver: what the frame holds beyond the common words, and how the handler wants to be
 * entered. Each kind of delivery inlines deliver() with its own constants.
 */
struct delivery {
    u64 handler;
    unsigned int nr_extra; /* 0, 1 or EXTRA_MAX */
    u64 extra[EXTRA_MAX];  /* between r11 and rip, ascending: the error code, or selectors */
    bool mask_events;
    u64 clear_flags; /* beyond the ones that are always cleared */
    const char *what;
};

/*
 * The frame, in ascending order: the hot store, one check of its first address for all. False: it faulted.
 */
static always_inline bool push_frame(u64 sp, const struct regs *regs, const struct delivery *how,
                                     u64 cs, u64 rflags)
{
    unsigned int n = 0;

    guest_access_begin();
#define PUSH(value)                                                                                \
    __asm__ goto("1: mov %0, %c2(%1)\n" EXTABLE_FAULT(1b)::"r"((u64)(value)), "r"(sp), "i"(8 * n)  \
                 : "memory"                                                                        \
                 : fault);                                                                         \
    n++

    PUSH(regs->rcx);
    PUSH(regs->r11);
    if ( how->nr_extra )
    {
        PUSH(how->extra[0]);
    }
    if ( how->nr_extra == EXTRA_MAX )
    {
        PUSH(how->extra[1]);
        PUSH(how->extra[2]);
        PUSH(how->extra[3]);
    }
    PUSH(regs->rip);
    PUSH(cs);
    PUSH(rflags);
    PUSH(regs->rsp);
    PUSH(regs->ss);
#undef PUSH
    guest_access_end();
    return true;
fault:
    guest_access_end();
    return false;
}

/* Nobody is left to tell. */
static __attribute__((noinline, cold)) void no_way(struct vcpu *v, const char *what, u64 handler,
                                                   u64 sp)
{
    domain_crash(v->domain, "vcpu %u: no way to deliver %s: handler %#lx, stack %#lx", v->id, what,
                 handler, sp);
}

static always_inline void deliver(struct vcpu *v, struct regs *regs, const struct delivery *how)
{
    struct vcpu_info *info = v->cpu.info;
    const u64 bytes = 8 * (7 + how->nr_extra);
    u64 sp, cs = regs->cs, rflags = regs->rflags;
    gva_t to;
    u8 mask;

    if ( v->cpu.kernel_mode )
    {
        sp = regs->rsp;
        cs &= ~3UL;
    }
    else
    {
        enter_kernel(v);
        sp = v->cpu.kernel_rsp;
    }

    /*
     * The saved mask first; only then may it change. The real IF is always set, the real IOPL is
     * always 0.
     */
    mask = READ_ONCE(info->evtchn_upcall_mask);
    if ( __builtin_expect(mask, 0) ) /* a branch, in place of what both ways would take */
    {
        cs |= (u64)mask << 32;
        rflags &= ~(u64)EFLAGS_IF;
    }
    if ( v->cpu.iopl_in_rflags ) /* it sees it, too */
        rflags |= (u64)v->cpu.iopl << 12;

    sp = (sp & ~15UL) - bytes;
    to = to_gva(sp);
    if ( !how->handler || GUARD(frame_outside_hypervisor, !guest_access_ok(&to)) ||
         !push_frame(to.n, regs, how, cs, rflags) )
    {
        no_way(v, how->what, how->handler, sp);
        return;
    }
    if ( how->mask_events )
        info->evtchn_upcall_mask = 1;

    regs->rip = how->handler;
    regs->cs = SEL_USER_CS64;
    regs->rflags &= ~(u64)(EFLAGS_CLEARED | how->clear_flags);
    regs->rsp = sp;
    regs->ss = SEL_USER_DS;
    regs->vector = VECTOR_HANDLER;
}

void native_exception(struct vcpu *v, struct regs *regs, unsigned int vector, u32 error)
{
    const struct trap_info *trap = &v->pv.traps[vector];
    struct delivery how = {
        .handler = trap->address,
        .nr_extra = 1,
        .extra = { error },
        .mask_events = TI_GET_IF(trap),
        .what = "an exception",
    };

    trace(TRC_PV_TRAP | TRC_64_FLAG, TRACE_LONG(regs->rip), bounce_traced(vector, error));
    if ( bounce_has_error(vector) )
        deliver(v, regs, &how);
    else
        native_interrupt(v, regs, vector);
}

/* Whose it is says the guest's mode: ring 3 has both. */
static inline u32 page_fault_error(const struct vcpu *v, u32 error)
{
    return v->cpu.kernel_mode ? error & ~PF_USER : error | PF_USER;
}

static always_inline void page_fault(struct vcpu *v, struct regs *regs, u32 error, u64 cr2)
{
    const struct trap_info *trap = &v->pv.traps[TRAP_PF];
    struct delivery how = {
        .handler = trap->address,
        .nr_extra = 1,
        .extra = { page_fault_error(v, error) },
        .mask_events = TI_GET_IF(trap),
        .what = "a page fault",
    };

    count(COUNTER_fault_bounced);
    v->cpu.info->arch.cr2 = cr2;
    deliver(v, regs, &how);
}

static __attribute__((noinline, cold)) void page_fault_traced(struct vcpu *v, struct regs *regs,
                                                              u32 error, u64 cr2)
{
    trace(TRC_PV_PAGE_FAULT | TRC_64_FLAG, TRACE_LONG(regs->rip), TRACE_LONG(cr2),
          page_fault_error(v, error));
    page_fault(v, regs, error, cr2);
}

void native_page_fault(struct vcpu *v, struct regs *regs, u32 error, u64 cr2)
{
    if ( __builtin_expect(trace_events, 0) ) /* by a jump: no register is saved for it */
        page_fault_traced(v, regs, error, cr2);
    else
        page_fault(v, regs, error, cr2);
}

static always_inline void interrupt(struct vcpu *v, struct regs *regs, unsigned int vector)
{
    const struct trap_info *trap = &v->pv.traps[vector];
    struct delivery how = {
        .handler = trap->address,
        .mask_events = TI_GET_IF(trap),
        .what = "an exception or software interrupt",
    };

    deliver(v, regs, &how);
}

void native_interrupt(struct vcpu *v, struct regs *regs, unsigned int vector)
{
    interrupt(v, regs, vector);
}

void native_int80(struct vcpu *v, struct regs *regs)
{
    if ( trap_int80_allowed(v) )
        interrupt(v, regs, VECTOR_INT80);
    else
        trap_int80_refused(v, regs);
}

void native_event(struct vcpu *v, struct regs *regs)
{
    struct delivery how = { .handler = v->cpu.event_rip, .mask_events = true, .what = "an event" };

    deliver(v, regs, &how);
}

/*
 * The frame tells the selectors that were wanted: where one differs from what is loaded now, the
 * guest knows which failed.
 */
void native_failsafe(struct vcpu *v, struct regs *regs)
{
    struct delivery how = {
        .handler = v->pv.failsafe_rip,
        .nr_extra = EXTRA_MAX,
        .extra = { v->cpu.ds, v->cpu.es, v->cpu.fs, v->cpu.gs },
        .mask_events = v->pv.failsafe_mask_events,
        .what = "the failsafe callback",
    };

    deliver(v, regs, &how);
}

/* SYSCALL from guest user mode: rip is already beyond the instruction. */
void bounce_syscall(struct vcpu *v, struct regs *regs)
{
    struct delivery how = {
        .handler = v->cpu.syscall_rip,
        .mask_events = v->cpu.syscall_mask_events,
        .clear_flags = EFLAGS_DF,
        .what = "a system call",
    };

    if ( !how.handler )
    {
        regs->rip -= 2;
        native_exception(v, regs, TRAP_UD, 0);
        return;
    }
    deliver(v, regs, &how);
}

/* From 32-bit code, user or not: only a registered callback makes it a system call. */
void native_syscall_compat(struct vcpu *v, struct regs *regs)
{
    struct delivery how = {
        .handler = v->pv.syscall32_rip,
        .mask_events = v->pv.syscall32_mask_events,
        .clear_flags = EFLAGS_DF,
        .what = "a 32-bit system call",
    };

    if ( !how.handler || v->cpu.kernel_mode )
    {
        regs->rip -= 2;
        regs->vector = TRAP_UD;
        native_exception(v, regs, TRAP_UD, 0);
        return;
    }
    deliver(v, regs, &how);
}

/* SYSENTER has lost rip and rsp: the frame says rip 0, cs 3, rsp 0. */
void native_sysenter(struct vcpu *v, struct regs *regs)
{
    struct delivery how = {
        .handler = v->pv.sysenter_rip,
        .mask_events = v->pv.sysenter_mask_events,
        .what = "a sysenter",
    };

    if ( !how.handler || v->cpu.kernel_mode )
    {
        native_exception(v, regs, TRAP_GP, 0);
        return;
    }
    deliver(v, regs, &how);
}

/* The frame at @sp, word by word: one range check for all. False: it can't be read. */
static always_inline bool load_iret_frame(u64 sp, struct iret_context *frame)
{
    u64 word;

    if ( !guest_range_ok(to_gva(sp), sizeof(*frame)) )
        return false;

    sp = guest_bounded(to_gva(sp)).n;
    guest_access_begin();
#define LOAD(member)                                                                               \
    __asm__ goto("1: mov %c2(%1), %0\n" EXTABLE_FAULT(1b)                                          \
                 : "=r"(word)                                                                      \
                 : "r"(sp), "i"(offsetof(struct iret_context, member))                             \
                 : "memory"                                                                        \
                 : fault);                                                                         \
    frame->member = word
    LOAD(rax);
    LOAD(r11);
    LOAD(rcx);
    LOAD(flags);
    LOAD(rip);
    LOAD(cs);
    LOAD(rflags);
    LOAD(rsp);
    LOAD(ss);
#undef LOAD
    guest_access_end();
    return true;
fault:
    guest_access_end();
    return false;
}

/*
 * iret (public/xen.h, arch-x86/xen-x86_64.h): leave to where the frame on the kernel stack says.
 * rcx and r11 come from it too, unless VGCF_in_syscall says that they may be lost: then cs and ss
 * are those that SYSRET loads, whatever the frame holds, but for 32-bit code, which IRET leads to.
 * Returns the rax that the frame holds: entry.S stores it as any result.
 *
 * entry.S does the same by itself when nothing else is to be done; what isn't plain comes here.
 */
long bounce_iret(void)
{
    struct vcpu *v = current_vcpu();
    struct multicall_state *mc = &v->pv.multicall;
    struct regs *regs = percpu_guest_regs();
    struct iret_context frame;

    if ( GUARD(multicall_ends_at_iret, mc->active) )
        mc->look = mc->left = true;
    if ( !load_iret_frame(regs->rsp, &frame) )
    {
        domain_crash(v->domain, "vcpu %u: iret can't read its frame at %#lx", v->id, regs->rsp);
        return 0;
    }

    if ( (frame.cs & 3) == 3 )
    {
        if ( !v->cpu.cr3_user )
        {
            domain_crash(v->domain, "vcpu %u: iret to user mode without user page tables", v->id);
            return 0;
        }
        enter_user(v);
    }

    /*
     * Selectors have 16 bits: what a bounce saved above them must not come back in another frame.
     */
    regs->rip = frame.rip;
    regs->cs = (u16)frame.cs | 3;
    regs->rflags =
        (frame.rflags & ~(u64)GUARD(iret_flags, EFLAGS_NOT_GUESTS)) | EFLAGS_IF | EFLAGS_FIXED;
    regs->rsp = frame.rsp;
    regs->ss = (u16)frame.ss | 3;
    v->cpu.info->evtchn_upcall_mask = !(frame.rflags & EFLAGS_IF);
    v->cpu.nmi_masked = 0;
    if ( v->cpu.iopl_in_rflags )
        v->cpu.iopl = eflags_iopl(frame.rflags);
    percpu_raise(this_cpu(), WORK_FRAME | (v->work ? WORK_VCPU : 0));

    if ( (frame.flags & VGCF_in_syscall) && regs->cs != SEL_USER_CS32 )
    {
        regs->cs = SEL_USER_CS64;
        regs->ss = SEL_USER_DS;
        regs->vector = VECTOR_SYSCALL;
        regs->rcx = regs->rip;
        regs->r11 = regs->rflags;
    }
    else
    {
        regs->vector = 0;
        regs->rcx = frame.rcx;
        regs->r11 = frame.r11;
    }
    return (long)frame.rax;
}
