/* domctl: vcpus of other domains, and where they run. */
#include "control/internal.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "mm/alloc.h"
#include "sched/sched.h"

#define CONTEXT_ORDER 1 /* of a struct vcpu_guest_context */

long control_find_vcpu(struct domain *d, u32 id, struct vcpu **v)
{
    if ( id >= d->max_vcpus )
        return -EINVAL;
    *v = d->vcpus[id];
    return *v ? 0 : -ESRCH;
}

/* --- contexts: of the layout that the domain's width has, whoever asks --- */

static long reset_context(struct domain *d, struct vcpu *v)
{
    long rc;

    domain_pause(d);
    rc = vcpu_reset(v);
    domain_unpause(d);
    return rc;
}

/*
 * XEN_DOMCTL_setvcpucontext; none at all (a null handle) takes away what the vcpu had. -EFAULT, -ENOMEM, -EINVAL no
 * such vcpu, or a context that can't be, -EOPNOTSUPP one that would change the tables of a vcpu that has run. -ERESTART
 * while page tables are validated, or taken apart.
 */
long domctl_set_context(struct domain *d, struct xen_domctl_vcpucontext *arg)
{
    struct vcpu_guest_context *context;
    struct vcpu *v = NULL;
    long rc = 0;

    if ( control_is_self(d) || control_is_dying(d) || control_find_vcpu(d, arg->vcpu, &v) )
        return -EINVAL;
    if ( !arg->ctxt.p )
        return reset_context(d, v);

    context = mm_alloc(CONTEXT_ORDER);
    if ( !context )
        return -ENOMEM;
    if ( !guest_load_as(!d->pv32, vcpu_context, context, handle_gva(arg->ctxt)) )
        rc = -EFAULT;
    else
    {
        domain_pause(d);
        rc = vcpu_set_context(v, context);
        domain_unpause(d);
    }
    mm_free(context, CONTEXT_ORDER);
    return rc;
}

/*
 * XEN_DOMCTL_getvcpucontext: of a vcpu that is off its processor, so that all is saved; one's own, or none, -EINVAL.
 * -ENODATA it never had one, -EFAULT, -ENOMEM.
 */
long domctl_get_context(struct domain *d, struct xen_domctl_vcpucontext *arg)
{
    struct vcpu_guest_context *context;
    struct vcpu *v;
    long rc = 0;

    if ( control_find_vcpu(d, arg->vcpu, &v) || v == current_vcpu() )
        return -EINVAL;
    if ( !v->initialised )
        return -ENODATA;

    context = mm_alloc(CONTEXT_ORDER);
    if ( !context )
        return -ENOMEM;
    sched_pause(v);
    vcpu_get_context(v, context);
    sched_unpause(v);

    if ( !guest_store_as(!d->pv32, vcpu_context, handle_gva(arg->ctxt), context) )
        rc = -EFAULT;
    mm_free(context, CONTEXT_ORDER);
    return rc;
}

long domctl_vcpu_info(struct domain *d, struct xen_domctl_getvcpuinfo *arg)
{
    struct vcpu *v;
    long rc = control_find_vcpu(d, arg->vcpu, &v);

    if ( rc )
        return rc;

    arg->online = !READ_ONCE(v->down);
    arg->blocked = READ_ONCE(v->sched.blocked);
    arg->running = sched_runs(v);
    arg->cpu_time = sched_vcpu_ns(v);
    arg->cpu = READ_ONCE(v->processor);
    return 0;
}

/* --- affinity --- */

#define HARD_OR_SOFT (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)

static u64 effective(const struct domain *d, u64 affinity)
{
    return affinity & sched_pool_cpus(d->sched.pool);
}

/* What was set, of the CPUs that there are, online or not. */
static u64 plain(u64 affinity)
{
    return affinity & (~0UL >> (NR_CPUS - control_nr_cpus()));
}

