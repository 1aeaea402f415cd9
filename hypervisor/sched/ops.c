/* sched_op: what a vcpu asks of the scheduler, and the domain's own end. */
#include "sched/policy.h"

#include "access/access.h"
#include "cpu/percpu.h"
#include "cpu/uaccess.h"
#include "domain/subop.h"
#include "event/event.h"
#include "lib/atomic.h"

#define POLL_PORTS_MAX 128

static long sched_op_yield(struct vcpu *v, gva_t arg)
{
    (void)v, (void)arg;
    sched_let_others();
    return 0;
}

static long sched_op_block(struct vcpu *v, gva_t arg)
{
    (void)arg;
    WRITE_ONCE(v->cpu.info->evtchn_upcall_mask, 0);
    sched_block();
    return 0;
}

/* --- Poll --- */

/* 1 one of @ports is pending, 0 none is, -EINVAL one doesn't exist. */
static long poll_look(struct domain *d, const u32 *ports, u32 n)
{
    long rc = 0;

    for ( u32 i = 0; i < n && !rc; i++ )
        rc = event_port_pending(d, ports[i]);
    return rc;
}

/*
 * Sleep until one of @ports is pending. The second look comes when an event would already wake us: none is missed.
 * blocked comes before event_poll_begin, or the wake-up of a fast event would be undone.
 */
static __attribute__((noinline)) void poll_sleep(struct vcpu *v, const u32 *ports, u32 n,
                                                 ns_t timeout)
{
    atomic_set(&v->sched.blocked, true);
    event_poll_begin(v, n == 1 ? ports[0] : n ? EVENT_POLL_ANY : 0);
    if ( event_deliverable(v) || poll_look(v->domain, ports, n) )
    {
        event_poll_end(v);
        atomic_set(&v->sched.blocked, false);
        return;
    }
    if ( timeout )
        timer_set(&v->time.poll, timeout);
    percpu_raise(this_cpu(), WORK_RESCHEDULE);
}

/* A timer of an earlier poll may still come: it ends at most a later one early, which callers expect. */
static void poll_timeout(void *arg)
{
    struct vcpu *v = arg;

    if ( READ_ONCE(v->event.polling) )
        sched_wake(v);
}

static bool has_passed(u64 timeout)
{
    return timeout && (ns_t)timeout <= time_now();
}

static __attribute__((noinline)) long poll_several(struct vcpu *v, const struct sched_poll *arg)
{
    u32 ports[POLL_PORTS_MAX];
    u32 n = arg->nr_ports;
    long rc;

    if ( n > POLL_PORTS_MAX )
        return -EINVAL;
    for ( u32 i = 0; i < n; i++ )
    {
        if ( !guest_load_u32(&ports[i], handle_gva_at(arg->ports, i)) )
            return -EFAULT;
        rc = event_port_pending(v->domain, ports[i]);
        if ( rc )
            return rc < 0 ? rc : 0;
    }
    if ( !has_passed(arg->timeout) )
        poll_sleep(v, ports, n, (ns_t)arg->timeout);
    return 0;
}

/*
 * SCHEDOP_poll: sleep until one of the ports is pending, masked or not, an upcall is deliverable, or the time has come
 * (absolute ns, 0: never). -EINVAL more than POLL_PORTS_MAX ports, or one that doesn't exist; -EFAULT.
 *
 * Most wait for one.
 */
static long sched_op_poll(struct vcpu *v, struct sched_poll *arg)
{
    u32 port;
    long rc;

    if ( arg->nr_ports != 1 )
        return poll_several(v, arg);
    if ( !guest_load_u32(&port, handle_gva(arg->ports)) )
        return -EFAULT;
    rc = event_port_pending(v->domain, port);
    if ( rc )
        return rc < 0 ? rc : 0;
    if ( !has_passed(arg->timeout) )
        poll_sleep(v, &port, 1, (ns_t)arg->timeout);
    return 0;
}

/* --- The domain's end --- */

static long sched_op_shutdown(struct vcpu *v, struct sched_shutdown *arg)
{
    const struct domain_sched *s = &v->domain->sched;

    domain_shutdown(v->domain, s->code_latched ? s->code : (u8)arg->reason);
    return 0;
}

