/* domctl: making, listing, pausing and ending domains. */
#include "control/internal.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "mm/map.h"
#include "pv/emulate/emulate.h"
#include "sched/sched.h"
#include "time/tsc.h"

/* Pauses that a toolstack may pile up on a domain. */
#define MAX_PAUSES 255

/* --- create --- */

/* Only what PV guests have: others are told so rather than given less than they asked for. */
static bool config_possible(const struct xen_domctl_createdomain *config)
{
    u32 version = XEN_DOMCTL_GRANT_version(config->grant_opts);

    return !(config->flags & ~XEN_DOMCTL_CDF_xs_domain) && !config->iommu_opts &&
           !config->vmtrace_size && version >= 1 && version <= GRANT_VERSION_MAX &&
           !(config->grant_opts & ~XEN_DOMCTL_GRANT_version_mask) &&
           !config->arch.emulation_flags && !(config->arch.misc_flags & ~XEN_X86_MSR_RELAXED);
}

static bool id_taken(domid_t id)
{
    struct domain *d = domain_get(id);

    if ( d )
        domain_put(d);
    return d != NULL;
}

/* The next number that no domain has; going round, so that a number is not soon given again. 0: all are taken. */
static domid_t free_id(void)
{
    static domid_t last;

    for ( unsigned int tries = 1; tries < DOMID_FIRST_RESERVED; tries++ )
    {
        last = last < DOMID_FIRST_RESERVED - 1 ? last + 1 : 1;
        if ( !id_taken(last) )
            return last;
    }
    return 0;
}

/*
 * XEN_DOMCTL_createdomain: op->domain is the number wanted, or one is chosen. -EINVAL not a domain that we can make,
 * -EEXIST the number is taken, -ENOMEM; -ESRCH there is no such pool, -ENODEV it has no CPU.
 */
long domctl_create(struct xen_domctl *op)
{
    bool chosen = op->domain == 0 || op->domain >= DOMID_FIRST_RESERVED;
    domid_t id = chosen ? free_id() : op->domain;
    struct domain *d;
    long rc;

    if ( !config_possible(&op->u.createdomain) )
        return -EINVAL;
    if ( !sched_pool_has_cpus(op->u.createdomain.cpupool_id) )
        return sched_pool_exists(op->u.createdomain.cpupool_id) ? -ENODEV : -ESRCH;
    if ( id == 0 )
        return -ENOMEM;
    if ( !chosen && id_taken(id) )
        return -EEXIST;

    rc = domain_create(id, &op->u.createdomain, false, &d);
    if ( !rc )
        op->domain = id;
    return rc;
}

/*
 * XEN_DOMCTL_max_vcpus: as many as createdomain said. Those that exist stay; -ENOMEM leaves some made, to go on from.
 */
long domctl_max_vcpus(struct domain *d, struct xen_domctl_max_vcpus *arg)
{
    if ( arg->max != d->max_vcpus || control_is_dying(d) )
        return -EINVAL;

    for ( u32 i = 0; i < arg->max; i++ )
    {
        if ( !d->vcpus[i] && !domain_vcpu_create(d, i) )
            return -ENOMEM;
    }
    return 0;
}

/* Less than it has is fine: it can't get more. */
long domctl_max_mem(struct domain *d, struct xen_domctl_max_mem *arg)
{
    lock_acquire(&d->memory.lock);
    d->memory.max_pages = arg->max_memkb >> (PAGE_SHIFT - 10);
    lock_release(&d->memory.lock);
    return 0;
}

long domctl_set_handle(struct domain *d, struct xen_domctl_setdomainhandle *arg)
{
    memcpy(d->handle, arg->handle, sizeof(d->handle));
    return 0;
}

/* XEN_DOMCTL_set_virq_handler: -EINVAL too if it is no global VIRQ. */
long domctl_set_virq_handler(struct domain *d, struct xen_domctl_set_virq_handler *arg)
{
    return control_is_dying(d) ? -EINVAL : event_set_virq_handler(d, arg->virq);
}

/* --- pause, resume, destroy --- */

/* -EOVERFLOW it is paused too often. */
long domctl_pause(struct domain *d, void *arg)
{
    (void)arg;
    if ( control_is_self(d) || control_is_dying(d) )
        return -EINVAL;
    if ( READ_ONCE(d->pause_count) >= MAX_PAUSES )
        return -EOVERFLOW;

    domain_pause(d);
    return 0;
}

/* -EINVAL too if it isn't paused. A dying domain is held by a pause of its own: it must not run again. */
long domctl_unpause(struct domain *d, void *arg)
{
    (void)arg;
    if ( control_is_self(d) || control_is_dying(d) || READ_ONCE(d->pause_count) == 0 )
        return -EINVAL;

    WRITE_ONCE(d->unpaused, true);
    domain_unpause(d);
    return 0;
}

long domctl_resume(struct domain *d, void *arg)
{
    (void)arg;
    if ( control_is_self(d) || control_is_dying(d) )
        return -EINVAL;

    domain_resume(d);
    return 0;
}

