/* domctl: the machine as a domain sees it: width, CPUID, hypercall page, devices, frames. */
#include "access/access.h"
#include "boot/domain/builder.h"
#include "control/internal.h"
#include "lib/atomic.h"
#include "mm/map.h"
#include "pv/compat/compat.h"
#include "pv/emulate/cpuid.h"
#include "smp/smp.h"

/* --- width --- */

/* A domain becomes a 32-bit one while it has no frames (-EACCES), and for good. */
long domctl_set_address_size(struct domain *d, struct xen_domctl_address_size *arg)
{
    if ( arg->size == 32 )
        return pv_domain_set_pv32(d);
    if ( arg->size != 64 )
        return -EINVAL;
    return d->pv32 ? -EACCES : 0;
}

long domctl_get_address_size(struct domain *d, struct xen_domctl_address_size *arg)
{
    arg->size = d->pv32 ? 32 : 64;
    return 0;
}

/* --- CPUID --- */

long domctl_get_cpu_policy(struct domain *d, struct xen_domctl_cpu_policy *arg)
{
    return control_give_policy(d->pv.cpuid, handle_gva(arg->leaves), &arg->nr_leaves,
                               handle_gva(arg->msrs), &arg->nr_msrs);
}

static long read_leaves(struct cpuid_policy *change, struct xen_domctl_cpu_policy *arg)
{
    if ( arg->nr_leaves > CPUID_MAX_LEAVES )
        return -E2BIG;
    for ( u32 i = 0; i < arg->nr_leaves; i++ )
    {
        xen_cpuid_leaf_t leaf;
        long rc;

        if ( copy_from_guest(&leaf, handle_gva_at(arg->leaves, i), sizeof(leaf)) )
            return -EFAULT;
        rc = cpuid_change_set_leaf(change, &leaf);
        if ( rc )
        {
            arg->err_leaf = leaf.leaf;
            arg->err_subleaf = leaf.subleaf;
            return rc;
        }
    }
    return 0;
}

static long read_msrs(struct cpuid_policy *change, struct xen_domctl_cpu_policy *arg)
{
    if ( arg->nr_msrs > CPUID_MAX_MSRS )
        return -E2BIG;
    for ( u32 i = 0; i < arg->nr_msrs; i++ )
    {
        xen_msr_entry_t msr;
        long rc;

        if ( copy_from_guest(&msr, handle_gva_at(arg->msrs, i), sizeof(msr)) )
            return -EFAULT;
        rc = cpuid_change_set_msr(change, &msr);
        if ( rc )
        {
            arg->err_msr = msr.idx;
            return rc;
        }
    }
    return 0;
}

/* @d is paused. All or nothing. */
static long change_policy(struct domain *d, struct xen_domctl_cpu_policy *arg)
{
    struct cpuid_policy *change = cpuid_change_begin(d);
    long rc;

    if ( !change )
        return -ENOMEM;
    arg->err_leaf = arg->err_subleaf = arg->err_msr = ~0u;
    rc = read_leaves(change, arg);
    if ( !rc )
        rc = read_msrs(change, arg);
    if ( !rc )
        rc = cpuid_change_check(change, &arg->err_leaf);
    if ( rc )
        cpuid_change_drop(change);
    else
        cpuid_change_commit(d, change);
    return rc;
}

/*
 * XEN_DOMCTL_set_cpu_policy: -ERANGE and -EINVAL name the leaf or register; -E2BIG, -EFAULT, -ENOMEM. -EEXIST the
 * domain has run, and believes what CPUID showed it: that, and oneself (-EINVAL), before anything is looked at.
 */
long domctl_set_cpu_policy(struct domain *d, struct xen_domctl_cpu_policy *arg)
{
    long rc;

    if ( control_is_self(d) )
        return -EINVAL;

    domain_pause(d); /* so who unpauses it meanwhile lets it run only when we are done */
    rc = READ_ONCE(d->unpaused) ? -EEXIST : change_policy(d, arg);
    domain_unpause(d);
    return rc;
}

/* --- frames --- */

