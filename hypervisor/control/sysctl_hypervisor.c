/* sysctl: domains, scheduler, pool, log, counters. */
#include "console/console.h"
#include "control/internal.h"
#include "control/sysctl.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "sched/sched.h"
#include "trace/latency.h"
#include "trace/trace.h"

/* --- domains --- */

long sysctl_domains(struct xen_sysctl_getdomaininfolist *arg)
{
    struct domain *d = domain_first_at_or_above(arg->first_domain);
    u32 nr = 0;
    long rc = 0;

    while ( d && d->id < DOMID_FIRST_RESERVED && nr < arg->max_domains && !rc )
    {
        struct xen_domctl_getdomaininfo info;

        control_domain_info(d, &info);
        if ( copy_to_guest(handle_gva_at(arg->buffer, nr), &info, sizeof(info)) )
            rc = -EFAULT;
        nr++;
        d = domain_after(d);
    }
    if ( d )
        domain_put(d);
    arg->num_domains = nr;
    return rc;
}

/* --- the scheduler --- */

long sysctl_sched_id(struct xen_sysctl_sched_id *arg)
{
    arg->sched_id = XEN_SCHEDULER_CREDIT2;
    return 0;
}

/* A pool's rate limit. -ESRCH no such pool, -EINVAL another scheduler, or no limit that there can be. */
long sysctl_scheduler(struct xen_sysctl_scheduler_op *arg)
{
    if ( !sched_pool_exists(arg->cpupool_id) )
        return -ESRCH;
    if ( arg->sched_id != XEN_SCHEDULER_CREDIT2 )
        return -EINVAL;

    switch ( arg->cmd )
    {
    case XEN_SYSCTL_SCHEDOP_getinfo:
        memset(&arg->u, 0, sizeof(arg->u));
        arg->u.sched_credit2.ratelimit_us = sched_pool_rate_limit(arg->cpupool_id);
        return 0;
    case XEN_SYSCTL_SCHEDOP_putinfo:
        return sched_pool_limit_rate(arg->cpupool_id, arg->u.sched_credit2.ratelimit_us);
    default:
        return -EINVAL;
    }
}

/* --- pools of CPUs --- */

static long tell_pool(struct xen_sysctl_cpupool_op *arg)
{
    u32 id = sched_pool_at_or_above(arg->cpupool_id);

    if ( id == SCHED_NO_POOL )
        return -ENOENT;
    arg->cpupool_id = id;
    arg->sched_id = XEN_SCHEDULER_CREDIT2;
    arg->n_dom = sched_pool_domains(id);
    return bitmap64_to_guest(&arg->cpumap, sched_pool_cpus(id));
}

/* -EPERM we stay where we are. */
static long move_to_pool(domid_t domid, u32 id)
{
    struct domain *d = domain_get_guest(domid);
    long rc;

    if ( !d )
        return -ESRCH;
    rc = control_is_self(d) ? -EPERM : control_is_dying(d) ? -EINVAL : sched_pool_move(d, id);
    domain_put(d);
    return rc;
}

/* XEN_SYSCTL_cpupool_op: all pools have the one scheduler, -ENOENT another. The rest is sched.h's. */
long sysctl_cpupool(struct xen_sysctl_cpupool_op *arg)
{
    switch ( arg->op )
    {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return arg->sched_id == XEN_SCHEDULER_CREDIT2 ? sched_pool_create(&arg->cpupool_id)
                                                      : -ENOENT;
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        return sched_pool_destroy(arg->cpupool_id);
    case XEN_SYSCTL_CPUPOOL_OP_INFO: /* the pool at or above the one asked */
        return tell_pool(arg);
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
        return sched_pool_add(arg->cpupool_id, arg->cpu);
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return sched_pool_remove(arg->cpupool_id, arg->cpu);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return move_to_pool((domid_t)arg->domid, arg->cpupool_id);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return bitmap64_to_guest(&arg->cpumap, sched_pool_none());
    default:
        return -ENOSYS;
    }
}

/* --- the log --- */

