/*
 * What dom0's tools ask of the machine: its processors, nodes, pools, memory and log; how large their buffers must be,
 * and what there is no room for. No byte is written beyond what the caller has room for.
 */
#include "control.h"

#define NOWHERE ((void *)0x10)

static struct xen_sysctl op;
static struct xen_platform_op platform;

static struct xen_sysctl *ask(void)
{
    memset(&op, 0, sizeof(op));
    return &op;
}

static long sysctl(unsigned int cmd)
{
    return control_sysctl(&op, cmd);
}

static long platform_op(unsigned int cmd)
{
    return control_platform(&platform, cmd);
}

/* --- Processors --- */

static unsigned int nr_cpus(void)
{
    ask();
    need(sysctl(XEN_SYSCTL_physinfo));
    return op.u.physinfo.nr_cpus;
}

static void idle_times(void)
{
    static struct xen_sysctl_cpuinfo idle[2];

    memset(idle, 0xaa, sizeof(idle));
    ask()->u.getcpuinfo.max_cpus = 1;
    set_xen_guest_handle(op.u.getcpuinfo.info, idle);
    expect_eq(sysctl(XEN_SYSCTL_getcpuinfo), 0, "how long a processor was idle");
    expect_eq(op.u.getcpuinfo.nr_cpus, 1, "of as many as there is room for");
    expect(idle[0].idletime != 0xaaaaaaaaaaaaaaaa, "it is told");
    expect_eq(idle[1].idletime, 0xaaaaaaaaaaaaaaaa, "of no other");
    ask()->u.getcpuinfo.max_cpus = 1;
    set_xen_guest_handle(op.u.getcpuinfo.info, (void *)0x10);
    expect_eq(sysctl(XEN_SYSCTL_getcpuinfo), -EFAULT, "no place for it");
}

static void topology(unsigned int cpus)
{
    static struct xen_sysctl_cputopo topo[2];
    static struct xen_sysctl_meminfo memory[2];

    ask();
    expect_eq(sysctl(XEN_SYSCTL_cputopoinfo), 0,
              "of how many processors there is something to tell");
    expect_eq(op.u.cputopoinfo.num_cpus, cpus, "of all");
    memset(topo, 0xaa, sizeof(topo));
    ask()->u.cputopoinfo.num_cpus = 1;
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, topo);
    expect_eq(sysctl(XEN_SYSCTL_cputopoinfo), 0, "of the first");
    expect_eq(topo[0].node, 0, "it belongs to the first node");
    expect_eq(topo[1].node, 0xaaaaaaaa, "of no other");
    ask()->u.cputopoinfo.num_cpus = 1;
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, NOWHERE);
    expect_eq(sysctl(XEN_SYSCTL_cputopoinfo), -EFAULT, "no place for it");

    ask();
    expect_eq(sysctl(XEN_SYSCTL_numainfo), 0, "how many nodes");
    expect_eq(op.u.numainfo.num_nodes, 1, "one");
    memset(memory, 0xaa, sizeof(memory));
    ask()->u.numainfo.num_nodes = 1;
    set_xen_guest_handle(op.u.numainfo.meminfo, memory);
    expect_eq(sysctl(XEN_SYSCTL_numainfo), 0, "its memory");
    expect(memory[0].memfree > 0 && memory[0].memfree <= memory[0].memsize, "some of it is free");
    ask()->u.numainfo.num_nodes = 1;
    set_xen_guest_handle(op.u.numainfo.meminfo, NOWHERE);
    expect_eq(sysctl(XEN_SYSCTL_numainfo), -EFAULT, "no place for it");
    ask()->u.numainfo.num_nodes = 1;
    set_xen_guest_handle(op.u.numainfo.distance, NOWHERE);
    expect_eq(sysctl(XEN_SYSCTL_numainfo), -EFAULT, "nor for how far nodes are");
    expect_eq(memory[1].memsize, 0xaaaaaaaaaaaaaaaa, "of no other");
}

