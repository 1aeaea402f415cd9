/*
 * Dispatch of hypercalls: the table that entry.S calls through, made of the rows of hypercalls.def;
 * multicalls; and the one place that re-issues a hypercall.
 */
#include "access/access.h"
#include "control/control.h"
#include "console/console.h"
#include "cpu/extable.h"
#include "cpu/uaccess.h"
#include "event/event.h"
#include "grant/grant.h"
#include "irq/irq.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "lib/string.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "pv/emulate/emulate.h"
#include "pv/pagetable/pagetable.h"
#include "pv/segment/segment.h"
#include "sched/sched.h"
#include "time/time.h"
#include "trace/buffer.h"
#include "trace/latency.h"
#include "trace/trace.h"

long hypercall_unknown(void)
{
    return -ENOSYS;
}

long hypercall_admin(const void *handler, unsigned long a1, unsigned long a2, unsigned long a3,
                     unsigned long a4, unsigned long a5)
{
    long rc = access_check(current_vcpu()->domain, NULL, ACCESS_ADMIN);

    return rc ? rc : ((hypercall_fn *)handler)(a1, a2, a3, a4, a5);
}

/* What entry.S calls for any number at or beyond trace_hypercall_limit. */
static long hypercall_beyond(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                             unsigned long a5)
{
    return hypercall_uncommon(a1, a2, a3, a4, a5, percpu_guest_regs()->rax);
}

/*
 * Rows for which the handler is NONE, and rows with and without a check of rights, become table
 * entries by their words.
 */
#define NONE hypercall_unknown

#define ADMIN_THUNK_ALL(name, handler)
#define ADMIN_THUNK_ADMIN(name, handler)                                                           \
    static long admin_##name(unsigned long a1, unsigned long a2, unsigned long a3,                 \
                             unsigned long a4, unsigned long a5)                                   \
    {                                                                                              \
        return hypercall_admin(handler, a1, a2, a3, a4, a5);                                       \
    }
#define HYPERCALL(name, args, handler, compat, who, status, summary)                               \
    ADMIN_THUNK_##who(name, handler)
#include <hypercall/hypercalls.def>
#undef HYPERCALL

#define ENTRY_ALL(name, handler)   (const void *)(handler)
#define ENTRY_ADMIN(name, handler) (const void *)admin_##name
#define HYPERCALL(name, args, handler, compat, who, status, summary)                               \
    [__HYPERVISOR_##name] = ENTRY_##who(name, handler),

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const void *const hypercall_table[HYPERCALL_TABLE + 1] = {
    [0 ... HYPERCALL_TABLE - 1] = (const void *)hypercall_unknown,
#include <hypercall/hypercalls.def>
    [HYPERCALL_TABLE] = (const void *)hypercall_beyond,
};
#pragma GCC diagnostic pop
#undef HYPERCALL

/*
 * How many arguments there are. The registers of others are not ours to change: arch-x86/xen-x86_64.h.
 * 32-bit guests give a few calls more, which never go on.
 */
static const u8 argument_count[HYPERCALL_TABLE] = {
#define HYPERCALL(name, args, handler, compat, who, status, summary) [__HYPERVISOR_##name] = args,
#include <hypercall/hypercalls.def>
#undef HYPERCALL
};

/* --- Calls that are recorded or measured --- */

static void hypercall_trace(u64 nr, const unsigned long *arguments, bool wide)
{
    const unsigned int size = wide ? 2 : 1;
    unsigned int n = min_t(unsigned int, argument_count[nr], (TRACE_EXTRA_MAX - 1) / size);
    u32 words[TRACE_EXTRA_MAX] = { (u32)nr };

    for ( unsigned int i = 0; i < n; i++ )
    {
        words[0] |= wide ? TRC_PV_HYPERCALL_V2_ARG_64(i) : TRC_PV_HYPERCALL_V2_ARG_32(i);
        memcpy(&words[1 + i * size], &arguments[i], size * sizeof(u32));
    }
    trace_write(current_vcpu()->pv.multicall.active ? TRC_PV_HYPERCALL_SUBCALL
                                                    : TRC_PV_HYPERCALL_V2,
                words, 1 + n * size);
}

long hypercall_watched(const void *handler, u64 nr, const unsigned long *arguments, bool wide)
{
    hypercall_fn *fn = (hypercall_fn *)handler;
    bool timed = READ_ONCE(latency_on);
    ns_t start;
    long rc;

    if ( trace_events )
        hypercall_trace(nr, arguments, wide);
    start = timed ? time_now() : 0;
    rc = fn(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]);
    if ( timed )
        latency_note((unsigned int)nr, time_now() - start);
    return rc;
}

long hypercall_uncommon(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                        unsigned long a5, u64 nr)
{
    if ( nr >= HYPERCALL_TABLE )
        return hypercall_unknown();
    nr = index_bounded(nr, HYPERCALL_TABLE);
    return hypercall_watched(hypercall_table[nr], nr, (const unsigned long[]){ a1, a2, a3, a4, a5 },
                             true);
}