/* SCHEDOP_shutdown_code: the first one counts. */
static long sched_op_shutdown_code(struct vcpu *v, struct sched_shutdown *arg)
{
    if ( !atomic_xchg(&v->domain->sched.code_latched, true) )
        WRITE_ONCE(v->domain->sched.code, (u8)arg->reason);
    return 0;
}

/* SCHEDOP_remote_shutdown. -ESRCH, -EPERM. */
static long sched_op_remote_shutdown(struct vcpu *v, struct sched_remote_shutdown *arg)
{
    struct domain *d;
    long rc = access_domain(v->domain, arg->domain_id, ACCESS_CONTROL, &d);

    if ( rc )
        return rc;
    domain_shutdown(d, (u8)arg->reason);
    domain_put(d);
    return 0;
}

/* --- Watchdog --- */

static void watchdog_expired(void *arg)
{
    domain_shutdown(arg, SHUTDOWN_watchdog);
}

static void watchdog_start(struct domain *d, u32 slot, u32 seconds)
{
    timer_set(&d->sched.watchdog[slot], time_now() + (ns_t)(seconds * NS_PER_S));
}

/* -ENOSPC all are in use; else the new one's id, from 1. One without time ends the domain at once. */
static long watchdog_new(struct domain *d, u32 seconds)
{
    for ( u32 i = 0; i < SCHED_WATCHDOGS; i++ )
        if ( !atomic_xchg(&d->sched.watchdog_set[i], true) )
        {
            watchdog_start(d, i, seconds);
            return i + 1;
        }
    return -ENOSPC;
}

/* SCHEDOP_watchdog: id 0 makes one, timeout 0 ends it, else it is wound up again. -EINVAL no such watchdog. */
static long sched_op_watchdog(struct vcpu *v, struct sched_watchdog *arg)
{
    struct domain *d = v->domain;
    u32 slot = arg->id - 1;

    if ( !arg->id )
        return watchdog_new(d, arg->timeout);
    if ( slot >= SCHED_WATCHDOGS || !READ_ONCE(d->sched.watchdog_set[slot]) )
        return -EINVAL;
    if ( arg->timeout )
        watchdog_start(d, slot, arg->timeout);
    else
    {
        timer_stop(&d->sched.watchdog[slot]);
        WRITE_ONCE(d->sched.watchdog_set[slot], false);
    }
    return 0;
}

static long sched_op_pin_override(struct vcpu *v, struct sched_pin_override *arg)
{
    return sched_override_affinity(v, arg->pcpu);
}

/* --- Lifecycle --- */

long sched_domain_create(struct domain *d)
{
    sched_cap_init(d);
    for ( u32 i = 0; i < SCHED_WATCHDOGS; i++ )
        timer_init(&d->sched.watchdog[i], watchdog_expired, d, 0);
    return 0;
}

void sched_domain_destroy(struct domain *d)
{
    timer_kill(&d->sched.refill);
    for ( u32 i = 0; i < SCHED_WATCHDOGS; i++ )
        timer_kill(&d->sched.watchdog[i]);
}

/* vcpu.time.poll is time/'s to stop, and ours to answer. */
void sched_poll_init(struct vcpu *v)
{
    timer_init(&v->time.poll, poll_timeout, v, v->processor);
}

/* --- The hypercall --- */

#define SUBOPS <hypercall/ops/sched.def>
#include "domain/subop_tables.inc"

/* sched_op_compat (public/sched.h): three operations, of which none has a structure. */
long sched_op_compat(unsigned long cmd, unsigned long arg)
{
    struct vcpu *v = current_vcpu();

    switch ( (u32)cmd )
    {
    case SCHEDOP_yield:
        return sched_op_yield(v, to_gva(0));
    case SCHEDOP_block:
        return sched_op_block(v, to_gva(0));
    case SCHEDOP_shutdown:
        return sched_op_shutdown(v, &(struct sched_shutdown){ .reason = (u32)arg });
    default:
        return -ENOSYS;
    }
}

long sched_op(unsigned long cmd, unsigned long arg)
{
    return subop_call(subops, cmd, arg);
}

long compat_sched_op(unsigned long cmd, unsigned long arg)
{
    return subop_call(subops_pv32, cmd, arg);
}
