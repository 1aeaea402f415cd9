/*
 * The ABI, as Debian's libxen-dev 4.17 defines it. This is the only file that includes <xen/...>.
 *
 * Tools' interfaces (domctl, sysctl) are exposed: the hypervisor serves them. The interface version is the newest that
 * the headers know.
 */
#ifndef HYPERCALL_ABI_H
#define HYPERCALL_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif

#include <xen/xen-compat.h>
#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#endif

#include <xen/xen.h>

#include <xen/arch-x86/cpufeatureset.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/arch-x86/xen-mca.h>
#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/io/console.h>
#include <xen/io/xs_wire.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/trace.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#if !defined(XEN_DOMCTL_INTERFACE_VERSION) || XEN_DOMCTL_INTERFACE_VERSION != 0x15
#error "libxen-dev 4.17 is needed: scripts/setup unpacks it beside another release"
#endif

/* The ABI's error numbers; on the host and in tools they are the C library's own, which are the same. */
#if !defined(EPERM)
#define XEN_ERRNO(name, value) name = value,
enum {
#include <xen/errno.h>
};
#endif

/* The release that guests are told. */
#define ABI_VERSION_MAJOR 4
#define ABI_VERSION_MINOR 17

#endif
