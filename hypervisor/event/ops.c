/* event_channel_op: the operations that use ports, and the dispatch of all. */
#include "event/port.h"

#include "access/access.h"
#include "domain/subop.h"

/* The peer can't go while we hold our side's lock: it would have to unbind our port first. */
static long send_to_peer(struct domain *d, struct event_port *port)
{
    lock_acquire(&d->event.lock);
    if ( !GUARD(send_looks_again, port->state != EVENT_INTERDOMAIN) )
        event_raise(port->peer.domain, port->peer.port);
    lock_release(&d->event.lock);
    return 0;
}

static __attribute__((noinline)) long send_any(struct domain *d, struct event_port *port)
{
    u8 state = READ_ONCE(port->state);

    if ( state == EVENT_INTERDOMAIN )
        return send_to_peer(d, port);
    if ( state == EVENT_IPI )
        event_raise(d, port);
    else if ( state != EVENT_UNBOUND )
        return -EINVAL;
    return 0;
}

static __attribute__((noinline)) long send_without_bits(struct domain *d, u32 number)
{
    struct event_port *port = event_port(d, number);

    return port ? send_any(d, port) : -EINVAL;
}

/*
 * EVTCHNOP_send. -EINVAL nothing can be sent through this port. The peer may have closed its end: that is no error.
 *
 * First what may end soonest: a port of our own, in the 2-level ABI, that is pending already or masked.
 */
static inline long send(struct domain *d, u32 number)
{
    struct event_port *port;

    if ( !event_port_has_bits(d, &number) )
        return send_without_bits(d, number);
    port = event_port_at(d, number);
    if ( READ_ONCE(port->state) != EVENT_IPI )
        return send_any(d, port);
    if ( !event_set_pending_bit(d->shared_info, number) )
        return 0;
    if ( !event_mask_bit(d, number) || READ_ONCE(d->event.pollers) )
        return event_tell(d, port);
    return 0;
}

static long event_send(struct vcpu *v, struct evtchn_send *arg)
{
    return send(v->domain, arg->port);
}

bool event_send_suspended(struct domain *d)
{
    u32 port = READ_ONCE(d->event.suspend_port);

    return port && send(d, port) == 0;
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

    if ( !event_port_has_bits(d, &number) )
        return unmask_any(d, number);
    port = event_port_at(d, number);
    if ( READ_ONCE(port->state) == EVENT_PIRQ )
        return unmask_any(d, number);
    if ( event_clear_bit(d->event.mask, number) &&
         event_bit(d->shared_info->evtchn_pending, number) )
        event_select(d, port);
    return 0;
}

/* EVTCHNOP_close. -EINVAL the port is not open. */
static long event_close(struct vcpu *v, struct evtchn_close *arg)
{
    struct event_port *port = event_port(v->domain, arg->port);

    return port ? event_port_close(v->domain, port) : -EINVAL;
}

/* Under the event lock. */
static void status_fill(const struct event_port *port, struct evtchn_status *arg)
{
    arg->status = port->state;
    arg->vcpu = port->vcpu;
    switch ( port->state )
    {
    case EVENT_UNBOUND:
        arg->u.unbound.dom = port->open_to;
        break;
    case EVENT_INTERDOMAIN:
        arg->u.interdomain.dom = port->peer.domain->id;
        arg->u.interdomain.port = port->peer.port->number;
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

/* The most frequent operations of all do not wait for the table. */
long event_channel_op(unsigned long cmd, unsigned long arg)
{
    u32 port;

    if ( (u32)cmd == EVTCHNOP_send )
        return guest_load_u32(&port, to_gva(arg)) ? send(current_vcpu()->domain, port) : -EFAULT;
    if ( (u32)cmd == EVTCHNOP_unmask )
        return subop_EVTCHNOP_unmask(current_vcpu(), arg);
    if ( (u32)cmd == EVTCHNOP_close )
        return subop_EVTCHNOP_close(current_vcpu(), arg);
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
