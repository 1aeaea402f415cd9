/*
 * Inside event/: the ports of a domain, and how an event is put into the guest's memory.
 *
 * A domain's ports are made in groups and stay where they are until the domain is gone, so that whoever found one may
 * keep looking at it. What a port is bound to changes under the domain's event lock (both domains' for an interdomain
 * pair). Raising needs no lock with the 2-level ABI, whose state is atomic bits, and fifo_lock with the FIFO ABI: so
 * timers and interrupts raise their ports without the event lock, as a domain does that sends to itself. At worst they
 * raise one that was closed a moment ago, which guests are used to.
 */
#ifndef EVENT_PORT_H
#define EVENT_PORT_H

#include "domain/domain.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "lib/bitmap.h"
#include "lib/guard.h"

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
    u8 vcpu;            /* whom it interrupts */
    u8 selector;        /* its bit of evtchn_pending_sel, counted from the start of vcpu_info */
    u8 linked_priority; /* FIFO: the queue where it was linked last */
    u8 linked_vcpu;     /* FIFO: whom it interrupted then */
    bool deferred;      /* FIFO: raised before its event word was mapped */
    u32 number;
    union {
        u32 open_to; /* EVENT_UNBOUND: a domain's id */
        u32 virq;    /* EVENT_VIRQ */
        u32 pirq;    /* EVENT_PIRQ */
    };
    struct domain *domain; /* whose it is */

    /*
     * What is raised when somebody sends: of EVENT_INTERDOMAIN the other end, which holds a reference to our domain if
     * it is another's, EVENT_IPI itself; else NULL.
     */
    struct event_port *peer;
};

/* What a 32-bit guest can have: 32 words of 32 bits. */
#define EVENT_2L_PORTS_PV32 1024u

_Static_assert(sizeof(struct event_port) == 32, "a group of ports is two frames");
_Static_assert(DOMAIN_MAX_VCPUS <= 256, "a vcpu's number is a byte");

/* Was port *@number of @d ever made? Then event_port_at() finds it, free or not. */
static inline bool event_port_exists(const struct domain *d, u32 *number)
{
    return !GUARD(port_bound, !index_below(number, atomic_load(&d->event.nr_ports)));
}

/*
 * One look for several questions, to which most ports have the same answers: likewise, and is it in the first group, a
 * bit of the 2-level ABI, and may it be opened? Then event_port_near() finds it.
 */
static inline bool event_port_is_near(const struct domain *d, u32 *number)
{
    return !GUARD(port_bound, !index_below(number, atomic_load(&d->event.near_ports)));
}

static inline struct event_port *event_port_near(const struct domain *d, u32 number)
{
    return &d->event.near[number];
}

static inline struct event_port *event_port_at(const struct domain *d, u32 number)
{
    return &d->event.groups[number / EVENT_GROUP][number % EVENT_GROUP];
}

/* Both in one; NULL: it was not. */
static inline struct event_port *event_port(const struct domain *d, u32 number)
{
    return event_port_exists(d, &number) ? event_port_at(d, number) : NULL;
}

/* ---- ports.c, under the event lock */

/* nr_ports or two_level has changed. */
void event_ports_changed(struct domain *d);

/* A late sender to whom @port, which is free, was bound before may still look. */
static inline struct event_port *event_port_renew(struct event_port *port)
{
    WRITE_ONCE(port->vcpu, 0);
    WRITE_ONCE(port->priority, EVTCHN_FIFO_PRIORITY_DEFAULT);
    return port;
}

/* The ports of the 2-level ABI, one more than the highest. */
static inline u32 event_2level_ports(const struct domain *d)
{
    return d->pv32 ? EVENT_2L_PORTS_PV32 : EVTCHN_2L_NR_CHANNELS;
}

/*
 * The lowest free port, for event_port_take; it stays free otherwise. NULL: there is none, and event_port_refusal tells
 * why: -ENOSPC, -ENOMEM, or -EINVAL while @d is dying. Port 0 is never given.
 */
struct event_port *event_port_search(struct domain *d);

/*
 * The same if no search is needed; NULL: it is. For @d's own vcpus only, of which none runs any more once it closes its
 * ports to die.
 */
static inline struct event_port *event_port_lowest(struct domain *d)
{
    u32 n = d->event.lowest_free;

    if ( !event_port_is_near(d, &n) || event_port_near(d, n)->state != EVENT_FREE )
        return NULL;
    return event_port_renew(event_port_near(d, n));
}

/* Whichever it takes. */
static inline struct event_port *event_port_find_free(struct domain *d)
{
    struct event_port *port = event_port_lowest(d);

    return port ? port : event_port_search(d);
}

long event_port_refusal(const struct domain *d);

static inline void event_port_set_state(struct event_port *port, enum event_state state)
{
    WRITE_ONCE(port->state, state);
}

