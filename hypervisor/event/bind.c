/* What ports may be bound to. port.h tells the locking. */
#include "event/pair.h"

#include "access/access.h"
#include "mm/heap.h"

/*
 * EVTCHNOP_alloc_unbound: open a port of @arg->dom, which is SELF or a domain that we control, for @arg->remote_dom.
 * 0 and arg->port; -ESRCH, -EPERM; -ENOSPC no port is left, -ENOMEM, -EINVAL @arg->dom is dying.
 */
long event_alloc_unbound(struct vcpu *v, struct evtchn_alloc_unbound *arg)
{
    domid_t remote = arg->remote_dom == DOMID_SELF ? v->domain->id : arg->remote_dom;
    struct event_port *port;
    struct domain *d;
    long rc = access_domain(v->domain, arg->dom, ACCESS_CONTROL, &d);

    if ( rc )
        return rc;
    lock_acquire(&d->event.lock);
    port = event_port_search(d);
    if ( port )
        arg->port = event_port_open_to(d, port, remote);
    else
        rc = event_port_refusal(d);
    lock_release(&d->event.lock);
    domain_put(d);
    return rc;
}

/* Under both locks: what event_bind_interdomain does. */
static long bind_pair(struct domain *d, struct domain *remote, struct evtchn_bind_interdomain *arg)
{
    struct event_port *port = event_port_find_free(d);
    struct event_port *remote_port = event_port(remote, arg->remote_port);

    if ( !port )
        return event_port_refusal(d);
    if ( !remote_port || !event_port_is_open_to(remote_port, d) )
        return -EINVAL;
    if ( d != remote )
    {
        domain_hold(d);
        domain_hold(remote);
    }
    arg->local_port = event_pair_join(d, port, remote_port);
    event_raise(port);
    return 0;
}

/*
 * EVTCHNOP_bind_interdomain: join a new local port to @arg->remote_port, which @arg->remote_dom must have left open to
 * us. Marks the new port pending once, so that no early signal is lost.
 *
 * 0 and arg->local_port; -ESRCH no such domain, -ENOSPC or -ENOMEM no local port, -EINVAL the remote port is not open
 * to us. Locks both domains' events.
 */
long event_bind_interdomain(struct vcpu *v, struct evtchn_bind_interdomain *arg)
{
    struct domain *d = v->domain;
    struct domain *remote =
        domain_get_guest(arg->remote_dom == DOMID_SELF ? d->id : arg->remote_dom);
    long rc;

    if ( !remote )
        return -ESRCH;
    lock_pair(&d->event.lock, &remote->event.lock);
    rc = bind_pair(d, remote, arg);
    unlock_pair(&d->event.lock, &remote->event.lock);
    domain_put(remote);
    return rc;
}

bool event_virq_is_per_vcpu(u32 virq)
{
    return virq == VIRQ_TIMER || virq == VIRQ_DEBUG || virq == VIRQ_XENOPROF || virq == VIRQ_XENPMU;
}

/*
 * EVTCHNOP_bind_virq. -EINVAL no such VIRQ, or a global one not on vcpu 0; -ENOENT no such vcpu; -EEXIST it is bound;
 * -ENOSPC, -ENOMEM.
 */
long event_bind_virq(struct vcpu *current, struct evtchn_bind_virq *arg)
{
    struct domain *d = current->domain;
    struct vcpu *v = domain_vcpu(d, arg->vcpu);
    struct event_port *port;
    long rc;

    if ( arg->virq >= ARRAY_SIZE(v->event.virq_port) )
        return -EINVAL;
    if ( arg->vcpu && !event_virq_is_per_vcpu(arg->virq) )
        return -EINVAL;
    if ( !v )
        return -ENOENT;

    lock_acquire(&d->event.lock);
    rc = v->event.virq_port[arg->virq] ? -EEXIST : 0;
    port = rc ? NULL : event_port_find_free(d);
    if ( port )
    {
        WRITE_ONCE(port->vcpu, (u8)arg->vcpu);
        WRITE_ONCE(port->virq, arg->virq);
        event_port_take(d, port, EVENT_VIRQ);
        atomic_store(&v->event.virq_port[arg->virq], port);
        arg->port = port->number;
    }
    else if ( !rc )
        rc = event_port_refusal(d);
    lock_release(&d->event.lock);
    return rc;
}

