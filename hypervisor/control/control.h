/*
 * The privileged operations: domctl, sysctl, platform_op, mca; and what the hypervisor tells of itself.
 *
 * Control operations run one at a time, under LOCK_DOMCTL.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "boot/boot_info.h"
#include "domain/domain.h"

/*
 * Keep what guests may ask of the boot and the machine: options, memory map, CPUID policies. Once, after the boot CPU
 * is set up and before any domain is made; @boot may go after.
 */
void control_init(const struct boot_info *boot);
extern char control_cmdline[1024];

/*
 * Hypercalls. Of their own errors: -EPERM the caller may not, -EACCES the interface version isn't ours, -EFAULT the
 * argument can't be read or written, -ENOSYS no such operation.
 */
long control_domctl(unsigned long arg);
long control_sysctl(unsigned long arg);
long control_platform_op(unsigned long arg);
long control_mca(unsigned long arg);
long control_xen_version(unsigned long cmd, unsigned long arg);

/* For 32-bit guests; domctl and sysctl look the same to them. */
long compat_platform_op(unsigned long arg);
long compat_mca(unsigned long arg);
long compat_xen_version(unsigned long cmd, unsigned long arg);

/* Fill what getdomaininfo and getdomaininfolist tell of @d; takes no lock, so it may be torn in time. */
void control_domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

#endif
