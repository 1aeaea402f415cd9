/*
 * Dispatch of hypercalls: the table that entry.S calls through, made of the rows of hypercalls.def; multicalls; and the one
 * place that re-issues a hypercall.
 */
#include "access/access.h"
#include "control/control.h"
#include "console/console.h"
#include "cpu/uaccess.h"
#include "event/event.h"
#include "grant/grant.h"
#include "irq/irq.h"
#include "lib/bits.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "pv/emulate/emulate.h"
#include "pv/pagetable/pagetable.h"
#include "pv/segment/segment.h"
#include "sched/sched.h"
#include "trace/trace.h"

typedef long hypercall_fn(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5);

long hypercall_unknown(void)
{
    return -ENOSYS;
}

static long admin_call(const void *handler, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                       unsigned long a5)
{
    long rc = access_check(current_vcpu()->domain, NULL, ACCESS_ADMIN);

    return rc ? rc : ((hypercall_fn *)handler)(a1, a2, a3, a4, a5);
}

/* Rows for which the handler is NONE, and rows with and without a check of rights, become table entries by their words. */
#define NONE hypercall_unknown

#define ADMIN_THUNK_ALL(name, handler)
#define ADMIN_THUNK_ADMIN(name, handler)                                                           \
    static long admin_##name(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4, \
                             unsigned long a5)                                                     \
    {                                                                                              \
        return admin_call(handler, a1, a2, a3, a4, a5);                                            \
    }
#define HYPERCALL(name, args, handler, compat, who, status, summary) ADMIN_THUNK_##who(name, handler)
#include <hypercall/hypercalls.def>
#undef HYPERCALL

#define ENTRY_ALL(name, handler)   (const void *)(handler)
#define ENTRY_ADMIN(name, handler) (const void *)admin_##name
#define HYPERCALL(name, args, handler, compat, who, status, summary)                               \
    [__HYPERVISOR_##name] = ENTRY_##who(name, handler),

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const void *const hypercall_table[HYPERCALL_LIMIT] = {
    [0 ... HYPERCALL_LIMIT - 1] = (const void *)hypercall_unknown,
#include <hypercall/hypercalls.def>
};
#pragma GCC diagnostic pop
#undef HYPERCALL

long hypercall_continue(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                        unsigned long a5)
{
    struct multicall_state *mc = &current_vcpu()->pv.multicall;
    struct regs *regs = percpu_guest_regs();

    count(COUNTER_continuations);
    if ( mc->active )
    {
        mc->continued = true;
        mc->entry.op = nr;
        mc->entry.args[0] = a1;
        mc->entry.args[1] = a2;
        mc->entry.args[2] = a3;
        mc->entry.args[3] = a4;
        mc->entry.args[4] = a5;
        return 0;
    }

    regs->rip -= 2; /* SYSCALL and INT n are both two bytes long */
    regs->rdi = a1;
    regs->rsi = a2;
    regs->rdx = a3;
    regs->r10 = a4;
    regs->r8 = a5;
    return nr;
}

static long call_entry(const struct multicall_entry *entry)
{
    const void *handler = entry->op < HYPERCALL_LIMIT ? hypercall_table[entry->op] : hypercall_unknown;

    return ((hypercall_fn *)handler)(entry->args[0], entry->args[1], entry->args[2], entry->args[3],
                                     entry->args[4]);
}

/* How many entries run between two looks at pending work: each is short, or looks by itself. */
#define MULTICALL_STRIDE 16

/*
 * multicall (public/xen.h): run @count entries at @list in order, each with its own result. Ends early at iret, whose frame
 * replaces this call's. -EINVAL inside a multicall, -EFAULT for a list that can't be read or written.
 */
long hypercall_multicall(unsigned long list, unsigned long count)
{
    struct multicall_state *mc = &current_vcpu()->pv.multicall;
    struct multicall_entry *entry = &mc->entry;
    unsigned long done;
    long rc = 0;

    if ( mc->active )
        return -EINVAL;
    if ( count > (1UL << 32) / sizeof(*entry) || !guest_range_ok(to_gva(list), count * sizeof(*entry)) )
        return -EFAULT;

    mc->active = true;
    for ( done = 0; done < count && !rc; done++ )
    {
        unsigned long at = list + done * sizeof(*entry);

        if ( done % MULTICALL_STRIDE == MULTICALL_STRIDE - 1 && preempt_pending() )
            break;
        if ( copy_from_guest(entry, to_gva(at), sizeof(*entry)) )
        {
            rc = -EFAULT;
            break;
        }
        if ( entry->op == __HYPERVISOR_iret )
        {
            mc->active = false;
            return bounce_iret();
        }

        entry->result = call_entry(entry);
        if ( mc->continued )
        {
            mc->continued = false;
            if ( copy_to_guest(to_gva(at), entry, sizeof(*entry)) )
                rc = -EFAULT;
            break;
        }
        if ( !guest_store_u64(to_gva(at + offsetof(struct multicall_entry, result)), entry->result) )
            rc = -EFAULT;
    }
    mc->active = false;

    if ( rc || done == count )
        return rc;
    return hypercall_continue(__HYPERVISOR_multicall, list + done * sizeof(*entry), count - done, 0, 0, 0);
}
