/*
 * Where vcpus may run, and what share they get: what dom0 may ask for, and what is out of bounds.
 *
 * A set of CPUs may be longer than there are CPUs, and name some that aren't there, so long as one is. The set that
 * took effect comes back, and no byte beyond what the caller has room for is written. What is refused changes
 * nothing.
 */
#include "control.h"

static struct xen_domctl op;
static struct xen_sysctl sysop;

static long domctl(unsigned int cmd, domid_t id)
{
    return control_domctl(&op, cmd, id);
}

static long sysctl(unsigned int cmd)
{
    return control_sysctl(&sysop, cmd);
}

/* --- Affinities --- */

#define ROOM 32
static uint8_t hard[ROOM], soft[ROOM];

static struct xen_domctl_vcpuaffinity *ask(unsigned int vcpu, unsigned int flags, unsigned int bits)
{
    struct xen_domctl_vcpuaffinity *arg = &op.u.vcpuaffinity;

    memset(&op, 0, sizeof(op));
    arg->vcpu = vcpu;
    arg->flags = flags;
    arg->cpumap_hard.nr_bits = arg->cpumap_soft.nr_bits = bits;
    set_xen_guest_handle(arg->cpumap_hard.bitmap, hard);
    set_xen_guest_handle(arg->cpumap_soft.bitmap, soft);
    return arg;
}

static long set(unsigned int flags, unsigned int bits)
{
    ask(0, flags, bits);
    return domctl(XEN_DOMCTL_setvcpuaffinity, 0);
}

static long get(unsigned int flags, unsigned int bits)
{
    ask(0, flags, bits);
    return domctl(XEN_DOMCTL_getvcpuaffinity, 0);
}

#define HARD XEN_VCPUAFFINITY_HARD
#define SOFT XEN_VCPUAFFINITY_SOFT

static void refused_affinities(void)
{
    memset(hard, 0, ROOM);
    memset(soft, 0xff, ROOM);
    expect_eq(set(HARD, 64), -EINVAL, "no CPU at all");
    expect_eq(set(HARD | SOFT, 64), -EINVAL, "one of two sets is empty");
    hard[7] = 0x80;
    expect_eq(set(HARD, 64), -EINVAL, "a CPU that there isn't, alone");
    hard[0] = 1;
    expect_eq(set(HARD, 0), -EINVAL, "a set of no bits");
    expect_eq(set(0, 64), -EINVAL, "neither set");
    expect_eq(get(0, 64), -EINVAL, "nor asked for either");
    ask(0, HARD, 64)->cpumap_hard.bitmap.p = (void *)0x10;
    expect_eq(domctl(XEN_DOMCTL_setvcpuaffinity, 0), -EFAULT, "a set that is not there");
    ask(0, HARD, 64)->cpumap_hard.bitmap.p = (void *)0x10;
    expect_eq(domctl(XEN_DOMCTL_getvcpuaffinity, 0), -EFAULT, "... nor to be written");
    for ( unsigned int vcpu = 128; vcpu; vcpu <<= 8 )
    {
        ask(vcpu, HARD, 64);
        expect_eq(domctl(XEN_DOMCTL_setvcpuaffinity, 0), -EINVAL, "a vcpu that there isn't");
        ask(vcpu, HARD, 64);
        expect_eq(domctl(XEN_DOMCTL_getvcpuaffinity, 0), -EINVAL, "... to be asked about");
    }
    ask(0, HARD, 64);
    expect_eq(domctl(XEN_DOMCTL_setvcpuaffinity, 999), -ESRCH, "a domain that there isn't");
}

static void taken_affinities(void)
{
    memset(hard, 0xff, ROOM);
    expect_eq(set(HARD, 8 * ROOM), 0, "all CPUs, and many that there aren't");
    memset(hard, 0xaa, ROOM);
    expect_eq(get(HARD, 8 * (ROOM - 1)), 0, "room for more than there are");
    expect(hard[0] & 1, "we may run on CPU 0");
    for ( unsigned int i = 8; i < ROOM - 1; i++ )
        expect_eq(hard[i], 0, "no CPU so high");
    expect_eq(hard[ROOM - 1], 0xaa, "what lies behind the set is not touched");

    memset(hard, 0xff, ROOM);
    expect_eq(set(HARD, 1), 0, "a set of one bit: CPU 0");
    expect_eq(hard[0], 1, "its byte comes back");
    expect_eq(hard[1], 0xff, "and no other");
    expect_eq(get(HARD, 64), 0, "asked for");
    expect_eq(hard[0], 1, "it was set");
    memset(hard, 0xff, ROOM);
    need(set(HARD, 64));
}