/* By the page: the ring is locked for no longer. */
static long copy_log(struct xen_sysctl_readconsole *arg, char *page)
{
    u32 index = arg->index, done = 0;
    bool incremental = arg->incremental;

    while ( done < arg->count )
    {
        size_t got = console_ring_read(page, min_t(size_t, arg->count - done, PAGE_SIZE), &index,
                                       incremental, false);

        if ( got == 0 )
            break;
        if ( copy_to_guest(handle_gva_at(arg->buffer, done), page, got) )
            return -EFAULT;
        done += (u32)got;
        incremental = true;
    }
    arg->index = index;
    arg->count = done;
    return 0;
}

/* XEN_SYSCTL_readconsole: -ENOMEM. */
long sysctl_readconsole(struct xen_sysctl_readconsole *arg)
{
    char *page = mm_alloc(0);
    long rc;

    if ( !page )
        return -ENOMEM;

    rc = copy_log(arg, page);
    if ( !rc && arg->clear )
        (void)console_ring_read(page, 0, &arg->index, true, true);
    mm_free(page, 0);
    return rc;
}

/* More keys than anybody types at once. -E2BIG. */
#define MAX_KEYS 64

long sysctl_debug_keys(struct xen_sysctl_debug_keys *arg)
{
    char keys[MAX_KEYS];

    if ( arg->nr_keys > MAX_KEYS )
        return -E2BIG;
    if ( copy_from_guest(keys, handle_gva(arg->keys), arg->nr_keys) )
        return -EFAULT;

    for ( u32 i = 0; i < arg->nr_keys; i++ )
        console_debug_key(keys[i]);
    return 0;
}

/* --- counters and latencies --- */

/*
 * One counter's name and its @nr values, behind those that @arg counts already. Null arrays are
 * skipped: so the tools ask how much there is.
 */
static long give(struct xen_sysctl_perfc_op *arg, const char *name, const u32 *values, u32 nr)
{
    struct xen_sysctl_perfc_desc desc = { .nr_vals = nr };

    strlcpy(desc.name, name, sizeof(desc.name));
    if ( arg->desc.p &&
         copy_to_guest(handle_gva_at(arg->desc, arg->nr_counters), &desc, sizeof(desc)) )
        return -EFAULT;
    if ( arg->val.p &&
         copy_to_guest(handle_gva_at(arg->val, arg->nr_vals), values, nr * sizeof(*values)) )
        return -EFAULT;
    arg->nr_counters++;
    arg->nr_vals += nr;
    return 0;
}

/* tools/librl/perf.c takes them apart again. */
static long give_latency(void *context, const char *what, const char *name, unsigned int kind)
{
    struct xen_sysctl_perfc_op *arg = context;
    char title[sizeof(((struct xen_sysctl_perfc_desc *)0)->name)];
    struct latency sum;
    long rc;

    latency_read(kind, &sum);
    snprintf(title, sizeof(title), "%s %s: calls by ns", what, name);
    rc = give(arg, title, sum.bins, HISTOGRAM_BINS);
    if ( rc )
        return rc;
    snprintf(title, sizeof(title), "%s %s: longest, and ns in all (low, high)", what, name);
    return give(arg, title, (u32[]){ sum.longest, (u32)sum.total, (u32)(sum.total >> 32) }, 3);
}

static long give_all(struct xen_sysctl_perfc_op *arg)
{
    long rc = 0;

    for ( u32 i = 0; i < NR_COUNTERS && !rc; i++ )
        rc = give(arg, trace_summary(i), (u32[]){ (u32)trace_read(i) }, 1);
    if ( !rc )
        rc = give(arg, "latencies are measured", (u32[]){ latency_on }, 1);
    return rc ? rc : latency_each(give_latency, arg);
}

/*
 * XEN_SYSCTL_perfc_op: what there is, after a reset if that is asked for. How much it is stays the
 * same from one call to the next. Counters are cut to 32 bits, as the ABI has them.
 */
long sysctl_counters(struct xen_sysctl_perfc_op *arg)
{
    if ( arg->cmd != XEN_SYSCTL_PERFCOP_query && arg->cmd != XEN_SYSCTL_PERFCOP_reset )
        return -EINVAL;

    if ( arg->cmd == XEN_SYSCTL_PERFCOP_reset )
    {
        trace_reset();
        latency_reset();
    }
    arg->nr_counters = 0;
    arg->nr_vals = 0;
    return give_all(arg);
}
