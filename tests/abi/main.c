/*
 * A sweep over hypercalls.def and the rows of ops/: what the rows say is what a guest sees.
 *
 *   - a hypercall or sub-operation that has no row, or whose row says SOON or NEVER, returns -ENOSYS
 *   - an operation that reads its argument returns -EFAULT when there is none, or it is in the hypervisor's range
 *   - an operation for administrators returns -EPERM to a domain that is none
 *   - one about a domain returns -ESRCH when there is no such domain
 *
 * The rows are Ringleader's. With `peer` on the command line it runs on Debian's Xen, which has some more operations:
 * then only those rows are looked at that both must have.
 */
#include "test.h"

enum direction { IN, INOUT, RAW };
enum who { ALL, SELF, TARGET, ADMIN };
enum status { DONE, PART, SHOW, SOON, NEVER };

struct row {
    const char *name;
    unsigned int value;
    enum direction direction;
    enum who who;
    enum status status;
};

#define SUBOP(operation, argument, direction, who, status, ...)                                    \
    { #operation, operation, direction, who, status },
#define END { NULL, 0, RAW, ALL, DONE },

static const struct row events[] = {
#include <hypercall/ops/event_channel.def>
    END
};
static const struct row memory[] = {
#include <hypercall/ops/memory.def>
    END
};
static const struct row scheduling[] = {
#include <hypercall/ops/sched.def>
    END
};
static const struct row vcpu[] = {
#include <hypercall/ops/vcpu.def>
    END
};
static const struct row version[] = {
#include <hypercall/ops/xen_version.def>
    END
};
static const struct row grants[] = {
#include <hypercall/ops/grant_table.def>
    END
};
static const struct row devices[] = {
#include <hypercall/ops/physdev.def>
    END
};
static const struct row extended[] = {
#include <hypercall/ops/mmuext.def>
    END
};
static const struct row domains[] = {
#include <hypercall/ops/domctl.def>
    END
};
#undef SUBOP

#define HYPERCALL(name, count, native, compat, who, status, ...)                                   \
    { #name, __HYPERVISOR_##name, RAW, who, status },
static const struct row hypercalls[] = {
#include <hypercall/hypercalls.def>
    END
};

static bool peer;

static long call_event(unsigned int op, void *arg)
{
    return hypercall(event_channel_op, op, arg);
}

static long call_memory(unsigned int op, void *arg)
{
    return hypercall(memory_op, op, arg);
}

static long call_sched(unsigned int op, void *arg)
{
    return hypercall(sched_op, op, arg);
}

static long call_vcpu(unsigned int op, void *arg)
{
    return hypercall(vcpu_op, op, 0, arg);
}

static long call_version(unsigned int op, void *arg)
{
    return hypercall(xen_version, op, arg);
}

static long call_grant(unsigned int op, void *arg)
{
    return hypercall(grant_table_op, op, arg, 1);
}

static long call_device(unsigned int op, void *arg)
{
    return hypercall(physdev_op, op, arg);
}

static long call_extended(unsigned int op, void *arg)
{
    return arg ? -EFAULT : mmuext(op); /* the argument is part of the operation */
}

/* How a hypercall with sub-operations is called, and where its numbers end. */
static const struct {
    const char *name;
    const struct row *rows;
    long (*call)(unsigned int op, void *arg);
    unsigned int limit;
} multiplexed[] = {
    { "event_channel_op", events, call_event, ~0U },
    { "memory_op", memory, call_memory, 63 }, /* the bits above tell where a continuation goes on */
    { "sched_op", scheduling, call_sched, ~0U },
    { "vcpu_op", vcpu, call_vcpu, ~0U },
    { "xen_version", version, call_version, ~0U },
    { "grant_table_op", grants, call_grant, 0xfff }, /* likewise */
    { "physdev_op", devices, call_device, ~0U },
    { "mmuext_op", extended, call_extended, ~0U },
};

static const struct row *find(const struct row *rows, unsigned int value)
{
    for ( ; rows->name; rows++ )
    {
        if ( rows->value == value )
            return rows;
    }
    return NULL;
}

static bool missing(const struct row *row)
{
    return row->status == SOON || row->status == NEVER;
}

/* @want; or -EPERM where only administrators may ask, and we are none: rights may be looked at first. */
static void expect_answer(long rc, long want, bool admin, const char *text)
{
    if ( !admin || is_dom0() || rc != -EPERM )
        expect_eq(rc, want, text);
}

static void sweep_hypercalls(void)
{
    for ( unsigned int number = 0; number < 64; number++ )
    {
        const struct row *row = find(hypercalls, number);

        if ( row ? missing(row) && !peer : number != 49 /* the peer's own */ )
            expect_answer(kit_syscall(number, 0, 0, 0, 0, 0), -ENOSYS, row && row->who == ADMIN,
                          row ? row->name : "no hypercall");
    }
}

static void sweep_unknown(unsigned int index)
{
    static const unsigned int large[] = { 64, 100, 255, 1000, 0x7fffffff, 0xffffffff };
    char text[64];

    for ( unsigned int i = 0; i < 64 + sizeof(large) / sizeof(large[0]); i++ )
    {
        unsigned int op = i < 64 ? i : large[i - 64];
        const struct row *row = find(multiplexed[index].rows, op);

        if ( op > multiplexed[index].limit || (row && (!missing(row) || peer)) )
            continue;
        if ( peer && multiplexed[index].rows == events && op == 14 ) /* a continuation's own */
            continue;
        snprintf(text, sizeof(text), "%s %s %u", multiplexed[index].name,
                 row ? row->name : "unknown", op);
        expect_eq(multiplexed[index].call(op, NULL), -ENOSYS, text);
    }
}

/* Where no argument can be: nothing is mapped there; the hypervisor's range; the end of ours. */
#ifdef __i386__ /* whose kernels may read the M2P, with which the hypervisor's range begins */
#define NOT_OURS 0xfffff000
#else
#define NOT_OURS HYPERVISOR_VIRT_START
#endif

static void *const nowhere[] = { (void *)0x10, (void *)NOT_OURS,
                                 (void *)(HYPERVISOR_VIRT_START - 2) };

static void sweep_pointers(unsigned int index)
{
    char text[64];

    for ( const struct row *row = multiplexed[index].rows; row->name; row++ )
    {
        if ( row->direction == RAW || missing(row) )
            continue;
        for ( unsigned int i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++ )
        {
            long rc = multiplexed[index].call(row->value, nowhere[i]);

            snprintf(text, sizeof(text), "%s at %lx", row->name, (ulong)nowhere[i]);
            expect_answer(rc, -EFAULT, row->who == ADMIN, text);
        }
    }
}

#define NOBODY 999

/* domctl and sysctl carry their operation in the argument; platform_op and mca likewise. */
static void sweep_control(void)
{
    static struct xen_domctl domctl;
    static struct xen_sysctl sysctl;
    static struct xen_platform_op platform;
    static struct xen_mc mca;

    for ( unsigned int i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++ )
    {
        expect_answer(hypercall(domctl, nowhere[i]), -EFAULT, true, "domctl, no argument");
        expect_answer(hypercall(sysctl, nowhere[i]), -EFAULT, true, "sysctl, no argument");
        expect_answer(hypercall(platform_op, nowhere[i]), -EFAULT, true, "platform_op, none");
        expect_answer(hypercall(mca, nowhere[i]), -EFAULT, true, "mca, no argument");
    }
    domctl.cmd = XEN_DOMCTL_getdomaininfo;
    domctl.interface_version = 0x14;
    expect_answer(hypercall(domctl, &domctl), -EACCES, true, "domctl of another version");
    sysctl.cmd = XEN_SYSCTL_physinfo;
    sysctl.interface_version = 0x14;
    expect_answer(hypercall(sysctl, &sysctl), -EACCES, true, "sysctl of another version");
    expect_answer(hypercall(platform_op, &platform), -EACCES, true, "platform_op of none");
    expect_answer(hypercall(mca, &mca), -EACCES, true, "mca of none");

    domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    for ( const struct row *row = domains; row->name; row++ )
    {
        domctl.cmd = row->value;
        domctl.domain = 0;
        if ( !is_dom0() )
        {
            long rc = hypercall(domctl, &domctl); /* the peer looks at some arguments first */

            expect(rc == -EPERM || (peer && rc < 0), row->name);
        }
        else if ( row->status == SOON && !peer )
            expect_eq(hypercall(domctl, &domctl), -ENOSYS, row->name);
        domctl.domain = NOBODY;
        if ( is_dom0() && row->who == TARGET && !missing(row) )
            expect_eq(hypercall(domctl, &domctl), -ESRCH, row->name);
    }
    sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    if ( !is_dom0() )
        expect_eq(hypercall(sysctl, &sysctl), -EPERM, "sysctl");
    domctl.domain = 0;
    sysctl.cmd = domctl.cmd = platform.cmd = mca.cmd = 999;
    platform.interface_version = XENPF_INTERFACE_VERSION;
    mca.interface_version = XEN_MCA_INTERFACE_VERSION;
    expect_answer(hypercall(platform_op, &platform), -ENOSYS, true, "an unknown platform_op");
    expect(hypercall(mca, &mca) < 0, "an unknown mca");
    expect_eq(hypercall(domctl, &domctl), is_dom0() ? -ENOSYS : -EPERM, "an unknown domctl");
    expect_eq(hypercall(sysctl, &sysctl), is_dom0() ? -ENOSYS : -EPERM, "an unknown sysctl");
}

void test_main(void)
{
    peer = arg_flag("peer");
    sweep_hypercalls();
    for ( unsigned int i = 0; i < sizeof(multiplexed) / sizeof(multiplexed[0]); i++ )
    {
        sweep_unknown(i);
        if ( multiplexed[i].call != call_extended )
            sweep_pointers(i);
    }
    sweep_control();
}