/* XEN_DOMCTL_hypercall_init: -EINVAL not a frame of the domain's, -EPERM it may not write it. */
long domctl_hypercall_init(struct domain *d, struct xen_domctl_hypercall_init *arg)
{
    mfn_t mfn = to_mfn(arg->gmfn);
    long rc = -EBUSY; /* not its frame */

    if ( mfn_valid(mfn) )
        rc = frame_get_and_type(mfn_to_frame(mfn), d->id, FRAME_WRITABLE);
    if ( rc )
        return rc == -EBUSY ? -EINVAL : -EPERM;

    builder_hypercall_page(mfn_to_virt(mfn), !d->pv32);
    frame_put_and_type(mfn_to_frame(mfn));
    return 0;
}

#define FRAMES_AT_ONCE 1024

/* What a frame is to a save: the kind of table, if it is one, and whether it is pinned. */
static u32 frame_kind(const struct domain *d, mfn_t mfn)
{
    static const u32 kinds[] = {
        [FRAME_L1] = XEN_DOMCTL_PFINFO_L1TAB,     [FRAME_L2] = XEN_DOMCTL_PFINFO_L2TAB,
        [FRAME_L3] = XEN_DOMCTL_PFINFO_L3TAB,     [FRAME_L4] = XEN_DOMCTL_PFINFO_L4TAB,
        [FRAME_L2_TOP] = XEN_DOMCTL_PFINFO_L2TAB,
    };
    struct frame *frame;
    u32 kind = XEN_DOMCTL_PFINFO_NOTAB;
    u64 state;

    if ( !mfn_valid(mfn) )
        return XEN_DOMCTL_PFINFO_XTAB;
    frame = mfn_to_frame(mfn);
    if ( !frame_get(frame, d->id) )
        return XEN_DOMCTL_PFINFO_XTAB;

    state = __atomic_load_n(&frame->state, __ATOMIC_RELAXED);
    if ( frame_type_count(state) && frame_type_of(state) <= FRAME_L2_TOP )
        kind = kinds[frame_type_of(state)];
    if ( state & FRAME_PINNED )
        kind |= XEN_DOMCTL_PFINFO_LPINTAB;
    frame_put(frame);
    return kind;
}

/* XEN_DOMCTL_getpageframeinfo3: frame numbers in, kinds out. -E2BIG too many at once, -EFAULT. */
long domctl_frame_types(struct domain *d, struct xen_domctl_getpageframeinfo3 *arg)
{
    bool wide = !current_vcpu()->domain->pv32; /* the caller's list, not the domain's */
    gva_t list = handle_gva(arg->array);

    if ( arg->num > FRAMES_AT_ONCE )
        return -E2BIG;

    for ( u64 i = 0; i < arg->num; i++ )
    {
        u64 mfn;

        if ( !guest_load_pfn(wide, &mfn, list, i) ||
             !guest_store_pfn(wide, list, i, frame_kind(d, to_mfn(mfn))) )
            return -EFAULT;
    }
    return 0;
}

/* -EOPNOTSUPP no log of dirtied frames is kept, -EINVAL so none is read or switched off, and one's own. */
long domctl_shadow(struct domain *d, struct xen_domctl_shadow_op *arg)
{
    if ( !control_is_self(d) && arg->op == XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY )
        return -EOPNOTSUPP;
    return -EINVAL;
}

/* --- devices --- */

/* Nobody gives what isn't his: -EPERM. */
static long give_or_take(struct domain *d, enum access_resource kind, u64 first, u64 count,
                         bool give)
{
    u64 last = first + count - 1;

    if ( count == 0 || last < first )
        return -EINVAL;
    if ( !access_resource(current_vcpu()->domain, kind, first, last) )
        return -EPERM;
    return give ? access_permit(d, kind, first, last) : access_deny(d, kind, first, last);
}

long domctl_iomem(struct domain *d, struct xen_domctl_iomem_permission *arg)
{
    return give_or_take(d, ACCESS_IOMEM, arg->first_mfn, arg->nr_mfns, arg->allow_access);
}

#define IOPORTS 0x10000u

/* No ports at all are fine: that is how tools ask for nothing. */
long domctl_ioports(struct domain *d, struct xen_domctl_ioport_permission *arg)
{
    if ( arg->first_port > IOPORTS || arg->nr_ports > IOPORTS - arg->first_port )
        return -EINVAL;
    if ( arg->nr_ports == 0 )
        return 0;
    return give_or_take(d, ACCESS_IOPORTS, arg->first_port, arg->nr_ports, arg->allow_access);
}

long domctl_irqs(struct domain *d, struct xen_domctl_irq_permission *arg)
{
    return give_or_take(d, ACCESS_IRQS, arg->pirq, 1, arg->allow_access);
}
