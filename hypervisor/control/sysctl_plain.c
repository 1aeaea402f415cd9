/*
 * sysctl: what is soon told, as there is little of it here. A processor idles, or not; no device is known to be nearer
 * to one processor than to another; nothing is ever patched.
 */
#include "control/internal.h"
#include "control/sysctl.h"
#include "lib/string.h"
#include "sched/sched.h"
#include "time/time.h"

/* --- states of processors --- */

enum { RUNS, IDLES, NR_STATES };

static long tell_states(u32 cpu, struct pm_cx_stat *arg)
{
    u32 nr = min_t(u32, arg->nr, NR_STATES);
    u64 idle = sched_idle_ns(cpu);
    u64 residencies[] = { [RUNS] = (u64)time_now() - idle, [IDLES] = idle };
    u64 triggers[] = { [RUNS] = 1, [IDLES] = 1 }; /* that it did, not how often */

    arg->nr = NR_STATES;
    arg->last = IDLES;
    arg->idle_time = idle;
    arg->nr_pc = arg->nr_cc = 0;
    if ( copy_to_guest(handle_gva(arg->triggers), triggers, nr * sizeof(triggers[0])) ||
         copy_to_guest(handle_gva(arg->residencies), residencies, nr * sizeof(residencies[0])) )
        return -EFAULT;
    return 0;
}

/*
 * XEN_SYSCTL_get_pmstat: how long a processor was idle. -EINVAL there is no such processor, or no such question;
 * -ENODEV one about frequencies.
 */
long sysctl_power(struct xen_sysctl_get_pmstat *arg)
{
    if ( !smp_is_online(arg->cpuid) )
        return -EINVAL;
    if ( (arg->type & PMSTAT_CATEGORY_MASK) == PMSTAT_PX )
        return -ENODEV;

    switch ( arg->type )
    {
    case PMSTAT_get_max_cx:
        arg->u.getcx.nr = NR_STATES;
        return 0;
    case PMSTAT_get_cxstat:
        return tell_states(arg->cpuid, &arg->u.getcx);
    default:
        return -EINVAL;
    }
}

/* --- nodes of devices --- */

#define DEVICES_AT_ONCE 64

/* XEN_SYSCTL_pcitopoinfo: of as many as we tell at once. -EINVAL none is asked for. */
long sysctl_device_nodes(struct xen_sysctl_pcitopoinfo *arg)
{
    u32 node = XEN_INVALID_NODE_ID;

    if ( !arg->devs.p || !arg->nodes.p )
        return -EINVAL;
    arg->num_devs = min_t(u32, arg->num_devs, DEVICES_AT_ONCE);
    for ( u32 i = 0; i < arg->num_devs; i++ )
        if ( copy_to_guest(handle_gva_at(arg->nodes, i), &node, sizeof(node)) )
            return -EFAULT;
    return 0;
}

/* --- live patches --- */

/* XEN_SYSCTL_livepatch_op: -ENOENT there is no such patch, -EINVAL nor will there be one. */
long sysctl_livepatch(struct xen_sysctl_livepatch_op *arg)
{
    struct xen_sysctl_livepatch_list *list = &arg->u.list;

    if ( arg->pad )
        return -EINVAL;
    switch ( arg->cmd )
    {
    case XEN_SYSCTL_LIVEPATCH_LIST:
        if ( list->pad )
            return -EINVAL;
        list->version = list->nr = list->name_total_size = list->metadata_total_size = 0;
        return 0;
    case XEN_SYSCTL_LIVEPATCH_GET:
    case XEN_SYSCTL_LIVEPATCH_ACTION:
        return -ENOENT;
    default:
        return -EINVAL;
    }
}