/* EVTCHNOP_bind_ipi. -ENOENT no such vcpu; -ENOSPC, -ENOMEM. */
long event_bind_ipi(struct vcpu *v, struct evtchn_bind_ipi *arg)
{
    struct domain *d = v->domain;
    struct event_port *port;
    long rc;

    if ( !domain_vcpu(d, arg->vcpu) )
        return -ENOENT;
    lock_acquire(&d->event.lock);
    port = event_port_find_free(d);
    rc = port ? 0 : event_port_refusal(d);
    if ( port )
    {
        WRITE_ONCE(port->vcpu, (u8)arg->vcpu);
        atomic_store(&port->peer, port);
        event_port_take(d, port, EVENT_IPI);
        arg->port = port->number;
    }
    lock_release(&d->event.lock);
    return rc;
}

/* Under the event lock: a port for @pirq, not yet open to the guest. Errors as for event_bind_pirq. */
static struct event_port *pirq_port_claim(struct domain *d, u32 pirq, long *rc)
{
    struct event_port *port;

    if ( !d->event.pirq_port )
        atomic_store(&d->event.pirq_port, heap_new_array(u32, EVENT_MAX_PIRQS));
    *rc = !d->event.pirq_port ? -ENOMEM : d->event.pirq_port[pirq] ? -EEXIST : 0;
    port = *rc ? NULL : event_port_find_free(d);
    if ( port )
    {
        WRITE_ONCE(port->pirq, pirq);
        event_port_take(d, port, EVENT_CHANGING);
        WRITE_ONCE(d->event.pirq_port[pirq], port->number);
    }
    else if ( !*rc )
        *rc = event_port_refusal(d);
    return port;
}

/*
 * EVTCHNOP_bind_pirq. -EINVAL no such PIRQ, -EPERM or another refusal of irq_pirq_bound; -EEXIST it is bound; -ENOSPC,
 * -ENOMEM. irq/ is asked with no lock held, the port meanwhile belonging to nobody.
 */
long event_bind_pirq(struct vcpu *v, struct evtchn_bind_pirq *arg)
{
    struct domain *d = v->domain;
    struct event_port *port;
    long rc;

    if ( !index_below(&arg->pirq, EVENT_MAX_PIRQS) )
        return -EINVAL;
    lock_acquire(&d->event.lock);
    port = pirq_port_claim(d, arg->pirq, &rc);
    lock_release(&d->event.lock);
    if ( !port )
        return rc;

    rc = irq_pirq_bound(d, arg->pirq, arg->flags & BIND_PIRQ__WILL_SHARE);

    lock_acquire(&d->event.lock);
    if ( rc )
    {
        WRITE_ONCE(d->event.pirq_port[arg->pirq], 0);
        event_port_free(d, port);
    }
    else
    {
        event_port_set_state(port, EVENT_PIRQ);
        arg->port = port->number;
    }
    lock_release(&d->event.lock);
    return rc;
}

/* EVTCHNOP_bind_vcpu. -ENOENT no such vcpu; -EINVAL the port is closed or tied to its vcpu. */
long event_bind_vcpu(struct vcpu *v, struct evtchn_bind_vcpu *arg)
{
    struct domain *d = v->domain;
    struct event_port *port = event_port(d, arg->port);
    bool movable;

    if ( !domain_vcpu(d, arg->vcpu) )
        return -ENOENT;
    if ( !port )
        return -EINVAL;
    lock_acquire(&d->event.lock);
    movable = port->state == EVENT_UNBOUND || port->state == EVENT_INTERDOMAIN ||
              port->state == EVENT_PIRQ ||
              (port->state == EVENT_VIRQ && !event_virq_is_per_vcpu(port->virq));
    if ( movable )
        WRITE_ONCE(port->vcpu, (u8)arg->vcpu);
    lock_release(&d->event.lock);
    return movable ? 0 : -EINVAL;
}
