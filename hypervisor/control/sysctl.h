/*
 * Handlers of sysctl, with LOCK_DOMCTL held. -EFAULT an array of the caller's can't be read or written; the rest is
 * there.
 */
#ifndef CONTROL_SYSCTL_H
#define CONTROL_SYSCTL_H

#include "control/control.h"

long sysctl_physinfo(struct xen_sysctl_physinfo *arg);
long sysctl_cpus(struct xen_sysctl_getcpuinfo *arg);
long sysctl_topology(struct xen_sysctl_cputopoinfo *arg);
long sysctl_numa(struct xen_sysctl_numainfo *arg);
long sysctl_available(struct xen_sysctl_availheap *arg);
long sysctl_featureset(struct xen_sysctl_cpu_featureset *arg);
long sysctl_policy(struct xen_sysctl_cpu_policy *arg);

long sysctl_domains(struct xen_sysctl_getdomaininfolist *arg);
long sysctl_sched_id(struct xen_sysctl_sched_id *arg);
long sysctl_scheduler(struct xen_sysctl_scheduler_op *arg);
long sysctl_cpupool(struct xen_sysctl_cpupool_op *arg);

long sysctl_readconsole(struct xen_sysctl_readconsole *arg);
long sysctl_debug_keys(struct xen_sysctl_debug_keys *arg);
long sysctl_counters(struct xen_sysctl_perfc_op *arg);
long sysctl_trace(struct xen_sysctl_tbuf_op *arg);

long sysctl_power(struct xen_sysctl_get_pmstat *arg);
long sysctl_device_nodes(struct xen_sysctl_pcitopoinfo *arg);
long sysctl_livepatch(struct xen_sysctl_livepatch_op *arg);

#endif
