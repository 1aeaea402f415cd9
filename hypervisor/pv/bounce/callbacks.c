/*
 * Where a guest wants to be entered: trap table, callbacks, kernel stack. Public/callback.h,
 * arch-x86/xen.h.
 */
#include "cpu/segments.h"
#include "cpu/uaccess.h"
#include "lib/string.h"
#include "pv/bounce/bounce.h"
#include "sched/sched.h"

/*
 * set_trap_table: a list of handlers that ends at address 0; NULL drops all. Takes effect entry by
 * entry, at once.
 */
long bounce_set_trap_table(unsigned long table)
{
    struct vcpu *v = current_vcpu();
    struct trap_info entry;

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
        if ( !bounce_handler_ok(entry.address) )
            return -EINVAL;
        v->pv.traps[entry.vector] = entry;
        if ( preempt_pending() )
            return hypercall_continue(__HYPERVISOR_set_trap_table, table + sizeof(entry), 0, 0, 0,
                                      0);
    }
}

long bounce_stack_switch(unsigned long ss, unsigned long rsp)
{
    struct vcpu *v = current_vcpu();

    v->cpu.kernel_ss = ss | 3;
    v->cpu.kernel_rsp = rsp;
    return 0;
}

long bounce_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall)
{
    struct vcpu *v = current_vcpu();

    if ( !bounce_handler_ok(event) || !bounce_handler_ok(failsafe) || !bounce_handler_ok(syscall) )
        return -EINVAL;
    v->cpu.event_rip = event;
    v->pv.failsafe_rip = failsafe;
    v->cpu.syscall_rip = syscall;
    return 0;
}

static long callback_set(struct vcpu *v, unsigned int type, u64 address, bool mask)
{
    if ( !bounce_handler_ok(address) )
        return -EINVAL;

    switch ( type )
    {
    case CALLBACKTYPE_event:
        v->cpu.event_rip = address;
        return 0;
    case CALLBACKTYPE_failsafe:
        v->pv.failsafe_rip = address;
        v->pv.failsafe_mask_events = mask;
        return 0;
    case CALLBACKTYPE_syscall:
        v->cpu.syscall_rip = address;
        v->cpu.syscall_mask_events = mask;
        return 0;
    case CALLBACKTYPE_syscall32:
        v->pv.syscall32_rip = address;
        v->pv.syscall32_mask_events = mask;
        return 0;
    case CALLBACKTYPE_sysenter:
        v->pv.sysenter_rip = address;
        v->pv.sysenter_mask_events = mask;
        return 0;
    case CALLBACKTYPE_nmi:
        /* Another way to the trap table's entry: whoever speaks last is heard. */
        v->pv.traps[TRAP_NMI] = (struct trap_info){
            .vector = TRAP_NMI, .flags = 4, .cs = SEL_USER_CS64, .address = address
        };
        return 0;
    default:
        return -ENOSYS;
    }
}

long bounce_callback_unregister(struct vcpu *v, unsigned int type)
{
    switch ( type )
    {
    case CALLBACKTYPE_nmi:
        v->pv.traps[TRAP_NMI] = (struct trap_info){ .vector = TRAP_NMI };
        return 0;
    case CALLBACKTYPE_event:
    case CALLBACKTYPE_failsafe:
    case CALLBACKTYPE_syscall:
    case CALLBACKTYPE_syscall32:
    case CALLBACKTYPE_sysenter:
        return -EINVAL;
    default:
        return -ENOSYS;
    }
}

long bounce_callback_op(unsigned long cmd, unsigned long arg)
{
    struct vcpu *v = current_vcpu();
    struct callback_register reg;
    struct callback_unregister unreg;

    switch ( (u32)cmd )
    {
    case CALLBACKOP_register:
        if ( copy_from_guest(&reg, to_gva(arg), sizeof(reg)) )
            return -EFAULT;
        return callback_set(v, reg.type, reg.address, reg.flags & CALLBACKF_mask_events);
    case CALLBACKOP_unregister:
        if ( copy_from_guest(&unreg, to_gva(arg), sizeof(unreg)) )
            return -EFAULT;
        return bounce_callback_unregister(v, unreg.type);
    default:
        return -ENOSYS;
    }
}

/* nmi_op (public/nmi.h): the older way to the same registration. */
long bounce_nmi_op(unsigned long cmd, unsigned long arg)
{
    struct vcpu *v = current_vcpu();
    struct xennmi_callback reg;

    switch ( (u32)cmd )
    {
    case XENNMI_register_callback:
        if ( copy_from_guest(&reg, to_gva(arg), sizeof(reg)) )
            return -EFAULT;
        return callback_set(v, CALLBACKTYPE_nmi, reg.handler_address, false);
    case XENNMI_unregister_callback:
        return bounce_callback_unregister(v, CALLBACKTYPE_nmi);
    default:
        return -ENOSYS;
    }
}
