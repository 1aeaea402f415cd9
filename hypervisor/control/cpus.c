/*
 * Taking processors away and giving them back: sysctl cpu_hotplug and platform_op cpu_offline, cpu_online.
 *
 * A CPU that is offline still sits in its idle loop, ready to be called, but nothing is sent to it: no vcpu, no timer,
 * no TLB flush. It catches up on the last when it returns.
 */
#include "control/cpus.h"

#include "control/internal.h"
#include "event/event.h"
#include "mm/tlb.h"
#include "sched/sched.h"
#include "smp/smp.h"
#include "time/time.h"

static long offline(u32 cpu)
{
    if ( !sched_leave(cpu) )
        return -ERESTART;
    smp_watch_cpu(cpu, false);
    time_leave(cpu, 0);
    smp_set_offline(cpu);
    event_send_global_virq(VIRQ_PCPU_STATE);
    return 0;
}

static long online(u32 cpu)
{
    smp_set_online(smp_percpu(cpu));
    tlb_flush_mask((cpumask_t)1 << cpu, TLB_FLUSH_ALL);
    smp_watch_cpu(cpu, true);
    sched_join(cpu, 0);
    event_send_global_virq(VIRQ_PCPU_STATE);
    return 0;
}

long cpus_offline(u32 cpu)
{
    long rc;

    if ( !cpu || !smp_is_online(cpu) )
        return -EINVAL;
    rc = sched_may_leave(cpu);
    return rc ? rc : offline(cpu);
}

long cpus_online(u32 cpu)
{
    if ( !smp_percpu(cpu) )
        return -EINVAL;
    return smp_is_online(cpu) ? -EEXIST : online(cpu);
}

long sysctl_cpu_hotplug(struct xen_sysctl_cpu_hotplug *arg)
{
    switch ( arg->op )
    {
    case XEN_SYSCTL_CPU_HOTPLUG_ONLINE:
        return cpus_online(arg->cpu);
    case XEN_SYSCTL_CPU_HOTPLUG_OFFLINE:
        return cpus_offline(arg->cpu);
    default: /* no threads that share a core */
        return -EOPNOTSUPP;
    }
}

/* platform_op has no lock of its own. */
static long locked(long (*change)(u32 cpu), u32 cpu)
{
    long rc = -ERESTART;

    if ( lock_try(&control_lock) )
    {
        rc = change(cpu);
        lock_release(&control_lock);
    }
    return rc;
}

long platform_cpu_offline(struct xenpf_cpu_ol *arg)
{
    return arg->cpuid ? locked(cpus_offline, arg->cpuid) : -EOPNOTSUPP;
}

long platform_cpu_online(struct xenpf_cpu_ol *arg)
{
    long rc = locked(cpus_online, arg->cpuid);

    return rc == -EEXIST ? 0 : rc;
}
