/*
 * Control operations on the machine: sysctl, platform_op, mca and xen_version, with the rooms that they direct played
 * in fake/control.c.
 *
 * LINK: hypervisor/control/domctl.c hypervisor/control/domain_[a-z]*.c hypervisor/control/shared.c
 * LINK: hypervisor/control/sysctl*.c hypervisor/control/platform.c hypervisor/control/mca.c hypervisor/trace/latency.c
 * LINK: hypervisor/control/version.c tests/host/fake/control.c hypervisor/cpu/fpu_area.c hypervisor/sched/pool.c
 * LINK: hypervisor/pv/emulate/cpuid[a-z_]*.c hypervisor/mm/frame.c tests/host/fake/machine*.c hypervisor/time/tsc.c
 */
#include "tests/host/fake/control.h"
#include "pv/emulate/cpuid.h"
#include "trace/latency.h"
#include "trace/trace.h"

/* --- sysctl --- */

TEST(physinfo)
{
    control_start();
    domu->memory.claimed = 40;
    sysctl_for(XEN_SYSCTL_physinfo);
    memset(&sop.u, 0xaa, sizeof(sop.u));
    expect_eq(run_sysctl(), 0);
    expect(sop.u.physinfo.nr_cpus == FAKE_CPUS && sop.u.physinfo.max_cpu_id == FAKE_CPUS - 1);
    expect(sop.u.physinfo.total_pages == 1000 && sop.u.physinfo.free_pages == 300);
    expect_eq(sop.u.physinfo.outstanding_pages, 40);
    expect_eq(sop.u.physinfo.capabilities & (XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_hvm),
              XEN_SYSCTL_PHYSCAP_pv);
    expect_eq(sop.u.physinfo.pad, 0);
}

TEST(lists_of_domains)
{
    static struct xen_domctl_getdomaininfo infos[4];

    control_start();
    sysctl_for(XEN_SYSCTL_getdomaininfolist)->u.getdomaininfolist.max_domains = 4;
    sop.u.getdomaininfolist.buffer.p = infos;
    expect_eq(run_sysctl(), 0);
    expect_eq(sop.u.getdomaininfolist.num_domains, 2);
    expect(infos[0].domain == 0 && infos[1].domain == 5);
    sop.u.getdomaininfolist.first_domain = 1;
    sop.u.getdomaininfolist.max_domains = 1;
    expect_eq(run_sysctl(), 0);
    expect(sop.u.getdomaininfolist.num_domains == 1 && infos[0].domain == 5);
    expect(dom0->refs == 1 && domu->refs == 1);
    sop.u.getdomaininfolist.buffer.p = (void *)8;
    sop.u.getdomaininfolist.num_domains = 77;
    expect_eq(run_sysctl(), -EFAULT);
    expect_eq(sop.u.getdomaininfolist.num_domains, 77); /* of a failure nothing is told */
    expect(dom0->refs == 1 && domu->refs == 1);
}

TEST(processors)
{
    struct xen_sysctl_cpuinfo idle[8] = {};
    struct xen_sysctl_cputopo topology[8] = {};

    control_start();
    sysctl_for(XEN_SYSCTL_getcpuinfo)->u.getcpuinfo.max_cpus = 8;
    sop.u.getcpuinfo.info.p = idle;
    expect_eq(run_sysctl(), 0);
    expect(sop.u.getcpuinfo.nr_cpus == FAKE_CPUS && idle[3].idletime == 7003 && !idle[4].idletime);

    sysctl_for(XEN_SYSCTL_cputopoinfo);
    expect_eq(run_sysctl(), 0);
    expect_eq(sop.u.cputopoinfo.num_cpus, FAKE_CPUS);
    sop.u.cputopoinfo.num_cpus = 2;
    sop.u.cputopoinfo.cputopo.p = topology;
    expect_eq(run_sysctl(), 0);
    expect(sop.u.cputopoinfo.num_cpus == FAKE_CPUS && topology[1].core == 1 &&
           topology[2].core == 0);

    sysctl_for(XEN_SYSCTL_numainfo);
    expect_eq(run_sysctl(), 0);
    expect_eq(sop.u.numainfo.num_nodes, 1);
}

static long trace_buffers_of(u32 pages)
{
    sysctl_for(XEN_SYSCTL_tbuf_op)->u.tbuf_op.cmd = XEN_SYSCTL_TBUFOP_set_size;
    sop.u.tbuf_op.size = pages;
    return run_sysctl();
}