long hypercall_continue(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
                        unsigned long a4, unsigned long a5)
{
    const unsigned long arguments[] = { a1, a2, a3, a4, a5 };
    struct vcpu *v = current_vcpu();
    struct multicall_state *mc = &v->pv.multicall;
    struct regs *regs = percpu_guest_regs();

    count(COUNTER_continuations);
    if ( mc->active )
    {
        mc->look = true;
        mc->continued = true;
        mc->entry = (struct multicall_entry){ .op = nr, .args = { a1, a2, a3, a4, a5 } };
        return 0;
    }

    regs->rip -= 2; /* SYSCALL and INT n are both two bytes long */
    for ( unsigned int i = 0; i < argument_count[nr]; i++ )
        *(u64 *)((u8 *)regs + v->cpu.mode.arguments[i]) = arguments[i];
    return nr;
}

void hypercall_long_step(void)
{
    GUARD_STEP(multicall_looks, current_vcpu()->pv.multicall.look = true);
}

#define always_inline inline __attribute__((always_inline))

/* Of an entry, what is read: once, and then kept in registers. */
struct call {
    u64 op, a1, a2, a3, a4, a5;
};

/* Load the entry at @at, which the caller has range-checked. False: it can't be read. */
static always_inline bool load_call(unsigned long at, struct call *call)
{
    u64 word;

    guest_access_begin();
#define LOAD(member, from)                                                                         \
    __asm__ goto("1: mov %c2(%1), %0\n" EXTABLE_FAULT(1b)                                          \
                 : "=r"(word)                                                                      \
                 : "r"(at), "i"(offsetof(struct multicall_entry, from))                            \
                 : "memory"                                                                        \
                 : fault);                                                                         \
    call->member = word
    LOAD(op, op);
    LOAD(a1, args[0]);
    LOAD(a2, args[1]);
    LOAD(a3, args[2]);
    LOAD(a4, args[3]);
    LOAD(a5, args[4]);
#undef LOAD
    guest_access_end();
    return true;
fault:
    guest_access_end();
    return false;
}

/* Likewise. */
static always_inline bool store_result(unsigned long at, long result)
{
    __asm__ goto(SMAP_OPEN "1: mov %0, %c2(%1)\n" SMAP_CLOSE EXTABLE_FAULT(1b)::"r"(result),
                 "r"(at), "i"(offsetof(struct multicall_entry, result))
                 : "memory"
                 : fault);
    return true;
fault:
    guest_access_end();
    return false;
}

static always_inline long make_call(const struct call *call)
{
    hypercall_fn *handler;

    if ( call->op >= trace_hypercall_limit ) /* one word, whose comparison is one instruction so */
        return hypercall_uncommon(call->a1, call->a2, call->a3, call->a4, call->a5, call->op);
    handler = (hypercall_fn *)hypercall_table[index_bounded(call->op, HYPERCALL_TABLE)];
    return handler(call->a1, call->a2, call->a3, call->a4, call->a5);
}

/* The entry that hypercall_continue() left is what the guest's list says from now on. */
static long put_back(struct multicall_state *mc, unsigned long at)
{
    mc->continued = false;
    return copy_to_guest(to_gva(at), &mc->entry, sizeof(mc->entry)) ? -EFAULT : 0;
}

/* Where to look next whether somebody waits: beyond so many entries from @at. */
static always_inline unsigned long stride_end(unsigned long at, unsigned long end)
{
    return min_t(unsigned long, end, at + MULTICALL_STRIDE * sizeof(struct multicall_entry));
}

/*
 * The entries from @at to @end, range-checked; returns where it stopped: at @end, early to go on
 * later, or with *rc set.
 */
static unsigned long run_entries(struct multicall_state *mc, unsigned long at, unsigned long end,
                                 long *rc)
{
    unsigned long look;
    struct call call;
    long result;

    for ( ;; )
    {
        for ( look = stride_end(at, end); at != look; at += sizeof(struct multicall_entry) )
        {
            *rc = -EFAULT;
            if ( !load_call(at, &call) )
                return at;
            result = make_call(&call);
            if ( __builtin_expect(mc->look, 0) )
            {
                mc->look = false;
                look = at + sizeof(struct multicall_entry);
                if ( mc->left )
                {
                    mc->left = false;
                    *rc = result;
                    return end;
                }
                if ( mc->continued )
                {
                    *rc = put_back(mc, at);
                    return at;
                }
            }
            if ( !store_result(at, result) )
                return at;
        }
        *rc = 0;
        if ( at == end || GUARD(multicall_stops, preempt_pending()) )
            return at;
    }
}

/*
 * multicall (public/xen.h): run @count entries at @list in order, each with its own result. Ends
 * early at iret, whose frame replaces this call's. -EINVAL inside a multicall, -EFAULT for a list
 * that can't be read or written.
 */
long hypercall_multicall(unsigned long list, unsigned long count)
{
    struct multicall_state *mc = &current_vcpu()->pv.multicall;
    const unsigned long size = sizeof(struct multicall_entry);
    unsigned long end, stopped;
    long rc = 0;

    if ( GUARD(multicall_once, mc->active) )
        return -EINVAL;
    if ( count > (1UL << 32) / size || !guest_range_ok(to_gva(list), count * size) )
        return -EFAULT;
    list = guest_bounded(to_gva(list)).n;
    end = list + count * size;

    mc->active = true;
    stopped = run_entries(mc, list, end, &rc);
    mc->active = false;

    if ( stopped == end || rc )
        return rc;
    return hypercall_continue(__HYPERVISOR_multicall, stopped, (end - stopped) / size, 0, 0, 0);
}
