/*
 * Event ports: what they are bound to, and the hypercall's sub-operations. port.h tells the locking, deliver.c what
 * raising an event does.
 */
#include "event/port.h"

#include "access/access.h"
#include "cpu/uaccess.h"
#include "domain/subop.h"
#include "mm/alloc.h"
#include "mm/heap.h"
#include "smp/smp.h"

#define GROUP_ORDER 1 /* frames of a group of ports */

_Static_assert(EVENT_GROUP * sizeof(struct event_port) == PAGE_SIZE << GROUP_ORDER,
               "a group fills its frames");
_Static_assert(EVTCHN_FIFO_NR_CHANNELS / EVENT_GROUP * sizeof(struct event_port *) <= PAGE_SIZE,
               "the list of groups is a block of the heap");

/* Ports that reset and teardown close before they look whether to stop. */
#define CLOSE_BATCH 64

/* --- Allocation, under the event lock --- */

/* One more than the highest port that @d may allocate. */
static u32 port_limit(const struct domain *d)
{
    u32 limit = d->event.fifo ? EVTCHN_FIFO_NR_CHANNELS : EVTCHN_2L_NR_CHANNELS;

    if ( d->event.max_port && d->event.max_port < limit )
        return d->event.max_port + 1;
    return limit;
}

/* Room for all groups that may ever be needed: so the list never moves, and its readers need no lock. */
static struct event_port **groups_alloc(const struct domain *d)
{
    u32 ports = EVTCHN_FIFO_NR_CHANNELS;

    if ( d->event.max_port && d->event.max_port < ports )
        ports = d->event.max_port + 1;
    return heap_new_array(struct event_port *, DIV_ROUND_UP(ports, EVENT_GROUP));
}

static long group_add(struct domain *d)
{
    u32 first = d->event.nr_ports;
    struct event_port *group;

    if ( !d->event.groups )
        d->event.groups = groups_alloc(d);
    group = d->event.groups ? mm_alloc(GROUP_ORDER) : NULL;
    if ( !group )
        return -ENOMEM;
    for ( u32 i = 0; i < EVENT_GROUP; i++ )
        group[i].number = first + i;
    d->event.groups[first / EVENT_GROUP] = group;
    atomic_store(&d->event.nr_ports, first + EVENT_GROUP);
    return 0;
}

/*
 * A free port, which stays free until the caller gives it a state. NULL with *@rc: -ENOSPC, -ENOMEM, or -EINVAL while @d
 * is dying. Port 0 is never given.
 */
static struct event_port *port_find_free(struct domain *d, long *rc)
{
    u32 n = d->event.lowest_free ? d->event.lowest_free : 1;
    struct event_port *port;

    *rc = d->life == DOMAIN_ALIVE ? 0 : -EINVAL;
    if ( *rc )
        return NULL;
    while ( n < d->event.nr_ports && event_port(d, n)->state != EVENT_FREE )
        n++;
    d->event.lowest_free = n;
    if ( n >= port_limit(d) )
        *rc = -ENOSPC;
    else if ( n >= d->event.nr_ports )
        *rc = group_add(d);
    if ( *rc )
        return NULL;

    port = event_port(d, n);
    port->vcpu = 0;
    port->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    return port;
}

static void port_set_state(struct event_port *port, enum event_state state)
{
    WRITE_ONCE(port->state, state);
}

static void port_free(struct domain *d, struct event_port *port)
{
    event_clear(d, port);
    port->peer.domain = NULL;
    port->peer.port = NULL;
    port_set_state(port, EVENT_FREE);
    if ( port->number < d->event.lowest_free )
        d->event.lowest_free = port->number;
}

/* --- Binding --- */

long event_alloc_unbound(struct domain *d, domid_t remote, u32 *number)
{
    struct event_port *port;
    long rc;

    lock_acquire(&d->event.lock);
    port = port_find_free(d, &rc);
    if ( port )
    {
        port->open_to = remote;
        port_set_state(port, EVENT_UNBOUND);
        *number = port->number;
    }
    lock_release(&d->event.lock);
    return rc;
}

