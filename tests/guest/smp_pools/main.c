/*
 * Pools of CPUs: dom0 parts the machine, and a domain runs on the CPUs of its pool alone.
 *
 * We take CPU 1 out of the first pool, where we stay, and give it to one that we make. A domain that we move there
 * forgets its affinities, and may from then on have no others than to CPUs of that pool; the pool can't lose its last
 * CPU, nor end, before the domain has gone. Everything that is out of bounds is refused, and changes nothing.
 */
#include "control.h"

#define ANY     XEN_SYSCTL_CPUPOOL_PAR_ANY
#define CREDIT2 XEN_SCHEDULER_CREDIT2

static struct xen_sysctl op;
static struct xen_domctl dop;
static uint8_t map[8];

static long pool(uint32_t what, uint32_t id, uint32_t cpu, uint32_t domid)
{
    struct xen_sysctl_cpupool_op *arg = &op.u.cpupool_op;

    memset(&op, 0, sizeof(op));
    memset(map, 0, sizeof(map));
    arg->op = what;
    arg->cpupool_id = id;
    arg->cpu = cpu;
    arg->domid = domid;
    arg->sched_id = CREDIT2;
    arg->cpumap.nr_bits = 64;
    set_xen_guest_handle(arg->cpumap.bitmap, map);
    return control_sysctl(&op, XEN_SYSCTL_cpupool_op);
}

static long make(uint32_t id)
{
    return pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, id, 0, 0);
}

static long end(uint32_t id)
{
    return pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, id, 0, 0);
}

static long add(uint32_t id, uint32_t cpu)
{
    return pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, cpu, 0);
}

static long take(uint32_t id, uint32_t cpu)
{
    return pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu, 0);
}

static long move(domid_t domid, uint32_t id)
{
    return pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, id, 0, domid);
}

static long online(uint32_t cpu)
{
    memset(&op, 0, sizeof(op));
    op.u.cpu_hotplug.cpu = cpu;
    op.u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_ONLINE;
    return control_sysctl(&op, XEN_SYSCTL_cpu_hotplug);
}

static void expect_pool(uint32_t id, unsigned int cpus, unsigned int domains, const char *text)
{
    expect_eq(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, id, 0, 0), 0, text);
    expect_eq(op.u.cpupool_op.cpupool_id, id, text);
    expect_eq(op.u.cpupool_op.sched_id, CREDIT2, text);
    expect_eq(op.u.cpupool_op.n_dom, domains, text);
    expect_eq(map[0], cpus, text);
}

static void expect_free(unsigned int cpus, const char *text)
{
    expect_eq(pool(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, 0, 0), 0, text);
    expect_eq(map[0], cpus, text);
}

/* --- making and ending pools --- */

static uint32_t pools(void)
{
    uint32_t id;

    expect_pool(0, 3, 1, "the first pool has all CPUs, and us");
    expect_free(0, "none is free");
    expect_eq(make(0), -EEXIST, "there is a first one");
    expect_eq(end(0), -EBUSY, "which stays");
    expect_eq(end(9), -ENOENT, "there is no such pool");
    pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, 0, 0, 0);
    op.u.cpupool_op.cpupool_id = ANY;
    op.u.cpupool_op.sched_id = 99;
    expect_eq(control_sysctl(&op, XEN_SYSCTL_cpupool_op), -ENOENT, "there is no such scheduler");
    expect_eq(make(ANY), 0, "another pool");
    id = op.u.cpupool_op.cpupool_id;
    expect_pool(id, 0, 0, "it is empty");
    expect_eq(make(id), -EEXIST, "one is enough");
    expect_eq(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, id + 1, 0, 0), -ENOENT, "there is none above it");
    return id;
}

/* --- CPUs --- */

