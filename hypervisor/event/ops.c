/* event_channel_op: the operations that use ports, and the dispatch of all. */
#include "event/pair.h"

#include "access/access.h"
#include "domain/subop.h"

/*
 * @port of our own, which is bit @number of the 2-level ABI, is what an event was sent to. 0: operations end in it.
 */
static inline long raise_bit(struct domain *d, struct event_port *port, u32 number)
{
    if ( event_set_pending_bit(d->shared_info, number) &&
         (!event_mask_bit(d, number) || READ_ONCE(d->event.pollers)) )
        return event_tell(d, port);
    return 0;
}

/* Another domain's port can't go while we hold our side's lock: it would have to unbind ours first. */
static __attribute__((noinline)) long send_any(struct domain *d, struct event_port *port)
{
    struct event_port *peer = atomic_load(&port->peer);
    long rc = 0;

    if ( peer && peer->domain == d )
    {
        event_raise(peer);
        return 0;
    }
    lock_acquire(&d->event.lock);
    if ( port->peer )
        event_raise(port->peer);
    else if ( port->state != EVENT_UNBOUND )
        rc = -EINVAL;
    lock_release(&d->event.lock);
    return rc;
}

static __attribute__((noinline)) long send_far(struct domain *d, u32 number)
{
    struct event_port *port = event_port(d, number);

    return port ? send_any(d, port) : -EINVAL;
}

/*
 * EVTCHNOP_send. -EINVAL nothing can be sent through this port. The peer may have closed its end: that is no error.
 *
 * To a port of our own without a lock. Whose the peer is may be looked at, as that is done at once: a domain is freed
 * when all CPUs have looked up (domain_put).
 */
static inline long send(struct domain *d, u32 number)
{
    struct event_port *port, *peer;

    if ( !event_port_is_near(d, &number) )
        return send_far(d, number);
    port = event_port_near(d, number);
    peer = atomic_load(&port->peer);
    if ( peer != port ) /* an IPI's is */
    {
        if ( !peer || peer->domain != d ||
             GUARD(peer_has_bit, peer->number >= READ_ONCE(d->event.two_level)) )
            return send_any(d, port);
        number = peer->number;
    }
    return raise_bit(d, peer, number);
}

static long event_send(struct vcpu *v, struct evtchn_send *arg)
{
    return send(v->domain, arg->port);
}

bool event_send_suspended(struct domain *d)
{
    u32 port = READ_ONCE(d->event.suspend_port);

    return port && send_far(d, port) == 0;
}

static __attribute__((noinline)) long unmask_any(struct domain *d, u32 number)
{
    struct event_port *port = event_port(d, number);

    if ( !port )
        return -EINVAL;
    if ( port->number >= READ_ONCE(d->event.two_level) )
        event_fifo_unmask(d, port);
    else if ( event_clear_bit(d->event.mask, port->number) &&
              event_bit(d->shared_info->evtchn_pending, port->number) )
        event_select(d, port);
    if ( READ_ONCE(port->state) == EVENT_PIRQ ) /* or it was: then it names any PIRQ, or none */
        irq_pirq_unmasked(d, READ_ONCE(port->pirq));
    return 0;
}

/* EVTCHNOP_unmask. -EINVAL no such port; whether it is open does not matter. */
static long event_unmask(struct vcpu *v, struct evtchn_unmask *arg)
{
    struct domain *d = v->domain;
    u32 number = arg->port;
    struct event_port *port;

    if ( !event_port_is_near(d, &number) )
        return unmask_any(d, number);
    port = event_port_near(d, number);
    if ( READ_ONCE(port->state) == EVENT_PIRQ )
        return unmask_any(d, number);
    if ( event_clear_bit(d->event.mask, number) &&
         event_bit(d->shared_info->evtchn_pending, number) )
        event_select(d, port);
    return 0;
}

/* Under the event lock. */
static void status_fill(const struct event_port *port, struct evtchn_status *arg)
{
    arg->status = port->state;
    arg->vcpu = port->vcpu;
    switch ( port->state )
    {
    case EVENT_UNBOUND:
        arg->u.unbound.dom = (domid_t)port->open_to;
        break;
    case EVENT_INTERDOMAIN:
        arg->u.interdomain.dom = port->peer->domain->id;
        arg->u.interdomain.port = port->peer->number;
        break;
    case EVENT_PIRQ:
        arg->u.pirq = port->pirq;
        break;
    case EVENT_VIRQ:
        arg->u.virq = port->virq;
        break;
    case EVENT_IPI:
        break;
    default:
        arg->status = EVTCHNSTAT_closed;
        arg->vcpu = 0; /* the last one's, until somebody takes the port */
    }
}