static void kernels_view(void)
{
    memset(&platform, 0, sizeof(platform));
    expect_eq(platform_op(XENPF_get_cpuinfo), 0, "a processor, as the kernel asks");
    expect(platform.u.pcpu_info.flags & XEN_PCPU_FLAGS_ONLINE, "it is online");
    memset(&platform, 0, sizeof(platform));
    platform.u.pcpu_info.xen_cpuid = 4095;
    expect_eq(platform_op(XENPF_get_cpuinfo), 0, "one that there isn't");
    expect(platform.u.pcpu_info.flags & XEN_PCPU_FLAGS_INVALID, "it is said so");
    expect(platform.u.pcpu_info.max_present < 4095, "and which is the last");
    memset(&platform, 0, sizeof(platform));
    expect_eq(platform_op(XENPF_get_cpu_version), 0, "its model");
    expect(platform.u.pcpu_version.vendor_id[0] != '\0', "its vendor");
    memset(&platform, 0, sizeof(platform));
    platform.u.pcpu_version.xen_cpuid = 4095;
    expect_eq(platform_op(XENPF_get_cpu_version), 0, "that of one that there isn't");
    expect_eq(platform.u.pcpu_version.vendor_id[0], 0, "it has no vendor");
    expect(platform.u.pcpu_version.max_present < 4095, "and which is the last");
    memset(&platform, 0, sizeof(platform));
    platform.u.cpu_ol.cpuid = 4095;
    expect_eq(platform_op(XENPF_cpu_online), -EINVAL, "switch one on that there isn't");
    expect_eq(platform_op(XENPF_cpu_offline), -EINVAL, "or off");
    platform.u.cpu_ol.cpuid = 0;
    expect_eq(platform_op(XENPF_cpu_online), 0, "switch one on that is");
    expect_eq(platform_op(XENPF_cpu_offline), -EOPNOTSUPP, "the first is never off");
    memset(&platform, 0, sizeof(platform));
    expect_eq(control_platform_readonly(&platform, XENPF_get_cpuinfo), -EFAULT,
              "no place to tell of one");
    if ( sizeof(long) == 4 )
    {
        platform.u.firmware_info.type = XEN_FW_EFI_INFO;
        expect_eq(platform_op(XENPF_firmware_info), -ENOSYS, "EFI, of which 32 bits know nothing");
        expect_eq(platform_op(XENPF_efi_runtime_call), -ENOSYS, "nor can they call it");
    }
}

/* Nobody powers off by a state that isn't S5. */
static void sleeps(void)
{
    memset(&platform, 0, sizeof(platform));
    platform.u.enter_acpi_sleep.sleep_state = 0;
    expect_eq(platform_op(XENPF_enter_acpi_sleep), -EINVAL, "sleep as deep as not at all");
    platform.u.enter_acpi_sleep.sleep_state = 9;
    expect_eq(platform_op(XENPF_enter_acpi_sleep), -EINVAL, "deeper than can be");
    platform.u.enter_acpi_sleep.sleep_state = 5;
    platform.u.enter_acpi_sleep.flags = 2;
    expect_eq(platform_op(XENPF_enter_acpi_sleep), -EINVAL, "in no known way");
    platform.u.enter_acpi_sleep.flags = XENPF_ACPI_SLEEP_EXTENDED;
    expect(platform_op(XENPF_enter_acpi_sleep) < 0, "by registers that these machines haven't");
}

static uint8_t asked_for[1];
static uint64_t idle_ns[8];

/* Of how many processors, and where from and to. -ENOSYS: the hypervisor sets their frequencies itself. */
static long idle_times_by(uint32_t nr, void *map, void *times)
{
    memset(&platform, 0, sizeof(platform));
    memset(idle_ns, 0xaa, sizeof(idle_ns));
    platform.u.getidletime.cpumap_nr_cpus = nr;
    set_xen_guest_handle(platform.u.getidletime.cpumap_bitmap, map);
    set_xen_guest_handle(platform.u.getidletime.idletime, times);
    return platform_op(XENPF_getidletime);
}

static void kernels_idle_times(unsigned int cpus)
{
    void *readonly;

    if ( cpus > 7 || idle_times_by(0, asked_for, idle_ns) == -ENOSYS )
        return;
    asked_for[0] = (uint8_t)(1 | 1U << cpus);
    expect_eq(idle_times_by(8, asked_for, idle_ns), 0, "how long processors were idle");
    expect_eq(asked_for[0], 1, "of those that there are");
    expect(idle_ns[0] != 0xaaaaaaaaaaaaaaaa, "it is told");
    expect(platform.u.getidletime.now > 0, "and when that was");
    asked_for[0] = 1;
    expect_eq(idle_times_by(0, asked_for, idle_ns), 0, "of none");
    expect_eq(idle_ns[0], 0xaaaaaaaaaaaaaaaa, "nothing is told");
    expect_eq(idle_times_by(8, (void *)0x10, idle_ns), -EFAULT, "of whom can't be read");
    expect_eq(idle_times_by(8, asked_for, (void *)0x10), -EFAULT, "no place for it");
    readonly = page_copied_readonly(asked_for, sizeof(asked_for));
    expect_eq(idle_times_by(8, readonly, idle_ns), -EFAULT, "nor for whose it is");
    page_release(readonly);
}

