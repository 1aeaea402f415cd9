/*
 * Dispatch of 32-bit guests' hypercalls: as pv/bounce/hypercall.c, by the fourth column of
 * hypercalls.def.
 */
#include "access/access.h"
#include "console/console.h"
#include "control/control.h"
#include "cpu/uaccess.h"
#include "event/event.h"
#include "grant/grant.h"
#include "hypercall/compat/entry.h"
#include "irq/irq.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "pv/compat/internal.h"
#include "pv/emulate/emulate.h"
#include "pv/pagetable/pagetable.h"
#include "sched/sched.h"
#include "trace/buffer.h"

/* As in pv/bounce/hypercall.c: rows become entries by their words. */
#define NONE hypercall_unknown

#define ADMIN_THUNK_ALL(name, handler)
#define ADMIN_THUNK_ADMIN(name, handler)                                                           \
    static long admin_##name(unsigned long a1, unsigned long a2, unsigned long a3,                 \
                             unsigned long a4, unsigned long a5)                                   \
    {                                                                                              \
        return hypercall_admin(handler, a1, a2, a3, a4, a5);                                       \
    }
#define HYPERCALL(name, args, handler, compat, who, status, summary) ADMIN_THUNK_##who(name, compat)
#include <hypercall/hypercalls.def>
#undef HYPERCALL

#define ENTRY_ALL(name, handler)   (const void *)(handler)
#define ENTRY_ADMIN(name, handler) (const void *)admin_##name
#define HYPERCALL(name, args, handler, compat, who, status, summary)                               \
    [__HYPERVISOR_##name] = ENTRY_##who(name, compat),

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const void *const hypercall_table_compat[HYPERCALL_TABLE] = {
    [0 ... HYPERCALL_TABLE - 1] = (const void *)hypercall_unknown,
#include <hypercall/hypercalls.def>
};
#pragma GCC diagnostic pop
#undef HYPERCALL

static long call(u32 nr, u32 a1, u32 a2, u32 a3, u32 a4, u32 a5)
{
    if ( nr >= READ_ONCE(trace_hypercall_limit) )
    {
        if ( nr >= HYPERCALL_TABLE )
            return hypercall_unknown();
        nr = (u32)index_bounded(nr, HYPERCALL_TABLE);
        return hypercall_watched(hypercall_table_compat[nr], nr,
                                 (const unsigned long[]){ a1, a2, a3, a4, a5 }, false);
    }
    return ((hypercall_fn *)hypercall_table_compat[index_bounded(nr, HYPERCALL_TABLE)])(a1, a2, a3,
                                                                                        a4, a5);
}

/* Only the guest's registers are 32 bits wide: what lay above them in ours is nobody's business. */
void compat_hypercall(struct vcpu *v, struct regs *regs)
{
    compat_entered(v, regs);
    regs->rax = (u32)call((u32)regs->rax, (u32)regs->rbx, (u32)regs->rcx, (u32)regs->rdx,
                          (u32)regs->rsi, (u32)regs->rdi);
}

/* The entry that hypercall_continue() left is what the guest's list says from now on. */
static long put_back(struct multicall_state *mc, gva_t at)
{
    const unsigned long *args = mc->entry.args;
    struct compat_multicall_entry entry = {
        .op = (u32)mc->entry.op,
        .args = { (u32)args[0], (u32)args[1], (u32)args[2], (u32)args[3], (u32)args[4] },
    };

    mc->continued = false;
    return copy_to_guest(at, &entry, sizeof(entry)) ? -EFAULT : 0;
}

/*
 * The entries from @at to @end; returns where it stopped: at @end, early to go on later, or with
 * *rc set.
 */
static unsigned long run_entries(struct multicall_state *mc, unsigned long at, unsigned long end,
                                 long *rc)
{
    struct compat_multicall_entry entry;
    const u32 *args = entry.args;

    for ( unsigned int n = 1; at != end; n++ )
    {
        if ( n % MULTICALL_STRIDE == 0 && GUARD(multicall_stops, preempt_pending()) )
            return at;
        if ( copy_from_guest(&entry, to_gva(at), sizeof(entry)) )
            break;
        if ( entry.op == __HYPERVISOR_iret )
        {
            *rc = compat_iret();
            return end;
        }
        entry.result = (int32_t)call(entry.op, args[0], args[1], args[2], args[3], args[4]);
        if ( mc->look )
        {
            mc->look = false;
            n = MULTICALL_STRIDE - 1;
            if ( mc->continued )
            {
                *rc = put_back(mc, to_gva(at));
                return at;
            }
        }
        if ( copy_to_guest(to_gva(at + offsetof(struct compat_multicall_entry, result)),
                           &entry.result, sizeof(entry.result)) )
            break;
        at += sizeof(entry);
    }
    if ( at != end )
        *rc = -EFAULT;
    return at;
}

/* multicall: as hypercall_multicall. */
long compat_multicall(unsigned long list, unsigned long count)
{
    struct multicall_state *mc = &current_vcpu()->pv.multicall;
    const unsigned long size = sizeof(struct compat_multicall_entry);
    unsigned long end = list + count * size, stopped;
    long rc = 0;

    if ( mc->active )
        return -EINVAL;
    if ( end > 1UL << 32 )
        return -EFAULT;

    mc->active = true;
    stopped = run_entries(mc, list, end, &rc);
    mc->active = false;

    if ( stopped == end || rc )
        return rc;
    return hypercall_continue(__HYPERVISOR_multicall, stopped, (end - stopped) / size, 0, 0, 0);
}