/* --- Shares --- */

static long share(unsigned int cmd, unsigned int weight, unsigned int cap)
{
    memset(&op, 0, sizeof(op));
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = cmd;
    op.u.scheduler_op.u.credit2.weight = (uint16_t)weight;
    op.u.scheduler_op.u.credit2.cap = (uint16_t)cap;
    return domctl(XEN_DOMCTL_scheduler_op, 0);
}

static unsigned int nr_vcpus(void)
{
    unsigned int n = 0;

    while ( hypercall(vcpu_op, VCPUOP_is_up, n, NULL) >= 0 )
        n++;
    return n;
}

static void expect_share(unsigned int weight, unsigned int cap, const char *text)
{
    need(share(XEN_DOMCTL_SCHEDOP_getinfo, 0, 0));
    expect_eq(op.u.scheduler_op.u.credit2.weight, weight, text);
    expect_eq(op.u.scheduler_op.u.credit2.cap, cap, text);
}

static void shares(void)
{
    unsigned int most = 100 * nr_vcpus();

    expect_share(256, 0, "at first");
    expect_eq(share(XEN_DOMCTL_SCHEDOP_putinfo, 1, 0), 0, "the least weight");
    expect_share(1, 0, "the least weight");
    expect_eq(share(XEN_DOMCTL_SCHEDOP_putinfo, 65535, 90), 0, "the greatest");
    expect_share(65535, 90, "the greatest weight");
    expect_eq(share(XEN_DOMCTL_SCHEDOP_putinfo, 0, 0), 0, "weight 0");
    expect_share(65535, 0, "weight 0 leaves it as it is");

    expect_eq(share(XEN_DOMCTL_SCHEDOP_putinfo, 256, most), 0, "all that our vcpus could use");
    expect_share(256, most, "the greatest cap");
    expect_eq(share(XEN_DOMCTL_SCHEDOP_putinfo, 256, most + 1), -EINVAL, "more than they could");
    expect_eq(share(XEN_DOMCTL_SCHEDOP_putinfo, 256, 65535), -EINVAL, "much more");
    expect_share(256, most, "what is refused changes nothing");
    need(share(XEN_DOMCTL_SCHEDOP_putinfo, 256, 0));
    expect_share(256, 0, "as before");

    expect_eq(share(99, 256, 0), -EINVAL, "an unknown command");
    share(XEN_DOMCTL_SCHEDOP_getinfo, 0, 0);
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
    expect_eq(domctl(XEN_DOMCTL_scheduler_op, 0), -EINVAL, "another scheduler");
    share(XEN_DOMCTL_SCHEDOP_getinfo, 0, 0);
    expect_eq(domctl(XEN_DOMCTL_scheduler_op, 999), -ESRCH, "the share of nobody");
}

/* --- The scheduler's own settings --- */

static long scheduler(unsigned int cmd, uint32_t pool, uint32_t id)
{
    memset(&sysop, 0, sizeof(sysop));
    sysop.u.scheduler_op.cmd = cmd;
    sysop.u.scheduler_op.cpupool_id = pool;
    sysop.u.scheduler_op.sched_id = id;
    return sysctl(XEN_SYSCTL_scheduler_op);
}

static void settings(void)
{
    expect_eq(scheduler(XEN_SYSCTL_SCHEDOP_getinfo, 0, XEN_SCHEDULER_CREDIT2), 0, "asked for");
    expect_eq(scheduler(XEN_SYSCTL_SCHEDOP_getinfo, 0, XEN_SCHEDULER_CREDIT), -EINVAL,
              "another scheduler's");
    expect(scheduler(XEN_SYSCTL_SCHEDOP_getinfo, 99, XEN_SCHEDULER_CREDIT2) < 0, "of no pool");
    expect(scheduler(99, 0, XEN_SCHEDULER_CREDIT2) < 0, "an unknown command");
}

void test_main(void)
{
    if ( !is_dom0() )
        skip("for dom0");
    refused_affinities();
    taken_affinities();
    shares();
    settings();
}