static void processors(uint32_t id)
{
    expect_eq(add(id, 1), -ENODEV, "it is in the first pool");
    expect_eq(add(id, ANY), -ENODEV, "none is free");
    expect_eq(add(id, 2), -EINVAL, "no CPU");
    expect_eq(add(id, 4095), -EINVAL, "no CPU");
    expect_eq(add(9, 4095), -ENOENT, "to no pool");
    expect_eq(take(0, 2), -EINVAL, "no CPU");
    expect_eq(take(0, 4095), -EINVAL, "no CPU");
    expect_eq(take(9, 1), -ENOENT, "from no pool");
    expect_eq(take(id, 1), -EADDRNOTAVAIL, "from a pool that it isn't in");
    expect_eq(take(id, 0), -EADDRNOTAVAIL, "from a pool that it isn't in");
    expect_eq(take(0, 0), -EINVAL, "CPU 0 stays in the first pool, though that has another");
    expect_pool(0, 3, 1, "it has both");
    expect_eq(take(0, 1), 0, "out of the first pool");
    expect_eq(take(0, 1), -EADDRNOTAVAIL, "once");
    expect_free(2, "it is free");
    expect_eq(online(1), -EEXIST, "it is there");
    expect_free(2, "it is free");
    expect_pool(0, 1, 1, "we have one CPU left");
    expect_eq(take(0, 0), -EINVAL, "we need it");
    expect_eq(take(0, ANY), -EINVAL, "we need it");
    expect_eq(add(id, 1), 0, "into the other pool");
    expect_free(0, "none is free");
    expect_pool(id, 2, 0, "it has a CPU");
}

/* --- domains --- */

static domid_t create(uint32_t id, long want, const char *text)
{
    memset(&dop, 0, sizeof(dop));
    dop.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = 1,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
        .cpupool_id = id,
    };
    expect_eq(control_domctl(&dop, XEN_DOMCTL_createdomain, 0), want, text);
    return (domid_t)dop.domain;
}

static domid_t child(void)
{
    domid_t domid = create(0, 0, "a domain");

    dop.u.max_vcpus.max = 1;
    need(control_domctl(&dop, XEN_DOMCTL_max_vcpus, domid));
    return domid;
}

static unsigned int pool_of(domid_t domid)
{
    need(control_domctl(&dop, XEN_DOMCTL_getdomaininfo, domid));
    return dop.u.getdomaininfo.cpupool;
}

static long affinity(unsigned int cmd, domid_t domid)
{
    memset(&dop, 0, sizeof(dop));
    dop.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    dop.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    set_xen_guest_handle(dop.u.vcpuaffinity.cpumap_hard.bitmap, map);
    return control_domctl(&dop, cmd, domid);
}

static long bind(domid_t domid, uint8_t cpus)
{
    memset(map, 0, sizeof(map));
    map[0] = cpus;
    return affinity(XEN_DOMCTL_setvcpuaffinity, domid);
}

static void expect_bound(domid_t domid, unsigned int cpus, const char *text)
{
    need(affinity(XEN_DOMCTL_getvcpuaffinity, domid));
    expect_eq(map[0], cpus, text);
}

static void affinities(domid_t domid, uint32_t id)
{
    expect_eq(bind(domid, 2), -EINVAL, "to a CPU of another pool");
    expect_eq(bind(domid, 3), 0, "to both");
    expect_eq(map[0], 1, "the one of its own pool counts");
    expect_eq(bind(domid, 1), 0, "to that one");
    expect_bound(domid, 1, "to that one");
    expect_eq(move(domid, id), 0, "to the other pool");
    expect_eq(pool_of(domid), id, "there it is");
    expect_bound(domid, 3, "to no CPU in particular");
    expect_eq(bind(domid, 1), -EINVAL, "to a CPU of the pool that it left");
    expect_eq(bind(domid, 2), 0, "to the one that it has");
    expect_eq(move(domid, id), 0, "where it is already");
}