static void clocks(void)
{
    uint64_t wall = time_wall();

    memset(&platform, 0, sizeof(platform));
    platform.u.settime32.secs = (uint32_t)wall + 5000;
    platform.u.settime32.system_time = time_now();
    expect_eq(platform_op(XENPF_settime32), 0, "set the clock ahead");
    expect(time_wall() >= wall + 5000, "it is");
    memset(&platform, 0, sizeof(platform));
    platform.u.settime64.secs = wall;
    platform.u.settime64.system_time = time_now();
    expect_eq(platform_op(XENPF_settime64), 0, "set the clock as it was");
    expect(time_wall() < wall + 5000, "it is");
    platform.u.settime64.mbz = 1;
    expect_eq(platform_op(XENPF_settime64), -EINVAL, "what must be zero is not");
}

static void hotplug(void)
{
    ask()->u.cpu_hotplug.cpu = 4095;
    expect_eq(sysctl(XEN_SYSCTL_cpu_hotplug), -EINVAL, "a processor that there isn't");
    ask()->u.cpu_hotplug.op = 99;
    expect(sysctl(XEN_SYSCTL_cpu_hotplug) < 0, "no operation");
}

/* --- The scheduler, and pools --- */

static long pool(uint32_t what, uint32_t id)
{
    static uint8_t map[8];

    ask()->u.cpupool_op.op = what;
    op.u.cpupool_op.cpupool_id = id;
    op.u.cpupool_op.cpumap.nr_bits = 64;
    set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, map);
    return sysctl(XEN_SYSCTL_cpupool_op);
}

static void pools(void)
{
    ask();
    expect_eq(sysctl(XEN_SYSCTL_sched_id), 0, "which scheduler");
    expect_eq(op.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2, "credit2, or one like it");
    expect_eq(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 0), 0, "the first pool");
    expect_eq(op.u.cpupool_op.cpupool_id, 0, "its number");
    expect_eq(op.u.cpupool_op.n_dom, 1, "its domains");
    expect_eq(op.u.cpupool_op.sched_id, XEN_SCHEDULER_CREDIT2, "its scheduler");
    expect_eq(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 1), -ENOENT, "there is no other");
    expect_eq(pool(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0), 0, "processors in no pool");
    expect(pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 7) < 0, "to a pool that there isn't");
    expect_eq(pool(99, 0), -ENOSYS, "no operation");
}

/* That a vcpu keeps its CPU for a microsecond only. */
static void rate_limit(void)
{
    ask()->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
    op.u.scheduler_op.u.sched_credit2.ratelimit_us = 1;
    expect(sysctl(XEN_SYSCTL_scheduler_op) < 0, "a limit that is too low");
    ask()->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = 99;
    expect_eq(sysctl(XEN_SYSCTL_scheduler_op), -EINVAL, "no operation");
}

/* --- What there is little of --- */

static long power(uint32_t type, uint32_t cpu, uint64_t *triggers, uint64_t *residencies)
{
    ask()->u.get_pmstat.type = type;
    op.u.get_pmstat.cpuid = cpu;
    op.u.get_pmstat.u.getcx.nr = 1;
    set_xen_guest_handle(op.u.get_pmstat.u.getcx.triggers, triggers);
    set_xen_guest_handle(op.u.get_pmstat.u.getcx.residencies, residencies);
    return sysctl(XEN_SYSCTL_get_pmstat);
}

static void idleness(void)
{
    static uint64_t triggers[2], residencies[2];

    expect_eq(power(PMSTAT_get_max_cx, 0, NULL, NULL), 0, "states that a processor can be in");
    expect(op.u.get_pmstat.u.getcx.nr >= 2, "it runs, and idles");
    residencies[1] = 0xaa;
    expect_eq(power(PMSTAT_get_cxstat, 0, triggers, residencies), 0, "how long it was in one");
    expect(op.u.get_pmstat.u.getcx.nr >= 2, "there are more");
    expect(residencies[0] > 0, "it ran");
    expect_eq(residencies[1], 0xaa, "no more than asked for");
    expect_eq(power(PMSTAT_get_cxstat, 0, NOWHERE, residencies), -EFAULT, "no place to tell");
    expect_eq(power(PMSTAT_get_max_cx, 4095, NULL, NULL), -EINVAL, "of no processor");
    expect(power(PMSTAT_get_max_px, 0, NULL, NULL) < 0, "its frequencies");
    expect(power(99, 0, NULL, NULL) < 0, "no question");
}

