/* The privileged operations: domctl, sysctl, platform_op; and what the hypervisor tells of itself. */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "domain/domain.h"

long control_domctl(unsigned long arg);
long control_sysctl(unsigned long arg);
long control_platform_op(unsigned long arg);
long control_xen_version(unsigned long cmd, unsigned long arg);
long control_mca(unsigned long arg);

#endif