/*
 * EVTCHNOP_alloc_unbound: open a port of @arg->dom, which is SELF or a domain that we control, for @arg->remote_dom.
 * 0 and arg->port; -ESRCH, -EPERM, and as event_alloc_unbound.
 */
static long event_op_alloc_unbound(struct vcpu *v, struct evtchn_alloc_unbound *arg)
{
    domid_t remote = arg->remote_dom == DOMID_SELF ? v->domain->id : arg->remote_dom;
    struct domain *d;
    long rc = access_domain(v->domain, arg->dom, ACCESS_CONTROL, &d);

    if ( rc )
        return rc;
    rc = event_alloc_unbound(d, remote, &arg->port);
    domain_put(d);
    return rc;
}

/* Under both locks: make the pair. */
static void join(struct domain *a, struct event_port *a_port, struct domain *b,
                 struct event_port *b_port)
{
    domain_hold(b);
    a_port->peer.domain = b;
    a_port->peer.port = b_port;
    domain_hold(a);
    b_port->peer.domain = a;
    b_port->peer.port = a_port;
    port_set_state(a_port, EVENT_INTERDOMAIN);
    port_set_state(b_port, EVENT_INTERDOMAIN);
}

/* The remote end of a bind_interdomain by @d, or NULL: it is not open to us. */
static struct event_port *open_port(struct domain *remote, u32 number, const struct domain *d)
{
    struct event_port *port = event_port(remote, number);

    return port && port->state == EVENT_UNBOUND && port->open_to == d->id ? port : NULL;
}

/*
 * EVTCHNOP_bind_interdomain: join a new local port to @arg->remote_port, which @arg->remote_dom must have left open to us.
 * Marks the new port pending once, so that no early signal is lost.
 *
 * 0 and arg->local_port; -ESRCH no such domain, -ENOSPC or -ENOMEM no local port, -EINVAL the remote port is not open to
 * us. Locks both domains' events.
 */
static long event_bind_interdomain(struct vcpu *v, struct evtchn_bind_interdomain *arg)
{
    struct domain *d = v->domain;
    domid_t remote_id = arg->remote_dom == DOMID_SELF ? d->id : arg->remote_dom;
    struct domain *remote = domain_get(remote_id);
    struct event_port *port, *remote_port;
    long rc;

    if ( !remote )
        return -ESRCH;
    lock_pair(&d->event.lock, &remote->event.lock);
    port = port_find_free(d, &rc);
    remote_port = open_port(remote, arg->remote_port, d);
    if ( !rc && !remote_port )
        rc = -EINVAL;
    if ( !rc )
    {
        join(d, port, remote, remote_port);
        arg->local_port = port->number;
        event_raise(d, port);
    }
    unlock_pair(&d->event.lock, &remote->event.lock);
    domain_put(remote);
    return rc;
}

static bool virq_is_per_vcpu(u32 virq)
{
    return virq == VIRQ_TIMER || virq == VIRQ_DEBUG || virq == VIRQ_XENOPROF || virq == VIRQ_XENPMU;
}

/*
 * EVTCHNOP_bind_virq. -EINVAL no such VIRQ, or a global one not on vcpu 0; -ENOENT no such vcpu; -EEXIST it is bound;
 * -ENOSPC, -ENOMEM.
 */
static long event_bind_virq(struct vcpu *current, struct evtchn_bind_virq *arg)
{
    struct domain *d = current->domain;
    struct vcpu *v = domain_vcpu(d, arg->vcpu);
    struct event_port *port;
    long rc = -EEXIST;

    if ( arg->virq >= ARRAY_SIZE(v->event.virq_port) )
        return -EINVAL;
    if ( arg->vcpu && !virq_is_per_vcpu(arg->virq) )
        return -EINVAL;
    if ( !v )
        return -ENOENT;

    lock_acquire(&d->event.lock);
    port = v->event.virq_port[arg->virq] ? NULL : port_find_free(d, &rc);
    if ( port )
    {
        port->vcpu = arg->vcpu;
        port->virq = arg->virq;
        port_set_state(port, EVENT_VIRQ);
        WRITE_ONCE(v->event.virq_port[arg->virq], port->number);
        arg->port = port->number;
    }
    lock_release(&d->event.lock);
    return rc;
}