static void device_nodes(void)
{
    static physdev_pci_device_t devices[2] = { { 0, 0, 0 }, { 0, 0, 8 } };
    static uint32_t nodes[2];

    ask()->u.pcitopoinfo.num_devs = 2;
    set_xen_guest_handle(op.u.pcitopoinfo.devs, devices);
    set_xen_guest_handle(op.u.pcitopoinfo.nodes, nodes);
    expect_eq(sysctl(XEN_SYSCTL_pcitopoinfo), 0, "where two devices are");
    expect_eq(op.u.pcitopoinfo.num_devs, 2, "two answers");
    expect(nodes[0] >= XEN_INVALID_DEV && nodes[1] >= XEN_INVALID_DEV, "nobody knows");
    ask()->u.pcitopoinfo.num_devs = 2;
    set_xen_guest_handle(op.u.pcitopoinfo.devs, devices);
    set_xen_guest_handle(op.u.pcitopoinfo.nodes, NOWHERE);
    expect_eq(sysctl(XEN_SYSCTL_pcitopoinfo), -EFAULT, "no place to tell");
    ask()->u.pcitopoinfo.num_devs = 2;
    expect_eq(sysctl(XEN_SYSCTL_pcitopoinfo), -EINVAL, "neither devices nor a place");
}

static void live_patches(void)
{
    static char patch[] = "none";

    ask()->u.livepatch.cmd = XEN_SYSCTL_LIVEPATCH_LIST;
    expect_eq(sysctl(XEN_SYSCTL_livepatch_op), 0, "what was patched");
    expect_eq(op.u.livepatch.u.list.nr, 0, "nothing");
    ask()->u.livepatch.cmd = XEN_SYSCTL_LIVEPATCH_LIST;
    op.u.livepatch.u.list.pad = 1;
    expect_eq(sysctl(XEN_SYSCTL_livepatch_op), -EINVAL, "what must be zero is not");
    ask()->u.livepatch.pad = 1;
    expect_eq(sysctl(XEN_SYSCTL_livepatch_op), -EINVAL, "what must be zero is not");
    ask()->u.livepatch.cmd = XEN_SYSCTL_LIVEPATCH_GET;
    set_xen_guest_handle(op.u.livepatch.u.get.name.name, patch);
    op.u.livepatch.u.get.name.size = sizeof(patch);
    expect_eq(sysctl(XEN_SYSCTL_livepatch_op), -ENOENT, "a patch that is not there");
    ask()->u.livepatch.cmd = 99;
    expect(sysctl(XEN_SYSCTL_livepatch_op) < 0, "no operation");
}

/* --- Features --- */

static void features(void)
{
    static uint32_t words[2];
    unsigned int nr;
    long rc;

    ask()->u.cpu_featureset.index = XEN_SYSCTL_cpu_featureset_pv;
    expect_eq(sysctl(XEN_SYSCTL_get_cpu_featureset), 0, "how many words of features");
    nr = op.u.cpu_featureset.nr_features;
    expect(nr > 2, "more than two");
    words[1] = 0xaaaaaaaa;
    ask()->u.cpu_featureset.index = XEN_SYSCTL_cpu_featureset_pv;
    op.u.cpu_featureset.nr_features = 1;
    set_xen_guest_handle(op.u.cpu_featureset.features, words);
    expect_eq(sysctl(XEN_SYSCTL_get_cpu_featureset), -ENOBUFS, "room for one");
    expect(words[0] & 1, "the first is told: there is an FPU");
    expect_eq(words[1], 0xaaaaaaaa, "no other");
    ask()->u.cpu_featureset.index = 99;
    op.u.cpu_featureset.nr_features = 1;
    set_xen_guest_handle(op.u.cpu_featureset.features, words);
    expect_eq(sysctl(XEN_SYSCTL_get_cpu_featureset), -EINVAL, "features of nobody");
    ask()->u.cpu_featureset.index = XEN_SYSCTL_cpu_featureset_hvm;
    op.u.cpu_featureset.nr_features = 2;
    set_xen_guest_handle(op.u.cpu_featureset.features, words);
    expect(sysctl(XEN_SYSCTL_get_cpu_featureset) < 0, "those of HVM guests, all in two words");
    ask()->u.cpu_featureset.index = XEN_SYSCTL_cpu_featureset_pv;
    op.u.cpu_featureset.nr_features = 1;
    set_xen_guest_handle(op.u.cpu_featureset.features, NOWHERE);
    expect_eq(sysctl(XEN_SYSCTL_get_cpu_featureset), -EFAULT, "no place for them");

    ask()->u.cpu_policy.index = XEN_SYSCTL_cpu_policy_pv_max;
    expect_eq(sysctl(XEN_SYSCTL_get_cpu_policy), 0, "how large a policy");
    expect(op.u.cpu_policy.nr_leaves > 0 && op.u.cpu_policy.nr_msrs > 0, "leaves and registers");
    ask()->u.cpu_policy.index = 99;
    expect_eq(sysctl(XEN_SYSCTL_get_cpu_policy), -EINVAL, "a policy for nobody");
    ask()->u.cpu_policy.index = XEN_SYSCTL_cpu_policy_hvm_default;
    rc = sysctl(XEN_SYSCTL_get_cpu_policy);
    expect(rc == 0 || rc == -EOPNOTSUPP, "one for HVM guests, where there are such");
}