static void domains(uint32_t id)
{
    uint32_t empty;
    domid_t domid;

    create(9, -ESRCH, "a domain in no pool");
    need(make(ANY));
    empty = op.u.cpupool_op.cpupool_id;
    create(empty, -ENODEV, "a domain in an empty pool");
    domid = child();
    expect_eq(pool_of(domid), 0, "in the first pool");
    expect_eq(move(domid, empty), -ENOENT, "to an empty pool");
    expect_eq(move(domid, 9), -ENOENT, "to none");
    expect_eq(move(999, id), -ESRCH, "nobody");
    expect_eq(move(DOMID_XEN, id), -ESRCH, "nobody");
    expect_eq(move(0, id), -EPERM, "we stay");
    expect_pool(0, 1, 2, "both are here");
    affinities(domid, id);
    expect_pool(0, 1, 1, "we are alone");
    expect_pool(id, 2, 1, "the other one, too");
    expect_eq(take(id, 1), -EBUSY, "the domain needs it");
    expect_eq(take(id, ANY), -EBUSY, "the domain needs it");
    expect_eq(end(id), -EBUSY, "the domain needs it");
    expect_eq(move(domid, 0), 0, "and back");
    expect_bound(domid, 3, "to no CPU in particular");
    expect_eq(end(id), -EBUSY, "its CPU needs it");
    need(move(domid, id));
    need(control_domctl(&dop, XEN_DOMCTL_destroydomain, domid));
    expect_pool(id, 2, 0, "what is dead is in no pool's way");
    expect_eq(end(empty), 0, "an empty pool");
}

/* --- the rate limit --- */

static long limit(unsigned int cmd, uint32_t id, unsigned int us)
{
    memset(&op, 0, sizeof(op));
    op.u.scheduler_op.cmd = cmd;
    op.u.scheduler_op.cpupool_id = id;
    op.u.scheduler_op.sched_id = CREDIT2;
    op.u.scheduler_op.u.sched_credit2.ratelimit_us = us;
    return control_sysctl(&op, XEN_SYSCTL_scheduler_op);
}

static void expect_limit(uint32_t id, unsigned int us, const char *text)
{
    expect_eq(limit(XEN_SYSCTL_SCHEDOP_getinfo, id, 0), 0, text);
    expect_eq(op.u.scheduler_op.u.sched_credit2.ratelimit_us, us, text);
}

static void limits(uint32_t id)
{
    unsigned int first;

    expect_eq(limit(XEN_SYSCTL_SCHEDOP_getinfo, 0, 0), 0, "how long a vcpu keeps its CPU");
    first = op.u.scheduler_op.u.sched_credit2.ratelimit_us;
    expect_eq(limit(XEN_SYSCTL_SCHEDOP_getinfo, 9, 0), -ESRCH, "of no pool");
    expect_eq(limit(XEN_SYSCTL_SCHEDOP_putinfo, id, 99), -EINVAL, "too little");
    expect_eq(limit(XEN_SYSCTL_SCHEDOP_putinfo, id, 500001), -EINVAL, "too much");
    expect_limit(id, first, "as before");
    expect_eq(limit(XEN_SYSCTL_SCHEDOP_putinfo, id, 500000), 0, "long");
    expect_limit(id, 500000, "long");
    expect_eq(limit(XEN_SYSCTL_SCHEDOP_putinfo, id, 0), 0, "not at all");
    expect_limit(id, 0, "not at all");
    expect_limit(0, first, "the other pool's is its own");
}

void test_main(void)
{
    uint32_t id;

    if ( !is_dom0() )
    {
        expect_eq(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 0, 0, 0), -EPERM, "without the rights of dom0");
        return;
    }
    need(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 0, 0, 0));
    if ( map[0] != 3 || op.u.cpupool_op.n_dom != 1 )
        skip("for a machine with two CPUs, where nobody else is");
    id = pools();
    limits(id);
    processors(id);
    domains(id);
    expect_eq(take(id, ANY), 0, "the last CPU, which nobody needs");
    expect_eq(end(id), 0, "the pool");
    expect_eq(add(0, 1), 0, "the CPU comes back to us");
    need(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 0, 0, 0)); /* the dead may be counted for a while, here */
    expect_eq(map[0], 3, "as at first");
}
