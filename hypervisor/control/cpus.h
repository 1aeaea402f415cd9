/*
 * Processors that come and go. -EINVAL no such CPU, the first one, or one that is offline already; -ERESTART it has not
 * left what it does: ask again.
 */
#ifndef CONTROL_CPUS_H
#define CONTROL_CPUS_H

#include "control/control.h"

/* With LOCK_DOMCTL held. */
long cpus_offline(u32 cpu);
long cpus_online(u32 cpu);
long sysctl_cpu_hotplug(struct xen_sysctl_cpu_hotplug *arg);

long platform_cpu_offline(struct xenpf_cpu_ol *arg);
long platform_cpu_online(struct xenpf_cpu_ol *arg);

#endif