/* EVTCHNOP_bind_ipi. -ENOENT no such vcpu; -ENOSPC, -ENOMEM. */
static long event_bind_ipi(struct vcpu *v, struct evtchn_bind_ipi *arg)
{
    struct domain *d = v->domain;
    struct event_port *port;
    long rc;

    if ( !domain_vcpu(d, arg->vcpu) )
        return -ENOENT;
    lock_acquire(&d->event.lock);
    port = port_find_free(d, &rc);
    if ( port )
    {
        port->vcpu = arg->vcpu;
        port_set_state(port, EVENT_IPI);
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
    port = *rc ? NULL : port_find_free(d, rc);
    if ( port )
    {
        port->pirq = pirq;
        port_set_state(port, EVENT_CHANGING);
        WRITE_ONCE(d->event.pirq_port[pirq], port->number);
    }
    return port;
}

/*
 * EVTCHNOP_bind_pirq. -EINVAL no such PIRQ, -EPERM or another refusal of irq_pirq_bound; -EEXIST it is bound; -ENOSPC,
 * -ENOMEM. irq/ is asked with no lock held, the port meanwhile belonging to nobody.
 */
static long event_bind_pirq(struct vcpu *v, struct evtchn_bind_pirq *arg)
{
    struct domain *d = v->domain;
    struct event_port *port;
    long rc;

    if ( arg->pirq >= EVENT_MAX_PIRQS )
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
        port_free(d, port);
    }
    else
    {
        port_set_state(port, EVENT_PIRQ);
        arg->port = port->number;
    }
    lock_release(&d->event.lock);
    return rc;
}

/* EVTCHNOP_bind_vcpu. -ENOENT no such vcpu; -EINVAL the port is closed or tied to its vcpu. */
static long event_bind_vcpu(struct vcpu *v, struct evtchn_bind_vcpu *arg)
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
              (port->state == EVENT_VIRQ && !virq_is_per_vcpu(port->virq));
    if ( movable )
        WRITE_ONCE(port->vcpu, arg->vcpu);
    lock_release(&d->event.lock);
    return movable ? 0 : -EINVAL;
}

/* --- Use --- */

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
    event_deliver_unmasked(d, port);
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

/* --- Closing --- */

/* Close @port if it is still joined to a port of @peer: that one is unbound again, open to @d. False: it isn't. */
static bool close_pair(struct domain *d, struct event_port *port, struct domain *peer)
{
    struct event_port *other = NULL;

    lock_pair(&d->event.lock, &peer->event.lock);
    if ( port->state == EVENT_INTERDOMAIN && port->peer.domain == peer )
    {
        other = port->peer.port;
        other->peer.port = NULL;
        other->peer.domain = NULL;
        other->open_to = d->id;
        port_set_state(other, EVENT_UNBOUND);
        port_free(d, port);
    }
    unlock_pair(&d->event.lock, &peer->event.lock);
    if ( !other )
        return false;
    domain_put(peer); /* the references that the pair held */
    domain_put(d);
    return true;
}

/* Under the event lock: a VIRQ's vcpu stays the one that it was bound for, whomever the port interrupts. */
static void virq_unbind(struct domain *d, const struct event_port *port)
{
    struct vcpu *v = d->vcpus[virq_is_per_vcpu(port->virq) ? port->vcpu : 0];

    WRITE_ONCE(v->event.virq_port[port->virq], 0);
}

/*
 * Close @port if our own lock is enough. *@peer: it isn't, the port is joined to that domain's (with a reference); *@pirq:
 * irq/ has to be told, and then the port freed. -EINVAL the port is not open.
 */