/* --- Memory and log --- */

static void memory(void)
{
    long rc;

    ask()->u.availheap.node = -1;
    op.u.availheap.max_bitwidth = 0;
    expect_eq(sysctl(XEN_SYSCTL_availheap), 0, "free memory");
    expect(op.u.availheap.avail_bytes > 0, "there is some");
    expect_eq(control_sysctl_readonly(&op, XEN_SYSCTL_availheap), -EFAULT, "no place to tell");
    ask()->u.availheap.max_bitwidth = 32;
    rc = sysctl(XEN_SYSCTL_availheap);
    expect(rc == 0 || rc == -EOPNOTSUPP, "within 32 bits");
}

static void log(void)
{
    static char text[64];

    memset(text, 0x55, sizeof(text));
    ask()->u.readconsole.count = sizeof(text) - 1;
    set_xen_guest_handle(op.u.readconsole.buffer, text);
    expect_eq(sysctl(XEN_SYSCTL_readconsole), 0, "the log");
    expect_eq(op.u.readconsole.count, sizeof(text) - 1, "as much as there is room for");
    expect_eq(text[sizeof(text) - 1], 0x55, "and no more");
    set_xen_guest_handle(op.u.readconsole.buffer, (void *)0x10);
    expect_eq(sysctl(XEN_SYSCTL_readconsole), -EFAULT, "no place for it");
}

/* --- Keys, and counters: Debian's Xen has none --- */

static long counters(uint32_t what, void *names, void *values)
{
    ask()->u.perfc_op.cmd = what;
    set_xen_guest_handle(op.u.perfc_op.desc, names);
    set_xen_guest_handle(op.u.perfc_op.val, values);
    return sysctl(XEN_SYSCTL_perfc_op);
}

static void debugging(void)
{
    ask()->u.debug_keys.nr_keys = 1;
    set_xen_guest_handle(op.u.debug_keys.keys, NOWHERE);
    expect_eq(sysctl(XEN_SYSCTL_debug_keys), -EFAULT, "a key from nowhere");
    op.u.debug_keys.nr_keys = 1000000;
    expect(sysctl(XEN_SYSCTL_debug_keys) < 0, "more than anybody types");

    if ( counters(XEN_SYSCTL_PERFCOP_query, NULL, NULL) == -ENOSYS )
        return;
    expect(op.u.perfc_op.nr_counters > 0, "counters");
    expect_eq(counters(99, NULL, NULL), -EINVAL, "no operation on them");
    expect_eq(counters(XEN_SYSCTL_PERFCOP_query, NOWHERE, NULL), -EFAULT, "no place for names");
    expect_eq(counters(XEN_SYSCTL_PERFCOP_query, NULL, NOWHERE), -EFAULT, "nor for values");
}

static void version(void)
{
    static char line[sizeof(xen_commandline_t) + 1];

    memset(line, 0x55, sizeof(line));
    expect_eq(hypercall(xen_version, XENVER_commandline, line), 0, "the hypervisor's options");
    expect_eq(line[sizeof(xen_commandline_t) - 1], 0, "zeroed to the end");
    expect_eq(line[sizeof(xen_commandline_t)], 0x55, "and no further");
}

void test_main(void)
{
    unsigned int cpus;

    if ( !is_dom0() )
    {
        ask();
        expect_eq(sysctl(XEN_SYSCTL_physinfo), -EPERM, "without the rights of dom0");
        return;
    }
    cpus = nr_cpus();
    idle_times();
    topology(cpus);
    kernels_view();
    sleeps();
    kernels_idle_times(cpus);
    clocks();
    hotplug();
    pools();
    idleness();
    device_nodes();
    live_patches();
    rate_limit();
    features();
    memory();
    log();
    debugging();
    version();
    ask();
    op.cmd = XEN_SYSCTL_physinfo;
    expect_eq(hypercall(sysctl, &op), -EACCES, "of no version");
}
