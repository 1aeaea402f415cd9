/* event_channel_op: the operations that use ports, and the dispatch of all. */
#include "event/port.h"

#include "access/access.h"
#include "domain/subop.h"

/* The peer can't go while we hold our side's lock: it would have to unbind our port first. */
static void send_to_peer(struct domain *d, struct event_port *port)
{
    lock_acquire(&d->event.lock);
    if ( port->state == EVENT_INTERDOMAIN )
        event_raise(port->peer.domain, port->peer.port);
    lock_release(&d->event.lock);
}

/* EVTCHNOP_send. -EINVAL nothing can be sent through this port. The peer may have closed its end: that is no error. */
static long event_send(struct vcpu *v, struct evtchn_send *arg)
{
    struct domain *d = v->domain;
    struct event_port *port = event_port(d, arg->port);
    u8 state = port ? READ_ONCE(port->state) : EVENT_FREE;

    if ( state == EVENT_INTERDOMAIN )
        send_to_peer(d, port);
    else if ( state == EVENT_IPI )
        event_raise(d, port);
    else if ( state != EVENT_UNBOUND )
        return -EINVAL;
    return 0;
}

static inline void two_level_unmask(struct domain *d, const struct event_port *port)
{
    struct shared_info *shared = d->shared_info;
    u32 number = port->number;

    if ( test_and_clear_bit(number, (unsigned long *)shared->evtchn_mask) &&
         test_bit(number, (unsigned long *)shared->evtchn_pending) )
        event_select(d, port);
}

/* EVTCHNOP_unmask. -EINVAL no such port; one that is closed is let be. */
static long event_unmask(struct vcpu *v, struct evtchn_unmask *arg)
{
    struct domain *d = v->domain;
    struct event_port *port = event_port(d, arg->port);
    u8 state = port ? READ_ONCE(port->state) : EVENT_FREE;

    if ( !port )
        return -EINVAL;
    if ( state == EVENT_FREE )
        return 0;
    if ( READ_ONCE(d->event.fifo) )
        event_fifo_unmask(d, port);
    else
        two_level_unmask(d, port);
    if ( state == EVENT_PIRQ )
        irq_pirq_unmasked(d, port->pirq);
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

#define SUBOP SUBOP_THUNK
#include <hypercall/ops/event_channel.def>
#undef SUBOP

static const struct subop event_ops[] = {
#define SUBOP SUBOP_ROW
#include <hypercall/ops/event_channel.def>
#undef SUBOP
};

long event_channel_op(unsigned long cmd, unsigned long arg)
{
    return subop_call(event_ops, ARRAY_SIZE(event_ops), cmd, arg);
}
