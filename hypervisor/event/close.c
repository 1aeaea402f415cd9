/* Closing ports: one, or all of a domain's. port.h tells the locking. */
#include "event/pair.h"

#include "access/access.h"
#include "cpu/uaccess.h"
#include "smp/smp.h"

/* Ports that reset and teardown close before they look whether to stop. */
#define CLOSE_BATCH 64

/* Close @port if it is still joined to a port of @peer, another domain. False: it isn't. */
static bool close_pair(struct domain *d, struct event_port *port, struct domain *peer)
{
    bool joined;

    lock_pair(&d->event.lock, &peer->event.lock);
    joined = !GUARD(close_looks_again, !port->peer || port->peer->domain != peer);
    if ( joined )
    {
        event_pair_part(d, port);
        event_port_free(d, port);
    }
    unlock_pair(&d->event.lock, &peer->event.lock);
    if ( joined )
    {
        domain_put(peer); /* the references that the pair held */
        domain_put(d);
    }
    return joined;
}

/* Under the event lock: a VIRQ's vcpu stays the one that it was bound for, whomever the port interrupts. */
static void virq_unbind(struct domain *d, const struct event_port *port)
{
    struct vcpu *v = d->vcpus[event_virq_is_per_vcpu(port->virq) ? port->vcpu : 0];

    WRITE_ONCE(v->event.virq_port[port->virq], NULL);
}

static long close_port(struct event_port *port);

/* With our own lock, which is released: @port is joined to a port of another domain. */
static long close_joined(struct domain *d, struct event_port *port)
{
    struct domain *peer = port->peer->domain;
    bool closed;

    domain_hold(peer);
    lock_release(&d->event.lock);
    closed = close_pair(d, port, peer);
    domain_put(peer);
    /* Or did the peer close its end between our two looks? Ours is unbound now, or something else already. */
    return closed ? 0 : close_port(port);
}

/* With the lock, which is released: irq/ has to be told before the port is free. */
static long close_pirq(struct domain *d, struct event_port *port)
{
    WRITE_ONCE(d->event.pirq_port[port->pirq], 0);
    event_port_set_state(port, EVENT_CHANGING);
    lock_release(&d->event.lock);

    irq_pirq_unbound(d, port->pirq);

    lock_acquire(&d->event.lock);
    event_port_free(d, port);
    lock_release(&d->event.lock);
    return 0;
}

/* Close @port, whatever it is bound to. -EINVAL: it is not open. */
static long close_port(struct event_port *port)
{
    struct domain *d = port->domain;
    long rc = 0;

    lock_acquire(&d->event.lock);
    switch ( port->state )
    {
    case EVENT_PIRQ:
        return close_pirq(d, port);
    case EVENT_VIRQ:
        virq_unbind(d, port);
        event_port_free(d, port);
        break;
    default:
        if ( event_port_let_go(d, port) )
            event_port_free(d, port);
        else if ( port->peer )
            return close_joined(d, port);
        else
            rc = -EINVAL;
    }
    lock_release(&d->event.lock);
    return rc;
}

/* EVTCHNOP_close. -EINVAL the port is not open. */
long event_close(struct vcpu *v, struct evtchn_close *arg)
{
    struct event_port *port = event_port(v->domain, arg->port);

    return port ? close_port(port) : -EINVAL;
}

/* Close all ports from *@cursor on. 0, or -ERESTART: call again. */
static long close_all(struct domain *d, u32 *cursor)
{
    u32 first = READ_ONCE(*cursor);

    for ( u32 n = first; n < atomic_load(&d->event.nr_ports); n++ )
    {
        if ( n % CLOSE_BATCH == 0 && n != first && GUARD(close_stops, preempt_pending()) )
        {
            WRITE_ONCE(*cursor, n);
            return -ERESTART;
        }
        if ( READ_ONCE(event_port(d, n)->state) != EVENT_FREE )
            close_port(event_port(d, n));
    }
    WRITE_ONCE(*cursor, 0);

    lock_acquire(&d->event.lock);
    event_fifo_destroy(d);
    lock_release(&d->event.lock);
    return 0;
}

/*
 * EVTCHNOP_reset: close all ports of @arg->dom and go back to the 2-level ABI. -ESRCH, -EPERM; -EINVAL another domain
 * that is not paused. Stops and resumes; ports that the domain opens meanwhile may survive.
 */
long event_reset(struct vcpu *v, gva_t uarg)
{
    struct evtchn_reset arg;
    struct domain *d;
    long rc;

    if ( copy_from_guest(&arg, uarg, sizeof(arg)) )
        return -EFAULT;
    rc = access_domain(v->domain, arg.dom, ACCESS_CONTROL, &d);
    if ( rc )
        return rc;
    rc = d != v->domain && !d->pause_count ? -EINVAL : close_all(d, &d->event.reset_cursor);
    domain_put(d);
    if ( rc == -ERESTART )
        rc = hypercall_continue(__HYPERVISOR_event_channel_op, EVTCHNOP_reset, uarg.n, 0, 0, 0);
    return rc;
}

/*
 * From the first port on, wherever a reset of the guest's own was: it may have opened others behind that. Whoever
 * found @d alive and opens one for it has the lock before us.
 */
long event_domain_relinquish(struct domain *d)
{
    event_forget_virq_handler(d);
    lock_acquire(&d->event.lock);
    lock_release(&d->event.lock);
    return close_all(d, &d->event.relinquish_cursor);
}
