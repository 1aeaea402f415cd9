/* Where a 32-bit guest wants to be entered: as pv/bounce/callbacks.c, with far addresses. */
#include "cpu/segments.h"
#include "cpu/uaccess.h"
#include "hypercall/compat/entry.h"
#include "lib/string.h"
#include "pv/bounce/bounce.h"
#include "pv/compat/internal.h"
#include "sched/sched.h"

static struct trap_info widen(const struct vcpu *v, const struct compat_trap_info *entry)
{
    return (struct trap_info){ .vector = entry->vector,
                               .flags = entry->flags,
                               .cs = segment_raise(v, entry->cs),
                               .address = entry->address };
}

/* set_trap_table: as bounce_set_trap_table. */
long compat_set_trap_table(unsigned long table)
{
    struct vcpu *v = current_vcpu();
    struct compat_trap_info entry;

    if ( !table )
    {
        memset(v->pv.traps, 0, sizeof(v->pv.traps));
        return 0;
    }
    for ( ;; table += sizeof(entry) )
    {
        if ( copy_from_guest(&entry, to_gva(table), sizeof(entry)) )
            return -EFAULT;
        if ( !entry.address )
            return 0;
        v->pv.traps[entry.vector] = widen(v, &entry);
        if ( preempt_pending() )
            return hypercall_continue(__HYPERVISOR_set_trap_table, table + sizeof(entry), 0, 0, 0,
                                      0);
    }
}

long compat_stack_switch(unsigned long ss, unsigned long esp)
{
    struct vcpu *v = current_vcpu();

    v->cpu.kernel_ss = segment_raise(v, ss);
    v->cpu.kernel_rsp = esp;
    return 0;
}

long compat_set_callbacks(unsigned long event_cs, unsigned long event, unsigned long failsafe_cs,
                          unsigned long failsafe)
{
    struct vcpu *v = current_vcpu();

    v->pv.event_cs = segment_raise(v, event_cs);
    v->cpu.event_rip = event;
    v->pv.failsafe_cs = segment_raise(v, failsafe_cs);
    v->pv.failsafe_rip = failsafe;
    return 0;
}

static long callback_set(struct vcpu *v, const struct compat_callback_register *reg)
{
    bool mask = reg->flags & CALLBACKF_mask_events;
    u16 cs = segment_raise(v, reg->cs);

    switch ( reg->type )
    {
    case CALLBACKTYPE_event:
        v->pv.event_cs = cs;
        v->cpu.event_rip = reg->eip;
        return 0;
    case CALLBACKTYPE_failsafe:
        v->pv.failsafe_cs = cs;
        v->pv.failsafe_rip = reg->eip;
        v->pv.failsafe_mask_events = mask;
        return 0;
    case CALLBACKTYPE_syscall32:
        v->pv.syscall32_cs = cs;
        v->pv.syscall32_rip = reg->eip;
        v->pv.syscall32_mask_events = mask;
        return 0;
    case CALLBACKTYPE_sysenter:
    case CALLBACKTYPE_sysenter_deprecated:
        v->pv.sysenter_cs = cs;
        v->pv.sysenter_rip = reg->eip;
        v->pv.sysenter_mask_events = mask;
        return 0;
    case CALLBACKTYPE_nmi:
        v->pv.traps[TRAP_NMI] =
            (struct trap_info){ .vector = TRAP_NMI, .flags = 4, .cs = cs, .address = reg->eip };
        return 0;
    default:
        return -ENOSYS; /* CALLBACKTYPE_syscall among them: it is 64-bit processes' */
    }
}

long compat_callback_op(unsigned long cmd, unsigned long arg)
{
    struct compat_callback_register reg;
    struct callback_unregister unreg; /* the same in both widths */

    switch ( (u32)cmd )
    {
    case CALLBACKOP_register:
        if ( copy_from_guest(&reg, to_gva(arg), sizeof(reg)) )
            return -EFAULT;
        return callback_set(current_vcpu(), &reg);
    case CALLBACKOP_unregister:
        if ( copy_from_guest(&unreg, to_gva(arg), sizeof(unreg)) )
            return -EFAULT;
        return bounce_callback_unregister(current_vcpu(), unreg.type);
    default:
        return -ENOSYS;
    }
}

/* nmi_op: it tells no segment, so that is the flat one. */
long compat_nmi_op(unsigned long cmd, unsigned long arg)
{
    struct compat_callback_register reg = { .type = CALLBACKTYPE_nmi, .cs = SEL_RING1_CS };
    struct compat_nmi_callback nmi;

    switch ( (u32)cmd )
    {
    case XENNMI_register_callback:
        if ( copy_from_guest(&nmi, to_gva(arg), sizeof(nmi)) )
            return -EFAULT;
        reg.eip = nmi.handler_address;
        return callback_set(current_vcpu(), &reg);
    case XENNMI_unregister_callback:
        return bounce_callback_unregister(current_vcpu(), CALLBACKTYPE_nmi);
    default:
        return -ENOSYS;
    }
}
