/*
 * Delivery of events: from a port to the guest's memory and the vcpu's upcall. The 2-level ABI is here, the FIFO ABI
 * in fifo.c.
 *
 * A guest reads what we write without a lock, from the upcall down: upcall_pending, selector, pending bits. So they
 * are set the other way round, each by an operation that is a full barrier, and each only on the way from clear to
 * set: whoever finds one set already knows that somebody else is bringing the news further up.
 */
#include "event/port.h"

#include "cpu/percpu.h"
#include "lib/bitmap.h"
#include "sched/sched.h"
#include "smp/smp.h"

void event_mark_upcall(struct vcpu *v)
{
    if ( atomic_xchg(&v->cpu.info->evtchn_upcall_pending, 1) )
        return;
    sched_event_arrived(v);
}

/* SCHEDOP_poll waits for pending ports, masked or not. */
static void wake_pollers(struct domain *d, u32 number)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
    {
        u32 awaited = READ_ONCE(v->event.poll_port);

        if ( READ_ONCE(v->event.polling) && (awaited == number || awaited == EVENT_POLL_ANY) )
            sched_wake(v);
    }
}

void event_select(struct domain *d, const struct event_port *port)
{
    struct vcpu *v = d->vcpus[READ_ONCE(port->vcpu)];

    if ( v && event_set_selector_bit(v->cpu.info, port) )
        event_mark_upcall(v);
    /* no vcpu: the toolstack opened the port before it made that */
}

static __attribute__((noinline)) void tell_pollers_too(struct domain *d,
                                                       const struct event_port *port)
{
    wake_pollers(d, port->number);
    if ( !event_mask_bit(d, port->number) )
        event_select(d, port);
}

/* Most often there are no pollers. */
long event_tell(struct domain *d, const struct event_port *port)
{
    if ( __builtin_expect(READ_ONCE(d->event.pollers), 0) )
        tell_pollers_too(d, port);
    else if ( !event_mask_bit(d, port->number) )
        event_select(d, port);
    return 0;
}

/* By the FIFO ABI; or a port that was made with that, before a reset: it is nowhere any more. */
static __attribute__((noinline)) bool fifo_raise(struct domain *d, struct event_port *port)
{
    bool news = event_fifo_raise(d, port);

    if ( news && READ_ONCE(d->event.pollers) )
        wake_pollers(d, port->number);
    return news;
}

static inline bool raise(struct domain *d, struct event_port *port)
{
    if ( port->number >= READ_ONCE(d->event.two_level) )
        return fifo_raise(d, port);
    if ( !event_set_pending_bit(d->shared_info, port->number) )
        return false;
    event_tell(d, port);
    return true;
}

bool event_raise(struct event_port *port)
{
    return raise(port->domain, port);
}

/* A timer's handler. In line, so that it saves no register and has nothing to look at in the end. */
void event_send_timer(void *vcpu)
{
    struct vcpu *v = vcpu;
    struct event_port *port = atomic_load(&v->event.virq_port[VIRQ_TIMER]);

    if ( port )
        raise(v->domain, port);
}

long event_port_pending(struct domain *d, u32 number)
{
    if ( !number || !event_port_exists(d, &number) )
        return -EINVAL;
    if ( number < READ_ONCE(d->event.two_level) )
        return event_bit(d->shared_info->evtchn_pending, number);
    return READ_ONCE(d->event.fifo) ? event_fifo_pending(d, event_port_at(d, number)) : -EINVAL;
}

/*
 * The new place may have been looked at, or written, before we knew of it; an upcall that finds nothing costs less
 * than one that never comes.
 */
void event_vcpu_info_moved(struct vcpu *v)
{
    if ( v->domain->pv32 )
        atomic_set(&((struct compat_vcpu_info *)v->cpu.info)->evtchn_pending_sel, ~0u);
    else
        atomic_set(&v->cpu.info->evtchn_pending_sel, ~0UL);
    event_mark_upcall(v);
}

bool event_send_pirq(struct domain *d, u32 pirq)
{
    u32 *ports = atomic_load(&d->event.pirq_port);
    u32 number = ports && pirq < EVENT_MAX_PIRQS ? READ_ONCE(ports[pirq]) : 0;

    return number && event_raise(event_port(d, number));
}

/*
 * The flags before the look at the ports: whoever raises one after that look sees that we wait. A late wake-up of the
 * poll before may have let us go on without its end.
 */
void event_poll_begin(struct vcpu *v, u32 number)
{
    WRITE_ONCE(v->event.poll_port, number);
    atomic_inc(&v->domain->event.pollers);
    if ( atomic_xchg(&v->event.polling, true) )
        atomic_dec(&v->domain->event.pollers);
}

void event_poll_end(struct vcpu *v)
{
    if ( atomic_xchg(&v->event.polling, false) )
        atomic_dec(&v->domain->event.pollers);
}
