/*
 * The hypercall iret of 32-bit guests: leave to where the frame on ring 1's stack says. They use it
 * to take up events and NMIs again; else they may use the instruction.
 */
#include "console/console.h"
#include "cpu/uaccess.h"
#include "hypercall/compat/entry.h"
#include "lib/atomic.h"
#include "pv/compat/internal.h"

/* The @bytes at @offset from the top of ring 1's stack. False: they can't be read. */
static bool read_stack(const struct vcpu *v, const struct regs *regs, u32 offset, void *to,
                       unsigned int bytes)
{
    gva_t va;

    return compat_kernel_range(v, (u16)regs->ss, (u32)regs->rsp + offset, bytes, SEGMENT_READ,
                               &va) &&
           !copy_from_guest(to, va, bytes);
}

/*
 * A frame for virtual 8086 mode, which long mode does not have: esp and ss are followed by these.
 * Its first instruction faults, as it were: #GP with the frame as it stands, moved to where the
 * processor would have pushed it.
 */
struct vm86_frame {
    struct compat_iret_frame iret; /* eax becomes the error code */
    u32 es, ds, fs, gs;
};

static bool enter_vm86(struct vcpu *v, struct regs *regs, u8 mask)
{
    const struct trap_info *trap = &v->pv.traps[TRAP_GP];
    u32 sp = (u32)v->cpu.kernel_rsp - (u32)sizeof(struct vm86_frame);
    struct vm86_frame frame;
    gva_t code, stack;

    if ( !trap->address || !read_stack(v, regs, 0, &frame, sizeof(frame)) ||
         !compat_kernel_range(v, trap->cs, (u32)trap->address, 1, SEGMENT_EXECUTE, &code) ||
         !compat_kernel_range(v, (u16)v->cpu.kernel_ss, sp, sizeof(frame), SEGMENT_WRITE, &stack) )
        return false;
    frame.iret.eax = 0;
    frame.iret.cs = (u16)frame.iret.cs | (u32)mask << 16;
    if ( copy_to_guest(stack, &frame, sizeof(frame)) )
        return false;

    regs->rip = (u32)trap->address;
    regs->cs = trap->cs;
    regs->rsp = sp;
    regs->ss = (u16)v->cpu.kernel_ss;
    regs->rflags = EFLAGS_IF | EFLAGS_FIXED;
    v->cpu.info->evtchn_upcall_mask = mask | (TI_GET_IF(trap) != 0);
    return true;
}

static void enter_frame(struct vcpu *v, struct regs *regs, const struct compat_iret_frame *frame,
                        u16 cs)
{
    if ( (cs & 3) == 1 )
        regs->rsp = (u32)(regs->rsp + offsetof(struct compat_iret_frame, esp));
    else
    {
        regs->rsp = frame->esp;
        regs->ss = segment_raise(v, frame->ss);
    }
    regs->rip = frame->eip;
    regs->cs = cs;
    regs->rflags = (frame->eflags & ~EFLAGS_NOT_GUESTS) | EFLAGS_IF | EFLAGS_FIXED;
    v->cpu.info->evtchn_upcall_mask = !(frame->eflags & EFLAGS_IF);
}

/* Read the frame and take it. False: that can't be done. */
static bool take_frame(struct vcpu *v, struct regs *regs, struct compat_iret_frame *frame)
{
    const u32 common = offsetof(struct compat_iret_frame, esp);
    u16 cs;

    if ( !read_stack(v, regs, 0, frame, common) )
        return false;
    if ( frame->eflags & EFLAGS_VM )
        return enter_vm86(v, regs, !(frame->eflags & EFLAGS_IF));

    /*
     * Selectors have 16 bits: what a bounce saved above them must not come back in another frame.
     */
    cs = segment_raise(v, frame->cs);
    if ( (cs & 3) > 1 && !read_stack(v, regs, common, &frame->esp, sizeof(*frame) - common) )
        return false;
    enter_frame(v, regs, frame, cs);
    return true;
}

/* Returns the eax that the frame holds, as any hypercall its result. */
long compat_iret(void)
{
    struct vcpu *v = current_vcpu();
    struct regs *regs = percpu_guest_regs();
    struct compat_iret_frame frame;

    if ( !take_frame(v, regs, &frame) )
    {
        domain_crash(v->domain, "vcpu %u: iret can't take its frame at %04x:%08x", v->id,
                     (u16)regs->ss, (u32)regs->rsp);
        return 0;
    }
    v->cpu.kernel_mode = compat_is_kernel(regs);
    v->cpu.nmi_masked = 0;
    if ( v->cpu.iopl_in_rflags )
        v->cpu.iopl = eflags_iopl(frame.eflags);
    if ( READ_ONCE(v->work) )
        percpu_raise(this_cpu(), WORK_VCPU);
    return (long)frame.eax;
}