/* The list of a CPU's frames begins at a number of 16 bits. */
TEST(too_many_trace_buffers)
{
    control_start();
    expect_eq(trace_buffers_of(4097), -EINVAL);
    fake_cpus = 16;
    expect_eq(trace_buffers_of(4096), -EINVAL);
    fake_cpus = 64;
    expect_eq(trace_buffers_of(1024), -EINVAL);
    fake_cpus = FAKE_CPUS;
}

TEST(pools_and_schedulers)
{
    u8 map = 0;

    control_start();
    sysctl_for(XEN_SYSCTL_cpupool_op)->u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    sop.u.cpupool_op.cpumap.nr_bits = 8;
    sop.u.cpupool_op.cpumap.bitmap.p = &map;
    expect_eq(run_sysctl(), 0);
    expect(map == 0xf && sop.u.cpupool_op.n_dom == 2 &&
           sop.u.cpupool_op.sched_id == XEN_SCHEDULER_CREDIT2);
    sop.u.cpupool_op.cpupool_id = 1;
    expect_eq(run_sysctl(), -ENOENT);
    sop.u.cpupool_op.op = 99;
    expect_eq(run_sysctl(), -ENOSYS);
    sysctl_for(XEN_SYSCTL_sched_id);
    expect_eq(run_sysctl(), 0);
    expect_eq(sop.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
}

TEST(featuresets)
{
    u32 words[CPUID_FEATURESET_WORDS] = {};

    control_start();
    sysctl_for(XEN_SYSCTL_get_cpu_featureset)->u.cpu_featureset.index =
        XEN_SYSCTL_cpu_featureset_pv;
    expect_eq(run_sysctl(), 0);
    expect_eq(sop.u.cpu_featureset.nr_features, CPUID_FEATURESET_WORDS);
    sop.u.cpu_featureset.features.p = words;
    expect_eq(run_sysctl(), 0);
    expect(words[0] & 1);
    words[1] = 0;
    sop.u.cpu_featureset.nr_features = 1;
    expect_eq(run_sysctl(), -ENOBUFS);
    expect_eq(words[1], 0);
    sop.u.cpu_featureset.index = XEN_SYSCTL_cpu_featureset_hvm;
    expect_eq(run_sysctl(), -EOPNOTSUPP);
    sop.u.cpu_featureset.index = 6;
    expect_eq(run_sysctl(), -EINVAL);

    sysctl_for(XEN_SYSCTL_get_cpu_policy)->u.cpu_policy.index = XEN_SYSCTL_cpu_policy_host;
    expect_eq(run_sysctl(), 0);
    expect(sop.u.cpu_policy.nr_leaves == CPUID_MAX_LEAVES &&
           sop.u.cpu_policy.nr_msrs == CPUID_MAX_MSRS);
    sop.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_hvm_max;
    expect_eq(run_sysctl(), -EOPNOTSUPP);
    sop.u.cpu_policy.index = 6;
    expect_eq(run_sysctl(), -EINVAL);
}

TEST(the_log)
{
    char text[64] = {};

    control_start();
    sysctl_for(XEN_SYSCTL_readconsole)->u.readconsole.count = sizeof(text);
    sop.u.readconsole.buffer.p = text;
    expect_eq(run_sysctl(), 0);
    expect_str(text, ring);
    expect(sop.u.readconsole.count == sizeof(ring) - 1 && !ring_cleared);

    memset(text, 0, sizeof(text));
    sop.u.readconsole.incremental = 1;
    sop.u.readconsole.index = 4;
    sop.u.readconsole.count = 3;
    sop.u.readconsole.clear = 1;
    expect_eq(run_sysctl(), 0);
    expect_str(text, "log");
    expect(sop.u.readconsole.index == 7 && ring_cleared);
}

TEST(keys)
{
    control_start();
    sysctl_for(XEN_SYSCTL_debug_keys)->u.debug_keys.nr_keys = 2;
    sop.u.debug_keys.keys.p = "hm";
    expect_eq(run_sysctl(), 0);
    expect_str(keys_seen, "hm");
    sop.u.debug_keys.nr_keys = 65;
    expect_eq(run_sysctl(), -E2BIG);
}

static struct xen_sysctl_perfc_desc perf_descs[512];
static xen_sysctl_perfc_val_t perf_values[16384];

static void query_counters(u32 command)
{
    sysctl_for(XEN_SYSCTL_perfc_op)->u.perfc_op.cmd = command;
    sop.u.perfc_op.desc.p = perf_descs;
    sop.u.perfc_op.val.p = perf_values;
    expect_eq(run_sysctl(), 0);
}

/* The first value of the counter of that name. */
static u32 *values_of(const char *name)
{
    u32 *at = perf_values;

    for ( u32 i = 0; i < sop.u.perfc_op.nr_counters; at += perf_descs[i++].nr_vals )
        if ( !strcmp(perf_descs[i].name, name) )
            return at;
    require(!"there is such a counter");
    return NULL;
}

TEST(counters_are_told_and_reset)
{
    u32 nr, nr_values;

    control_start();
    this_cpu()->counters[1] = 5;
    sysctl_for(XEN_SYSCTL_perfc_op)->u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_query;
    expect_eq(run_sysctl(), 0); /* how much there is */
    nr = sop.u.perfc_op.nr_counters;
    nr_values = sop.u.perfc_op.nr_vals;
    require(nr <= ARRAY_SIZE(perf_descs) && nr_values <= ARRAY_SIZE(perf_values));

    perf_values[nr_values] = 0x5a5a;
    query_counters(XEN_SYSCTL_PERFCOP_query);
    expect(sop.u.perfc_op.nr_counters == nr && sop.u.perfc_op.nr_vals == nr_values);
    expect_eq(perf_values[nr_values], 0x5a5a);
    expect(perf_values[1] == 5 && perf_descs[1].nr_vals == 1 && perf_descs[0].name[0]);

    query_counters(XEN_SYSCTL_PERFCOP_reset);
    expect(this_cpu()->counters[1] == 0 && perf_values[1] == 0);
    sop.u.perfc_op.cmd = 9;
    expect_eq(run_sysctl(), -EINVAL);
}

/* Of each kind: a histogram; the longest; and all together, in two words. */
TEST(latencies_are_told_and_reset)
{
    u32 *bins, *rest;

    control_start();
    require(latency_begin());
    query_counters(XEN_SYSCTL_PERFCOP_query);
    expect_eq(*values_of("latencies are measured"), 1);
    latency_note(__HYPERVISOR_mmu_update, 100);
    latency_note(__HYPERVISOR_mmu_update, 5000000000);
    latency_note(LATENCY_TRAP(14), -1);
    latency_note(LATENCY_TRAP(0x82), 7); /* no such kind */
    latency_end();

    query_counters(XEN_SYSCTL_PERFCOP_query);
    expect_eq(*values_of("latencies are measured"), 0);
    bins = values_of("hypercall mmu_update: calls by ns");
    rest = values_of("hypercall mmu_update: longest, and ns in all (low, high)");
    expect(bins[histogram_bin(100)] == 1 && bins[HISTOGRAM_BINS - 1] == 1);
    expect(rest[0] == ~0u && rest[1] == 705032804 && rest[2] == 1);
    expect_eq(values_of("trap page fault: calls by ns")[0], 1);

    query_counters(XEN_SYSCTL_PERFCOP_reset);
    expect_eq(histogram_total(values_of("hypercall mmu_update: calls by ns")), 0);
}

/* --- platform_op, mca --- */

static struct xen_platform_op pop = { .interface_version = XENPF_INTERFACE_VERSION };

static long run_platform(u32 cmd)
{
    pop.cmd = cmd;
    return control_platform_op((unsigned long)&pop);
}

TEST(platform)
{
    int values;

    control_start();
    pop.u.pcpu_info.xen_cpuid = 1;
    expect_eq(run_platform(XENPF_get_cpuinfo), 0);
    expect(pop.u.pcpu_info.max_present == 4 && pop.u.pcpu_info.flags == XEN_PCPU_FLAGS_ONLINE);
    expect(pop.u.pcpu_info.apic_id == 2 && pop.u.pcpu_info.acpi_id == 2);
    pop.u.pcpu_info.xen_cpuid = 4; /* present, but not up */
    expect_eq(run_platform(XENPF_get_cpuinfo), 0);
    expect_eq(pop.u.pcpu_info.flags, 0);
    pop.u.pcpu_info.xen_cpuid = 1000;
    expect_eq(run_platform(XENPF_get_cpuinfo), 0);
    expect_eq(pop.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID);

    memset(&pop.u, 0, sizeof(pop.u));
    pop.u.settime64.secs = 1700000000;
    expect_eq(run_platform(XENPF_settime64), 0);
    expect_eq(wall_seconds, 1700000000);
    pop.u.settime64.mbz = 1;
    expect_eq(run_platform(XENPF_settime64), -EINVAL);

    memset(&pop.u, 0, sizeof(pop.u));
    pop.u.enter_acpi_sleep.sleep_state = 3;
    expect_eq(run_platform(XENPF_enter_acpi_sleep), -EOPNOTSUPP);
    pop.u.enter_acpi_sleep.sleep_state = 5;
    pop.u.enter_acpi_sleep.val_a = 20;
    pop.u.enter_acpi_sleep.val_b = 3;
    values = setjmp(off);
    if ( !values )
        run_platform(XENPF_enter_acpi_sleep);
    expect_eq(values, 23);

    expect_eq(run_platform(XENPF_add_memtype), -ENOSYS);
    pop.interface_version = 7;
    expect_eq(run_platform(XENPF_get_cpuinfo), -EACCES);
}

static long ask_firmware(u32 type, u32 index)
{
    memset(&pop.u, 0, sizeof(pop.u));
    pop.u.firmware_info.type = type;
    pop.u.firmware_info.index = index;
    return run_platform(XENPF_firmware_info);
}

TEST(firmware)
{
    control_start();
    *(u8 *)maddr_to_virt(to_maddr(0x417)) = 0x20;
    expect_eq(ask_firmware(XEN_FW_KBD_SHIFT_FLAGS, 0), 0);
    expect_eq(pop.u.firmware_info.u.kbd_shift_flags, 0x20);
    expect_eq(ask_firmware(XEN_FW_KBD_SHIFT_FLAGS, 1), -ESRCH);
    expect_eq(ask_firmware(XEN_FW_DISK_INFO, 0), -ESRCH);
    expect_eq(ask_firmware(XEN_FW_DISK_MBR_SIGNATURE, 0), -ESRCH);
    expect_eq(ask_firmware(XEN_FW_VBEDDC_INFO, 0), -ESRCH);
    expect_eq(ask_firmware(6, 0), -EINVAL);
    expect_eq(ask_firmware(XEN_FW_EFI_INFO, 0), -ENOSYS);

    by_efi = true;
    expect_eq(ask_firmware(XEN_FW_KBD_SHIFT_FLAGS, 0), 0);
    expect_eq(pop.u.firmware_info.u.kbd_shift_flags, 0);
    expect_eq(ask_firmware(XEN_FW_EFI_INFO, 3), 0);
    expect_eq(pop.u.firmware_info.u.efi_info.version, 4);
    memset(&pop.u, 0, sizeof(pop.u));
    pop.u.efi_runtime_call.function = 5;
    expect_eq(run_platform(XENPF_efi_runtime_call), 0);
    expect_eq(pop.u.efi_runtime_call.status, 6);
}

TEST(idle_times)
{
    u64 times[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    u8 map = 0x35;

    control_start();
    pop.u.getidletime.cpumap_bitmap.p = &map;
    pop.u.getidletime.cpumap_nr_cpus = 8;
    pop.u.getidletime.idletime.p = times;
    expect_eq(run_platform(XENPF_getidletime), 0);
    expect_eq(map, 5);
    expect(times[0] == 7000 && times[1] == 1 && times[2] == 7002 && times[4] == 0 &&
           times[5] == 0 && times[6] == 1);
}

TEST(machine_checks)
{
    static struct mcinfo_logical_cpu cpus[2];
    static struct mc_info error;
    struct xen_mc mc = { .cmd = XEN_MC_physcpuinfo,
                         .interface_version = XEN_MCA_INTERFACE_VERSION };

    control_start();
    expect_eq(control_mca((unsigned long)&mc), 0);
    expect_eq(mc.u.mc_physcpuinfo.ncpus, FAKE_CPUS);
    mc.u.mc_physcpuinfo.ncpus = 2;
    mc.u.mc_physcpuinfo.info.p = cpus;
    expect_eq(control_mca((unsigned long)&mc), 0);
    expect(mc.u.mc_physcpuinfo.ncpus == 2 && cpus[1].mc_apicid == 2 &&
           !memcmp(cpus[0].mc_vendorid, "GenuineIntel", 12));
    expect_eq(cpus[0].mc_model, 0x9e);

    mc.cmd = XEN_MC_fetch;
    mc.u.mc_fetch.flags = XEN_MC_URGENT;
    mc.u.mc_fetch.data.p = NULL;
    expect_eq(control_mca((unsigned long)&mc), -EINVAL);
    mc.u.mc_fetch.data.p = &error;
    expect_eq(control_mca((unsigned long)&mc), 0);
    expect_eq(mc.u.mc_fetch.flags, XEN_MC_NODATA);
    mc.u.mc_fetch.flags = XEN_MC_NONURGENT | XEN_MC_ACK;
    mc.u.mc_fetch.data.p = NULL;
    expect_eq(control_mca((unsigned long)&mc), 0);
    mc.u.mc_fetch.flags = XEN_MC_URGENT | XEN_MC_NONURGENT;
    expect_eq(control_mca((unsigned long)&mc), -EINVAL);
    mc.u.mc_fetch.flags = 0;
    expect_eq(control_mca((unsigned long)&mc), -EINVAL);
    mc.cmd = XEN_MC_notifydomain;
    expect_eq(control_mca((unsigned long)&mc), -ENOSYS);
    mc.interface_version = 0;
    expect_eq(control_mca((unsigned long)&mc), -EACCES);
}

/* --- xen_version --- */

static char buffer[2048];

static long version(unsigned long op)
{
    memset(buffer, 0xaa, sizeof(buffer));
    return control_xen_version(op, (unsigned long)buffer);
}

/* Everything from the end of the text to the end of the buffer is zero, and nothing after it is written. */
static bool filled(size_t size)
{
    size_t i = strnlen(buffer, size);

    for ( ; i < size; i++ )
        if ( buffer[i] )
            return false;
    return (u8)buffer[size] == 0xaa;
}

TEST(version_texts)
{
    control_start();
    expect_eq(control_xen_version(XENVER_version, 0), (4 << 16) | 17);
    expect_eq(control_xen_version(XENVER_pagesize, 0), 4096);
    expect_eq(control_xen_version(XENVER_pagesize, 1), -EINVAL);
    expect_eq(version(XENVER_extraversion), 0);
    expect(filled(sizeof(xen_extraversion_t)));
    expect_eq(version(XENVER_changeset), 0);
    expect(filled(sizeof(xen_changeset_info_t)));
    expect_eq(version(XENVER_capabilities), 0);
    expect(filled(sizeof(xen_capabilities_info_t)) &&
           strstr(buffer, "xen-3.0-x86_64 xen-3.0-x86_32p"));
    expect_eq(version(XENVER_compile_info), 0);
    expect((u8)buffer[sizeof(struct xen_compile_info)] == 0xaa);
    expect_eq(version(XENVER_commandline), 0);
    expect(filled(sizeof(xen_commandline_t)) && strstr(buffer, "dom0_mem=512M"));
    expect_eq(version(XENVER_build_id), -ENOSYS);
    expect_eq(version(11), -ENOSYS);
    expect_eq(control_xen_version(XENVER_capabilities, 8), -EFAULT);

    fake_run(domu->vcpus[0]);
    expect_eq(version(XENVER_commandline), 0);
    expect(filled(sizeof(xen_commandline_t)));
    expect_str(buffer, "<denied>");
}

/*
 * The words that Linux 6.1 gets from Debian's Xen 4.17, with and without being dom0. It has asked for
 * the assist of which one bit tells.
 */
TEST(version_features)
{
    struct xen_feature_info info = { 0 };

    control_start();
    expect_eq(control_xen_version(XENVER_get_features, (unsigned long)&info), 0);
    expect_eq(info.submap, 0x228e0);
    dom0->vm_assist |= 1UL << VMASST_TYPE_pae_extended_cr3;
    expect_eq(control_xen_version(XENVER_get_features, (unsigned long)&info), 0);
    expect_eq(info.submap, 0x228f0);
    fake_run(domu->vcpus[0]);
    domu->vm_assist |= 1UL << VMASST_TYPE_pae_extended_cr3;
    expect_eq(control_xen_version(XENVER_get_features, (unsigned long)&info), 0);
    expect_eq(info.submap, 0x220f0);
    info.submap_idx = 1;
    expect_eq(control_xen_version(XENVER_get_features, (unsigned long)&info), -EINVAL);
}

HOST_TEST_MAIN