/* -ERESTART: it goes on where it stopped, whoever asks. */
long domctl_destroy(struct domain *d, void *arg)
{
    (void)arg;
    return control_is_self(d) ? -EINVAL : domain_kill(d);
}

/* XEN_DOMCTL_setdebugging: trap.c's debugger_stops() says what it means. */
long domctl_set_debugging(struct domain *d, struct xen_domctl_setdebugging *arg)
{
    if ( control_is_self(d) )
        return -EINVAL;

    WRITE_ONCE(d->debugged, arg->enable != 0);
    return 0;
}

/* --- info --- */

static void add_vcpu(struct xen_domctl_getdomaininfo *info, const struct vcpu *v)
{
    info->cpu_time += sched_vcpu_ns(v);
    info->max_vcpu_id = v->id;
    if ( READ_ONCE(v->down) )
        return;

    info->nr_online_vcpus++;
    if ( !READ_ONCE(v->sched.blocked) )
        info->flags &= ~XEN_DOMINF_blocked;
    if ( sched_runs(v) )
        info->flags |= XEN_DOMINF_running;
}

/* "Dying" is told of the dead only: tools take it as leave to forget the domain. */
static u32 life_flags(const struct domain *d)
{
    u32 flags = 0;

    if ( d->life == DOMAIN_DEAD )
        flags |= XEN_DOMINF_dying;
    if ( READ_ONCE(d->pause_count) )
        flags |= XEN_DOMINF_paused;
    if ( READ_ONCE(d->debugged) )
        flags |= XEN_DOMINF_debugged;
    if ( d->options & XEN_DOMCTL_CDF_xs_domain )
        flags |= XEN_DOMINF_xs_domain;
    if ( READ_ONCE(d->shut_down) )
        flags |= XEN_DOMINF_shutdown | (u32)d->shutdown_reason << XEN_DOMINF_shutdownshift;
    else
        flags |= XEN_DOMINF_shutdownmask << XEN_DOMINF_shutdownshift;
    return flags;
}

void control_domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    struct vcpu *v;

    memset(info, 0, sizeof(*info));
    info->domain = d->id;
    info->flags = life_flags(d) | XEN_DOMINF_blocked;
    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    for_each_vcpu(d, v)
        add_vcpu(info, v);
    if ( !info->nr_online_vcpus )
        info->flags &= ~XEN_DOMINF_blocked;

    info->tot_pages = READ_ONCE(d->memory.tot_pages);
    info->max_pages = READ_ONCE(d->memory.max_pages);
    info->outstanding_pages = READ_ONCE(d->memory.claimed);
    info->shared_info_frame = d->shared_info ? virt_to_mfn(d->shared_info).n : ~0UL;
    info->ssidref = d->ssidref;
    info->cpupool = d->sched.pool;
    memcpy(info->handle, d->handle, sizeof(info->handle));
    info->gpaddr_bits = 0;
}

/* XEN_DOMCTL_getdomaininfo: the first domain from op->domain on. -ESRCH there is none; -EINVAL no domain's number. */
long domctl_info(struct xen_domctl *op)
{
    struct domain *d = domain_first_at_or_above(op->domain);
    long rc = op->domain < DOMID_FIRST_RESERVED ? -ESRCH : -EINVAL;

    if ( d && d->id < DOMID_FIRST_RESERVED )
    {
        control_domain_info(d, &op->u.getdomaininfo);
        op->domain = d->id;
        rc = 0;
    }
    if ( d )
        domain_put(d);
    return rc;
}

/* --- time --- */

long domctl_set_time_offset(struct domain *d, struct xen_domctl_settimeoffset *arg)
{
    time_set_wall_offset(d, arg->time_offset_seconds);
    return 0;
}

/*
 * XEN_DOMCTL_settscinfo: the incarnation that is told is one more than its predecessors' when it was saved. -EINVAL
 * the caller's own, or no TSC that there can be.
 */
long domctl_set_tsc(struct domain *d, struct xen_domctl_tsc_info *arg)
{
    const struct tsc_choice choice = { arg->tsc_mode, arg->gtsc_khz, arg->incarnation,
                                       arg->elapsed_nsec };
    struct vcpu *v;
    long rc;

    if ( control_is_self(d) )
        return -EINVAL;
    domain_pause(d);
    rc = tsc_set(d, &choice);
    for_each_vcpu(d, v)
        emulate_choose_cr4(v, v->pv.cr4);
    domain_unpause(d);
    return rc;
}

long domctl_get_tsc(struct domain *d, struct xen_domctl_tsc_info *arg)
{
    if ( control_is_self(d) )
        return -EINVAL;

    *arg = (struct xen_domctl_tsc_info){
        .tsc_mode = d->time.tsc.mode,
        .gtsc_khz = d->time.tsc.khz,
        .incarnation = d->time.tsc.incarnation,
        .elapsed_nsec = tsc_elapsed_ns(d),
    };
    return 0;
}