static long close_single(struct domain *d, struct event_port *port, struct domain **peer,
                         bool *pirq)
{
    long rc = 0;

    lock_acquire(&d->event.lock);
    switch ( port->state )
    {
    case EVENT_INTERDOMAIN:
        *peer = port->peer.domain;
        domain_hold(*peer);
        break;
    case EVENT_PIRQ:
        WRITE_ONCE(d->event.pirq_port[port->pirq], 0);
        port_set_state(port, EVENT_CHANGING);
        *pirq = true;
        break;
    case EVENT_VIRQ:
        virq_unbind(d, port);
        port_free(d, port);
        break;
    case EVENT_IPI:
    case EVENT_UNBOUND:
        port_free(d, port);
        break;
    default:
        rc = -EINVAL;
    }
    lock_release(&d->event.lock);
    return rc;
}

static void close_pirq(struct domain *d, struct event_port *port)
{
    irq_pirq_unbound(d, port->pirq);
    lock_acquire(&d->event.lock);
    port_free(d, port);
    lock_release(&d->event.lock);
}

/* Close @port, whatever it is bound to. -EINVAL: it is not open. */
static long port_close(struct domain *d, struct event_port *port)
{
    for ( ;; )
    {
        struct domain *peer = NULL;
        bool pirq = false, closed;
        long rc = close_single(d, port, &peer, &pirq);

        if ( pirq )
            close_pirq(d, port);
        if ( !peer )
            return rc;
        closed = close_pair(d, port, peer);
        domain_put(peer);
        if ( closed )
            return 0;
        /* The peer closed its end between our two looks: ours is unbound now, or something else already. */
    }
}

/* EVTCHNOP_close. -EINVAL the port is not open. */
static long event_close(struct vcpu *v, struct evtchn_close *arg)
{
    struct event_port *port = event_port(v->domain, arg->port);

    return port ? port_close(v->domain, port) : -EINVAL;
}

/* Close all ports from the cursor on. 0, or -ERESTART: call again. */
static long close_all(struct domain *d)
{
    u32 first = READ_ONCE(d->event.close_cursor);

    for ( u32 n = first; n < d->event.nr_ports; n++ )
    {
        if ( n % CLOSE_BATCH == 0 && n != first && preempt_pending() )
        {
            WRITE_ONCE(d->event.close_cursor, n);
            return -ERESTART;
        }
        if ( READ_ONCE(event_port(d, n)->state) != EVENT_FREE )
            port_close(d, event_port(d, n));
    }
    WRITE_ONCE(d->event.close_cursor, 0);

    lock_acquire(&d->event.lock);
    event_fifo_destroy(d);
    lock_release(&d->event.lock);
    return 0;
}

/*
 * EVTCHNOP_reset: close all ports of @arg->dom and go back to the 2-level ABI. -ESRCH, -EPERM; -EINVAL another domain that
 * is not paused. Stops and resumes; ports that the domain opens meanwhile may survive.
 */
static long event_reset(struct vcpu *v, gva_t uarg)
{
    struct evtchn_reset arg;
    struct domain *d;
    long rc;

    if ( copy_from_guest(&arg, uarg, sizeof(arg)) )
        return -EFAULT;
    rc = access_domain(v->domain, arg.dom, ACCESS_CONTROL, &d);
    if ( rc )
        return rc;
    rc = d != v->domain && !d->pause_count ? -EINVAL : close_all(d);
    domain_put(d);
    if ( rc == -ERESTART )
        rc = hypercall_continue(__HYPERVISOR_event_channel_op, EVTCHNOP_reset, uarg.n, 0, 0, 0);
    return rc;
}

/* --- Lifecycle --- */

long event_domain_create(struct domain *d)
{
    lock_init(&d->event.lock, LOCK_EVENT);
    lock_init(&d->event.fifo_lock, LOCK_EVENT_QUEUE);
    return 0;
}

long event_domain_relinquish(struct domain *d)
{
    return close_all(d);
}

void event_domain_destroy(struct domain *d)
{
    for ( u32 i = 0; i < d->event.nr_ports / EVENT_GROUP; i++ )
        mm_free(d->event.groups[i], GROUP_ORDER);
    heap_free(d->event.groups);
    heap_free(d->event.pirq_port);
}

long event_vcpu_create(struct vcpu *v)
{
    (void)v;
    return 0;
}

void event_vcpu_destroy(struct vcpu *v)
{
    (void)v;
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