/* The CPUs of @asked; at least one of them must be in @d's pool. */
static long read_affinity(const struct domain *d, const struct xenctl_bitmap *asked, cpumask_t *map)
{
    long rc = bitmap64_from_guest(map, asked);

    if ( rc )
        return rc;
    return effective(d, *map) ? 0 : -EINVAL;
}

/*
 * XEN_DOMCTL_setvcpuaffinity; the masks come back as they took effect. -EINVAL no such CPUs, or nothing asked for;
 * -EBUSY the vcpu has overridden its affinity, and the caller doesn't force that to be undone first.
 */
long domctl_set_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *arg)
{
    struct vcpu *v;
    cpumask_t hard, soft;
    long rc = control_find_vcpu(d, arg->vcpu, &v);

    if ( !rc && !(arg->flags & (HARD_OR_SOFT | XEN_VCPUAFFINITY_FORCE)) )
        rc = -EINVAL;
    if ( !rc && (arg->flags & XEN_VCPUAFFINITY_HARD) )
        rc = read_affinity(d, &arg->cpumap_hard, &hard);
    if ( !rc && (arg->flags & XEN_VCPUAFFINITY_SOFT) )
        rc = read_affinity(d, &arg->cpumap_soft, &soft);
    if ( rc )
        return rc;

    if ( arg->flags & XEN_VCPUAFFINITY_FORCE )
        sched_override_affinity(v, SCHED_NO_OVERRIDE);
    rc = sched_set_affinity(v, arg->flags & XEN_VCPUAFFINITY_HARD ? &hard : NULL,
                            arg->flags & XEN_VCPUAFFINITY_SOFT ? &soft : NULL);
    if ( !rc && (arg->flags & XEN_VCPUAFFINITY_HARD) )
        rc = bitmap64_to_guest(&arg->cpumap_hard, effective(d, v->sched.hard_affinity));
    if ( !rc && (arg->flags & XEN_VCPUAFFINITY_SOFT) )
        rc = bitmap64_to_guest(&arg->cpumap_soft,
                               effective(d, v->sched.soft_affinity & v->sched.hard_affinity));
    return rc;
}

/* XEN_DOMCTL_getvcpuaffinity: the masks as they were set. -EINVAL none is asked for. */
long domctl_get_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *arg)
{
    struct vcpu *v;
    long rc = control_find_vcpu(d, arg->vcpu, &v);

    if ( !rc && !(arg->flags & HARD_OR_SOFT) )
        rc = -EINVAL;
    if ( !rc && (arg->flags & XEN_VCPUAFFINITY_HARD) )
        rc = bitmap64_to_guest(&arg->cpumap_hard, plain(v->sched.hard_affinity));
    if ( !rc && (arg->flags & XEN_VCPUAFFINITY_SOFT) )
        rc = bitmap64_to_guest(&arg->cpumap_soft, plain(v->sched.soft_affinity));
    return rc;
}

#define NODES 1u /* bit map of the only node */

long domctl_set_node_affinity(struct domain *d, struct xen_domctl_nodeaffinity *arg)
{
    u64 map;
    long rc = bitmap64_from_guest(&map, &arg->nodemap);

    (void)d;
    return rc ? rc : map & NODES ? 0 : -EINVAL;
}

long domctl_get_node_affinity(struct domain *d, struct xen_domctl_nodeaffinity *arg)
{
    (void)d;
    return bitmap64_to_guest(&arg->nodemap, NODES);
}

/* --- scheduling --- */

/* XEN_DOMCTL_scheduler_op, of credit2: -EINVAL another scheduler, or per-vcpu settings, which it hasn't. */
long domctl_scheduler(struct domain *d, struct xen_domctl_scheduler_op *arg)
{
    if ( arg->sched_id != XEN_SCHEDULER_CREDIT2 )
        return -EINVAL;

    switch ( arg->cmd )
    {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        return sched_domain_get(d, &arg->u.credit2.weight, &arg->u.credit2.cap);
    case XEN_DOMCTL_SCHEDOP_putinfo:
        return sched_domain_set(d, arg->u.credit2.weight, arg->u.credit2.cap);
    default:
        return -EINVAL;
    }
}