/* EVTCHNOP_status. -ESRCH, -EPERM, -EINVAL no such port. */
static long event_status(struct vcpu *v, struct evtchn_status *arg)
{
    struct event_port *port;
    struct domain *d;
    long rc = access_domain(v->domain, arg->dom, ACCESS_CONTROL, &d);

    if ( rc )
        return rc;
    port = event_port(d, arg->port);
    if ( port )
    {
        lock_acquire(&d->event.lock);
        status_fill(port, arg);
        lock_release(&d->event.lock);
    }
    domain_put(d);
    return port ? 0 : -EINVAL;
}

/* --- The hypercall --- */

#define SUBOPS <hypercall/ops/event_channel.def>
#include "domain/subop_tables.inc"

/*
 * What these three do most often, with ports of one's own that are near, is done without the table, and in registers.
 * What isn't that begins anew by its row.
 */
static __attribute__((noinline)) long alloc_at_once(struct vcpu *v, unsigned long at)
{
    struct domain *d = v->domain;
    struct evtchn_alloc_unbound arg;
    struct event_port *port;

    if ( guest_load_small(&arg, to_gva(at)) && arg.dom == DOMID_SELF )
    {
        lock_acquire(&d->event.lock);
        port = event_port_lowest(d);
        if ( port )
        {
            arg.port =
                event_port_open_to(d, port, arg.remote_dom == DOMID_SELF ? d->id : arg.remote_dom);
            lock_release(&d->event.lock);
            return guest_store_small(to_gva(at), &arg) ? 0 : -EFAULT;
        }
        lock_release(&d->event.lock);
    }
    return subop_EVTCHNOP_alloc_unbound(v, at);
}

static __attribute__((noinline)) long fail_with_event(struct event_port *port)
{
    event_raise(port);
    return -EFAULT;
}

static __attribute__((noinline)) long bind_at_once(struct vcpu *v, unsigned long at)
{
    struct domain *d = v->domain;
    struct evtchn_bind_interdomain arg;
    struct event_port *port;
    u32 remote;

    if ( guest_load_small(&arg, to_gva(at)) &&
         (arg.remote_dom == DOMID_SELF || arg.remote_dom == d->id) )
    {
        remote = arg.remote_port;
        lock_acquire(&d->event.lock);
        port = event_port_lowest(d);
        if ( port && event_port_is_near(d, &remote) &&
             event_port_is_open_to(event_port_near(d, remote), d) )
        {
            arg.local_port = event_pair_join(d, port, event_port_near(d, remote));
            lock_release(&d->event.lock);
            return guest_store_small(to_gva(at), &arg) ? raise_bit(d, port, arg.local_port)
                                                       : fail_with_event(port);
        }
        lock_release(&d->event.lock);
    }
    return subop_EVTCHNOP_bind_interdomain(v, at);
}

static __attribute__((noinline)) long close_at_once(struct vcpu *v, unsigned long at)
{
    struct domain *d = v->domain;
    u32 number;

    if ( guest_load_u32(&number, to_gva(at)) )
    {
        /* Before the look: while we wait for it the guest may go over to the FIFO ABI. */
        lock_acquire(&d->event.lock);
        if ( event_port_is_near(d, &number) && event_port_let_go(d, event_port_near(d, number)) )
        {
            event_clear_bit(d->shared_info->evtchn_pending, number);
            event_port_unbind(d, event_port_near(d, number), number);
            lock_release(&d->event.lock);
            return 0;
        }
        lock_release(&d->event.lock);
    }
    return subop_EVTCHNOP_close(v, at);
}

long event_channel_op(unsigned long cmd, unsigned long arg)
{
    u32 port;

    if ( (u32)cmd == EVTCHNOP_send )
        return guest_load_u32(&port, to_gva(arg)) ? send(current_vcpu()->domain, port) : -EFAULT;
    if ( (u32)cmd == EVTCHNOP_unmask )
        return subop_EVTCHNOP_unmask(current_vcpu(), arg);
    if ( (u32)cmd == EVTCHNOP_close )
        return close_at_once(current_vcpu(), arg);
    if ( (u32)cmd == EVTCHNOP_bind_interdomain )
        return bind_at_once(current_vcpu(), arg);
    if ( (u32)cmd == EVTCHNOP_alloc_unbound )
        return alloc_at_once(current_vcpu(), arg);
    return subop_call(subops, cmd, arg);
}

/* event_channel_op_compat (public/event_channel.h): the number of the operation is before its argument. */
long event_channel_op_compat(unsigned long op)
{
    u32 cmd;

    if ( !guest_load_u32(&cmd, to_gva(op)) )
        return -EFAULT;
    if ( cmd > EVTCHNOP_unmask )
        return -ENOSYS; /* what came later has no member there */
    return event_channel_op(cmd, op + offsetof(struct evtchn_op, u));
}
