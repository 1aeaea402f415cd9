/*
 * Inside event/: the ports of a domain, and how an event is put into the guest's memory.
 *
 * A domain's ports are made in groups and stay where they are until the domain is gone, so that whoever found one may
 * keep looking at it. What a port is bound to changes under the domain's event lock (both domains' for an interdomain
 * pair). Raising needs no lock with the 2-level ABI, whose state is atomic bits, and fifo_lock with the FIFO ABI: so
 * timers and interrupts raise their ports without the event lock, and at worst raise one that was closed a moment ago,
 * which guests are used to.
 */
#ifndef EVENT_PORT_H
#define EVENT_PORT_H

#include "domain/domain.h"
#include "event/event.h"
#include "lib/atomic.h"

/* Values that the ABI names (EVTCHNSTAT_*) and one of ours. */
enum event_state {
    EVENT_FREE = EVTCHNSTAT_closed,
    EVENT_UNBOUND = EVTCHNSTAT_unbound,
    EVENT_INTERDOMAIN = EVTCHNSTAT_interdomain,
    EVENT_PIRQ = EVTCHNSTAT_pirq,
    EVENT_VIRQ = EVTCHNSTAT_virq,
    EVENT_IPI = EVTCHNSTAT_ipi,
    EVENT_CHANGING, /* taken, but irq/ is still being asked: closed to the guest */
};

struct event_port {
    u8 state;           /* enum event_state */
    u8 priority;        /* FIFO: the queue for the next time it is linked */
    u8 linked_priority; /* FIFO: the queue where it was linked last */
    bool deferred;      /* FIFO: raised before its event word was mapped */
    u16 vcpu;           /* whom it interrupts */
    u16 linked_vcpu;    /* FIFO: likewise, when it was linked last */
    u32 number;
    union {
        struct {
            struct domain *domain; /* with a reference */
            struct event_port *port;
        } peer;          /* EVENT_INTERDOMAIN */
        domid_t open_to; /* EVENT_UNBOUND */
        u32 virq;        /* EVENT_VIRQ */
        u32 pirq;        /* EVENT_PIRQ */
    };
};

_Static_assert(sizeof(struct event_port) == 32, "a group of ports is two frames");

/* Port @number of @d, free or not; NULL: none such has ever been made. */
static inline struct event_port *event_port(const struct domain *d, u32 number)
{
    if ( number >= atomic_load(&d->event.nr_ports) )
        return NULL;
    return &d->event.groups[number / EVENT_GROUP][number % EVENT_GROUP];
}

/*
 * Make @port of @d pending and interrupt its vcpu, unless the port is masked. True if it was not pending before.
 */
bool event_raise(struct domain *d, struct event_port *port);

/* The same steps in one ABI's words: deliver.c picks between them. Pollers are the caller's. */
bool event_fifo_raise(struct domain *d, struct event_port *port);
void event_fifo_unmask(struct domain *d, struct event_port *port);
bool event_fifo_pending(struct domain *d, struct event_port *port);
void event_fifo_clear(struct domain *d, struct event_port *port);

/* Forget that @port is pending: it was closed. */
void event_clear(struct domain *d, struct event_port *port);

/* Give back the guest's frames; the domain is on the 2-level ABI again. Under the event lock. */
void event_fifo_destroy(struct domain *d);

/* EVTCHNOP_unmask without its checks. */
void event_deliver_unmasked(struct domain *d, struct event_port *port);

long event_fifo_init_control(struct vcpu *v, struct evtchn_init_control *arg);
long event_fifo_expand_array(struct vcpu *v, struct evtchn_expand_array *arg);
long event_fifo_set_priority(struct vcpu *v, struct evtchn_set_priority *arg);

#endif
