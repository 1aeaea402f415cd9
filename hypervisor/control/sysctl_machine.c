/* sysctl: processors, memory, CPUID. */
#include "control/internal.h"
#include "control/sysctl.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "pv/emulate/cpuid.h"
#include "sched/sched.h"
#include "time/time.h"

/* libxc sizes arrays by the highest node that there could be. */
#define NR_NODES 1

/* --- memory --- */

/* Frames that claims hold back, of all domains. */
static u64 claimed_pages(void)
{
    u64 claimed = 0;

    for ( struct domain *d = domain_next_guest(NULL); d; d = domain_next_guest(d) )
        claimed += d->memory.claimed;
    return claimed;
}

long sysctl_physinfo(struct xen_sysctl_physinfo *arg)
{
    u32 words[CPUID_FEATURESET_WORDS];

    cpuid_policy_features(cpuid_machine_policy(XEN_SYSCTL_cpu_policy_host), words);
    memset(arg, 0, sizeof(*arg));
    arg->threads_per_core = 1;
    arg->cores_per_socket = control_nr_cpus();
    arg->nr_cpus = hweight64(smp_online);
    arg->max_cpu_id = control_nr_cpus() - 1;
    arg->nr_nodes = NR_NODES;
    arg->max_node_id = NR_NODES - 1;
    arg->cpu_khz = (u32)time_tsc_khz;
    arg->capabilities =
        XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1 | XEN_SYSCTL_PHYSCAP_gnttab_v2;
    arg->total_pages = mm_total_pages();
    arg->free_pages = mm_free_pages();
    arg->outstanding_pages = claimed_pages();
    arg->max_mfn = frame_limit - 1;
    memcpy(arg->hw_cap, words, sizeof(arg->hw_cap));
    return 0;
}

/* XEN_SYSCTL_availheap: -EOPNOTSUPP free memory within certain address widths. */
long sysctl_available(struct xen_sysctl_availheap *arg)
{
    if ( arg->min_bitwidth || arg->max_bitwidth )
        return -EOPNOTSUPP;

    arg->avail_bytes = arg->node <= 0 ? mm_free_pages() << PAGE_SHIFT : 0;
    return 0;
}

/* A null array asks how many nodes there are. */
long sysctl_numa(struct xen_sysctl_numainfo *arg)
{
    struct xen_sysctl_meminfo memory = { mm_total_pages() << PAGE_SHIFT, mm_free_pages()
                                                                             << PAGE_SHIFT };
    u32 distance = 10;
    bool room = arg->num_nodes >= NR_NODES;

    arg->num_nodes = NR_NODES;
    if ( !room )
        return 0;
    if ( arg->meminfo.p && copy_to_guest(handle_gva(arg->meminfo), &memory, sizeof(memory)) )
        return -EFAULT;
    if ( arg->distance.p && copy_to_guest(handle_gva(arg->distance), &distance, sizeof(distance)) )
        return -EFAULT;
    return 0;
}

/* --- processors --- */

long sysctl_cpus(struct xen_sysctl_getcpuinfo *arg)
{
    u32 nr = min(arg->max_cpus, control_nr_cpus());

    for ( u32 i = 0; i < nr; i++ )
    {
        struct xen_sysctl_cpuinfo info = { .idletime = sched_idle_ns(i) };

        if ( copy_to_guest(handle_gva_at(arg->info, i), &info, sizeof(info)) )
            return -EFAULT;
    }
    arg->nr_cpus = nr;
    return 0;
}

/* As many as fit; with a null array, or too small a one, how many there are. */
long sysctl_topology(struct xen_sysctl_cputopoinfo *arg)
{
    u32 nr = min(arg->num_cpus, control_nr_cpus());

    for ( u32 i = 0; arg->cputopo.p && i < nr; i++ )
    {
        struct xen_sysctl_cputopo topology = { .core = i };

        if ( !(smp_online & (1UL << i)) )
            topology = (struct xen_sysctl_cputopo){ XEN_INVALID_CORE_ID, XEN_INVALID_SOCKET_ID,
                                                    XEN_INVALID_NODE_ID };
        if ( copy_to_guest(handle_gva_at(arg->cputopo, i), &topology, sizeof(topology)) )
            return -EFAULT;
    }
    arg->num_cpus = control_nr_cpus();
    return 0;
}

/* --- CPUID --- */

/* Featuresets have numbers of their own. */
static const struct cpuid_policy *featureset_policy(u32 index)
{
    switch ( index )
    {
    case XEN_SYSCTL_cpu_featureset_raw:
        return cpuid_machine_policy(XEN_SYSCTL_cpu_policy_raw);
    case XEN_SYSCTL_cpu_featureset_host:
        return cpuid_machine_policy(XEN_SYSCTL_cpu_policy_host);
    case XEN_SYSCTL_cpu_featureset_pv:
        return cpuid_machine_policy(XEN_SYSCTL_cpu_policy_pv_default);
    case XEN_SYSCTL_cpu_featureset_pv_max:
        return cpuid_machine_policy(XEN_SYSCTL_cpu_policy_pv_max);
    default:
        return NULL;
    }
}

/*
 * XEN_SYSCTL_get_cpu_featureset: a null array asks for the number of words. -EINVAL no such set, -EOPNOTSUPP one of HVM
 * guests', -ENOBUFS too little room, which is filled.
 */
long sysctl_featureset(struct xen_sysctl_cpu_featureset *arg)
{
    const struct cpuid_policy *policy = featureset_policy(arg->index);
    u32 words[CPUID_FEATURESET_WORDS];
    u32 room = arg->nr_features, nr = min_t(u32, room, CPUID_FEATURESET_WORDS);

    arg->nr_features = CPUID_FEATURESET_WORDS;
    if ( !arg->features.p )
        return 0;
    if ( !policy )
        return arg->index <= XEN_SYSCTL_cpu_featureset_hvm_max ? -EOPNOTSUPP : -EINVAL;

    cpuid_policy_features(policy, words);
    if ( copy_to_guest(handle_gva(arg->features), words, nr * sizeof(words[0])) )
        return -EFAULT;
    return room < CPUID_FEATURESET_WORDS ? -ENOBUFS : 0;
}

/* XEN_SYSCTL_get_cpu_policy: likewise, for the number of leaves and registers if both arrays are null. */
long sysctl_policy(struct xen_sysctl_cpu_policy *arg)
{
    const struct cpuid_policy *policy = cpuid_machine_policy(arg->index);

    if ( arg->_rsvd || arg->index > XEN_SYSCTL_cpu_policy_hvm_default )
        return -EINVAL;
    if ( !policy )
        return -EOPNOTSUPP;

    if ( !arg->leaves.p )
        arg->nr_leaves = CPUID_MAX_LEAVES;
    if ( !arg->msrs.p )
        arg->nr_msrs = CPUID_MAX_MSRS;
    return control_give_policy(policy, handle_gva(arg->leaves), &arg->nr_leaves,
                               handle_gva(arg->msrs), &arg->nr_msrs);
}
