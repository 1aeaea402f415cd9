/*
 * dom0's vcpu ties itself to one CPU for a while (SCHEDOP_pin_override), as drivers must for firmware that answers on
 * CPU 0 alone. It runs there whatever its affinity says, which it can't see or change until it has undone that; then it
 * is as before. A tool that insists (XEN_VCPUAFFINITY_FORCE) undoes it too.
 */
#include "control.h"

#define HARD  XEN_VCPUAFFINITY_HARD
#define SOFT  XEN_VCPUAFFINITY_SOFT
#define FORCE XEN_VCPUAFFINITY_FORCE

static struct xen_domctl op;
static uint64_t hard, soft;

static long pin(int32_t cpu)
{
    struct sched_pin_override arg = { .pcpu = cpu };

    return hypercall(sched_op, SCHEDOP_pin_override, &arg);
}

static long domctl(unsigned int cmd)
{
    return control_domctl(&op, cmd, 0);
}

static long affinity(unsigned int cmd, unsigned int flags, uint64_t cpus)
{
    struct xen_domctl_vcpuaffinity *arg = &op.u.vcpuaffinity;

    memset(&op, 0, sizeof(op));
    hard = soft = cpus;
    arg->flags = flags;
    arg->cpumap_hard.nr_bits = arg->cpumap_soft.nr_bits = 64;
    set_xen_guest_handle(arg->cpumap_hard.bitmap, (uint8_t *)&hard);
    set_xen_guest_handle(arg->cpumap_soft.bitmap, (uint8_t *)&soft);
    return domctl(cmd);
}

static long set(unsigned int flags, uint64_t cpus)
{
    return affinity(XEN_DOMCTL_setvcpuaffinity, flags, cpus);
}

static uint64_t affinity_now(void)
{
    need(affinity(XEN_DOMCTL_getvcpuaffinity, HARD, 0));
    return hard;
}

static unsigned int cpu_now(void)
{
    memset(&op, 0, sizeof(op));
    need(domctl(XEN_DOMCTL_getvcpuinfo));
    return op.u.getvcpuinfo.cpu;
}

static void refused(void)
{
    expect_eq(pin(-1), -EINVAL, "undo what was not done");
    expect_eq(pin(64), -EINVAL, "a CPU that there isn't");
    expect_eq(pin(4096), -EINVAL, "one that there can't be");
    expect_eq(pin(INT32_MAX), -EINVAL, "the last number");
    expect_eq(hypercall(sched_op, SCHEDOP_pin_override, 0x10), -EFAULT, "without an argument");
}

/* On @cpu, with an affinity of @cpus. */
static void overridden(unsigned int cpu, uint64_t cpus)
{
    expect_eq(pin((int32_t)cpu), 0, "tied to a CPU");
    expect_eq(cpu_now(), cpu, "it runs there");
    expect_eq(affinity_now(), 1UL << cpu, "and could nowhere else, the tools are told");
    expect_eq(pin((int32_t)cpu), -EBUSY, "once more");
    expect_eq(pin(64), -EINVAL, "nor to a CPU that there isn't");
    expect_eq(set(HARD, cpus), -EBUSY, "its affinity can't be changed");
    expect_eq(set(SOFT, cpus), -EBUSY, "nor what it would like");
    expect_eq(affinity_now(), 1UL << cpu, "nothing has changed");
    expect_eq(pin(cpu & 1 ? -1 : INT32_MIN), 0, "undone");
    expect_eq(affinity_now(), cpus, "its affinity is back");
    expect_eq(pin(-1), -EINVAL, "there is nothing more to be undone");
}

static void forced(uint64_t cpus)
{
    need(pin(0));
    expect_eq(set(FORCE, 0), 0, "insist on that alone");
    expect_eq(affinity_now(), cpus, "its affinity is back");
    need(pin(0));
    expect_eq(set(HARD | FORCE, cpus), 0, "insist on an affinity");
    expect_eq(affinity_now(), cpus, "it took effect");
    expect_eq(pin(-1), -EINVAL, "there is nothing left to be undone");
    expect_eq(set(HARD | FORCE, cpus), 0, "insist where nothing is in the way");
}

static unsigned int nr_cpus(void)
{
    static struct xen_sysctl sysop;

    need(control_sysctl(&sysop, XEN_SYSCTL_physinfo));
    return sysop.u.physinfo.nr_cpus;
}

void test_main(void)
{
    unsigned int cpus;
    uint64_t before;

    if ( !is_dom0() )
    {
        expect_eq(pin(0), -EPERM, "tied to a CPU, without the rights of dom0");
        return;
    }
    refused();
    cpus = nr_cpus();
    before = affinity_now();
    for ( unsigned int cpu = 0; cpu < cpus; cpu++ )
    {
        overridden(cpu, before);
        need(set(HARD, 1UL << (cpu + 1) % cpus));
        overridden(cpu, 1UL << (cpu + 1) % cpus);
        need(set(HARD, before));
    }
    forced(before);
}
