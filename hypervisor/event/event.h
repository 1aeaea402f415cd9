/*
 * Event channels: ports, their bindings, and the upcall. ABI: public/event_channel.h, ABI.md S2.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "domain/domain.h"

/*
 * Raise @vcpu's VIRQ_TIMER, or global @virq (below 24), to whom it is bound; nothing if unbound. Take LOCK_EVENT_QUEUE
 * and what is below it: may be called from interrupt handlers.
 */
void event_send_timer(void *vcpu);
void event_send_global_virq(u32 virq); /* to dom0, or who was named */

/*
 * From now on global @virq is for @d, which is alive, and for dom0 again when @d dies. -EINVAL it is no global one.
 * With LOCK_DOMCTL held.
 */
long event_set_virq_handler(struct domain *d, u32 virq);

/* Raise the port of @d that its toolstack subscribed to. False: it hasn't, or nothing can be sent through that port. */
bool event_send_suspended(struct domain *d);

/*
 * Raise the port that PIRQ @pirq of @d is bound to. False: not bound, or pending already. Locks as event_send_timer.
 */
bool event_send_pirq(struct domain *d, u32 pirq);

/* True if the vcpu has an unmasked event to deliver now. Inline twin of the entry code's test. */
static inline bool event_deliverable(const struct vcpu *v)
{
    return v->cpu.info->evtchn_upcall_pending && !v->cpu.info->evtchn_upcall_mask;
}

/* Mark @v's upcall pending and make it run: wakes it if it is blocked. */
void event_mark_upcall(struct vcpu *v);

/* SCHEDOP_poll's test: 1 the port is pending, masked or not; 0 it is not; -EINVAL it doesn't exist. */
long event_port_pending(struct domain *d, u32 port);

/*
 * From event_poll_begin on, and until event_poll_end, an event on port @number of @v's domain (EVENT_POLL_ANY: on any)
 * wakes @v. Ending twice is harmless.
 */
void event_poll_begin(struct vcpu *v, u32 number);
void event_poll_end(struct vcpu *v);

/* Take note of @d's width: where its bitmaps are. By domain_width_chosen, while the domain has not run. */
void event_set_width(struct domain *d);

/* register_vcpu_info moved @v's info: mark everything pending again. */
void event_vcpu_info_moved(struct vcpu *v);

long event_channel_op(unsigned long cmd, unsigned long arg);
long event_channel_op_compat(unsigned long op);

/* PIRQ hooks of irq/: declared here, defined there. Called with no lock held. */
long irq_pirq_bound(struct domain *d, u32 pirq, bool share); /* guest binds: 0 or -errno */
void irq_pirq_unbound(struct domain *d, u32 pirq);
void irq_pirq_unmasked(struct domain *d, u32 pirq);

/* Lifecycle: domain/rooms.def. */
long event_domain_create(struct domain *d);
long event_domain_relinquish(struct domain *d);
void event_domain_destroy(struct domain *d);
long event_vcpu_create(struct vcpu *v);
void event_vcpu_destroy(struct vcpu *v);

#endif
