/*
 * xen_version: release, features, build facts.
 *
 * Guests issue sub-operation 0 merely to have their events delivered, so it is the shortest hypercall of all. Buffers
 * are filled to their end: what a text leaves over is zero.
 */
#include "access/access.h"
#include "control/control.h"
#include "cpu/uaccess.h"
#include "domain/subop.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "lib/string.h"
#include "mm/layout.h"

#define RELEASE      ((ABI_VERSION_MAJOR << 16) | ABI_VERSION_MINOR)
#define EXTRAVERSION "-ringleader"
#define CAPABILITIES "xen-3.0-x86_64 xen-3.0-x86_32p "
#define DENIED       "<denied>"

/* The build names its commit; a build from a tarball has none. */
#ifndef BUILD_CHANGESET
#define BUILD_CHANGESET ""
#endif

static long give(gva_t to, const void *what, size_t size)
{
    return copy_to_guest(to, what, size) ? -EFAULT : 0;
}

/*
 * Copy @text and zeros up to @size bytes: the callers' buffers end with a NUL unless @text is too long, which none
 * is.
 */
static long give_text(gva_t to, const char *text, size_t size)
{
    size_t len = strnlen(text, size - 1);

    if ( copy_to_guest(to, text, len) ||
         GUARD(text_tails, clear_guest(to_gva(to.n + len), size - len)) )
        return -EFAULT;
    return 0;
}

static long version_release(struct vcpu *v, gva_t arg)
{
    (void)v;
    (void)arg;
    return RELEASE;
}

static long version_extra(struct vcpu *v, gva_t arg)
{
    BUILD_BUG_ON(sizeof(EXTRAVERSION) > sizeof(xen_extraversion_t));

    (void)v;
    return give_text(arg, EXTRAVERSION, sizeof(xen_extraversion_t));
}

static long version_compile_info(struct vcpu *v, gva_t arg)
{
    struct xen_compile_info info = { .compiler = "" };

    (void)v;
    strlcpy(info.compiler, "gcc " __VERSION__, sizeof(info.compiler));
    return give(arg, &info, sizeof(info));
}

static long version_capabilities(struct vcpu *v, gva_t arg)
{
    (void)v;
    return give_text(arg, CAPABILITIES, sizeof(xen_capabilities_info_t));
}

static long version_changeset(struct vcpu *v, gva_t arg)
{
    (void)v;
    return give_text(arg, BUILD_CHANGESET, sizeof(xen_changeset_info_t));
}

static long version_platform(struct vcpu *v, gva_t arg)
{
    struct xen_platform_parameters params = { .virt_start = HV_VIRT_START };

    (void)v;
    return give(arg, &params, sizeof(params));
}

/* Where the M2P begins for them, which is what they ask for. */
static long version_platform_pv32(struct vcpu *v, gva_t arg)
{
    struct xen_platform_parameters params = { .virt_start = HV32_START };

    (void)v;
    return compat_store_platform_parameters(arg, &params) ? 0 : -EFAULT;
}

static u32 features(const struct domain *d)
{
    u32 map = (1u << XENFEAT_mmu_pt_update_preserve_ad) | (1u << XENFEAT_highmem_assist) |
              (1u << XENFEAT_gnttab_map_avail_bits) | (1u << XENFEAT_memory_op_vnode_supported) |
              (1u << XENFEAT_direct_mapped);

    if ( d->vm_assist & (1UL << VMASST_TYPE_pae_extended_cr3) )
        map |= 1u << XENFEAT_pae_pgdir_above_4gb;
    if ( domain_is_privileged(d) )
        map |= 1u << XENFEAT_dom0;
    return map;
}

static long version_features(struct vcpu *v, struct xen_feature_info *info)
{
    if ( info->submap_idx >= XENFEAT_NR_SUBMAPS )
        return -EINVAL;

    info->submap = features(v->domain);
    return 0;
}

static long version_pagesize(struct vcpu *v, gva_t arg)
{
    (void)v;
    return arg.n ? -EINVAL : (long)PAGE_SIZE;
}

static long version_guest_handle(struct vcpu *v, gva_t arg)
{
    return give(arg, v->domain->handle, sizeof(v->domain->handle));
}

/* Others' guests have no business with our options, but must not stumble over an error either. */
static long version_commandline(struct vcpu *v, gva_t arg)
{
    bool allowed = !access_check(v->domain, v->domain, ACCESS_ADMIN);

    return give_text(arg, allowed ? control_cmdline : DENIED, sizeof(xen_commandline_t));
}

#define SUBOPS <hypercall/ops/xen_version.def>
#include "domain/subop_tables.inc"

long control_xen_version(unsigned long cmd, unsigned long arg)
{
    if ( cmd == XENVER_version )
        return RELEASE;
    return subop_call(subops, cmd, arg);
}

long compat_xen_version(unsigned long cmd, unsigned long arg)
{
    return subop_call(subops_pv32, cmd, arg);
}