/* @port of @d, which one of these has just given, is bound. Returns its number. */
static inline u32 event_port_take(struct domain *d, struct event_port *port, enum event_state state)
{
    u32 number = port->number;

    event_port_set_state(port, state);
    d->event.lowest_free = number + 1;
    return number;
}

/* ---- deliver.c and fifo.c */

/* Make @port pending and interrupt its vcpu, unless the port is masked. True if it was not pending before. */
bool event_raise(struct event_port *port);

/* Unmasked @port is pending in the 2-level bitmap: let its vcpu know. */
void event_select(struct domain *d, const struct event_port *port);

/* The rest of event_raise for a port that has just become pending in the 2-level bitmap. 0: operations end in it. */
long event_tell(struct domain *d, const struct event_port *port);

/*
 * The bits of the 2-level ABI: set one that was clear, clear one that was set, is it set? The compiler would compute
 * the word and the bit, which these instructions do by themselves; to them no port has a negative number.
 */
static inline bool event_set_bit(void *words, u32 n)
{
#ifdef HOST_TEST
    return !test_and_set_bit(n, words);
#else
    bool was_set;

    __asm__ volatile("lock bts %1, %2"
                     : "=@ccc"(was_set)
                     : "r"(n), "m"(*(const char *)words)
                     : "memory");
    return !was_set;
#endif
}

static inline bool event_clear_bit(void *words, u32 n)
{
#ifdef HOST_TEST
    return test_and_clear_bit(n, words);
#else
    bool was_set;

    __asm__ volatile("lock btr %1, %2"
                     : "=@ccc"(was_set)
                     : "r"(n), "m"(*(const char *)words)
                     : "memory");
    return was_set;
#endif
}

static inline bool event_bit(const void *words, u32 n)
{
#ifdef HOST_TEST
    return test_bit(n, words);
#else
    bool set;

    __asm__ volatile("bt %1, %2" : "=@ccc"(set) : "r"(n), "m"(*(const char *)words) : "memory");
    return set;
#endif
}

static inline bool event_set_pending_bit(struct shared_info *shared, u32 n)
{
    return event_set_bit(shared->evtchn_pending, n);
}

static inline bool event_mask_bit(const struct domain *d, u32 n)
{
    return event_bit(d->event.mask, n);
}

static inline bool event_set_selector_bit(struct vcpu_info *info, const struct event_port *port)
{
    return event_set_bit(info, port->selector);
}

/* The same steps in the FIFO ABI's words. Pollers are the caller's. */
bool event_fifo_raise(struct domain *d, struct event_port *port);
void event_fifo_unmask(struct domain *d, struct event_port *port);
bool event_fifo_pending(struct domain *d, struct event_port *port);
void event_fifo_clear(struct domain *d, struct event_port *port);

/* @port, which isn't pending any more, is bound to nothing. Under the event lock. */
static inline void event_port_unbind(struct domain *d, struct event_port *port, u32 number)
{
    WRITE_ONCE(port->peer, NULL);
    event_port_set_state(port, EVENT_FREE);
    if ( number < d->event.lowest_free )
        d->event.lowest_free = number;
}

/* The same, and forget that it is pending. */
static inline void event_port_free(struct domain *d, struct event_port *port)
{
    if ( port->number >= d->event.two_level )
        event_fifo_clear(d, port);
    else
        event_clear_bit(d->shared_info->evtchn_pending, port->number);
    event_port_unbind(d, port, port->number);
}

/* Give back the guest's frames; the domain is on the 2-level ABI again. Under the event lock. */
void event_fifo_destroy(struct domain *d);

/* ---- the operations: ops/event_channel.def */

bool event_virq_is_per_vcpu(u32 virq);

/* @d is on its way to death: global VIRQs that were its are dom0's again. With LOCK_DOMCTL held. */
void event_forget_virq_handler(const struct domain *d);

long event_alloc_unbound(struct vcpu *v, struct evtchn_alloc_unbound *arg);
long event_bind_interdomain(struct vcpu *v, struct evtchn_bind_interdomain *arg);
long event_bind_virq(struct vcpu *v, struct evtchn_bind_virq *arg);
long event_bind_pirq(struct vcpu *v, struct evtchn_bind_pirq *arg);
long event_bind_ipi(struct vcpu *v, struct evtchn_bind_ipi *arg);
long event_bind_vcpu(struct vcpu *v, struct evtchn_bind_vcpu *arg);
long event_close(struct vcpu *v, struct evtchn_close *arg);
long event_reset(struct vcpu *v, gva_t arg);
long event_fifo_init_control(struct vcpu *v, struct evtchn_init_control *arg);
long event_fifo_expand_array(struct vcpu *v, struct evtchn_expand_array *arg);
long event_fifo_set_priority(struct vcpu *v, struct evtchn_set_priority *arg);

#endif
