/*
 * Event channels (2-level), and the vcpu's upcall mask.
 *
 * A port is masked until event_handle(). Handlers run in the upcall, with further upcalls masked.
 */
#ifndef KIT_EVENT_H
#define KIT_EVENT_H

#include <kit/vcpu.h>

#include <stdbool.h>

typedef void (*event_handler_t)(evtchn_port_t port, void *data);

/* Calls @handler for each event on @port from now on, and unmasks it. */
void event_handle(evtchn_port_t port, event_handler_t handler, void *data);

/* Masks @port, closes it and forgets its handler. 0, or EVTCHNOP_close's error. */
long event_close(evtchn_port_t port);

/* Each returns the new port, or an error. It is vcpu 0's unless it says otherwise. */
long event_bind_virq(unsigned int virq, unsigned int vcpu);
long event_bind_ipi(unsigned int vcpu);
long event_alloc_unbound(domid_t domain, domid_t remote);
long event_bind_interdomain(domid_t remote, evtchn_port_t remote_port);

/* Makes @vcpu the one that runs @port's handler. 0, or EVTCHNOP_bind_vcpu's error. */
long event_bind_vcpu(evtchn_port_t port, unsigned int vcpu);

long event_send(evtchn_port_t port);

/* The port's own mask and pending bits. Unmasking goes through EVTCHNOP_unmask. */
void event_mask(evtchn_port_t port);
void event_unmask(evtchn_port_t port);
bool event_pending(evtchn_port_t port);
void event_clear(evtchn_port_t port);

/* The vcpu's upcall mask: true when it was enabled before. Enabling takes what is pending at once. */
bool events_disable(void);
void events_enable(void);

/*
 * Blocks until @condition holds, looking at it again after each event. It is evaluated with upcalls disabled; handlers
 * run in between. Upcalls are as before afterwards.
 */
#define event_wait_until(condition)                                                                \
    do                                                                                             \
    {                                                                                              \
        bool enabled_ = events_disable();                                                          \
        while ( !(condition) )                                                                     \
            event_block();                                                                         \
        if ( enabled_ )                                                                            \
            events_enable();                                                                       \
    } while ( 0 )

/* Blocks once; for event_wait_until(), with upcalls disabled before and after. */
void event_block(void);

/* Runs the handlers of all pending, unmasked ports of this vcpu. For the upcall. */
void event_dispatch(void);

/* Our own domid, as a port for ourselves tells it: the ABI has no call that does. */
domid_t own_domid(void);

void event_init(void);

#endif
