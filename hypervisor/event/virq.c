/* VIRQs: who gets them. Those of one vcpu are its own; a global one is dom0's, unless a domain was named for it. */
#include "event/port.h"
#include "lib/atomic.h"

/* NULL: dom0. Each holds a reference. Changed under LOCK_DOMCTL and handlers_lock, used under the latter. */
static struct domain *handlers[NR_VIRQS];

/* Interrupts take it, too. It is held while an event is sent: who gave the handler up may free it after. */
static struct lock handlers_lock = LOCK_INIT(LOCK_VIRQ);

void event_send_global_virq(u32 virq)
{
    struct event_port *port;
    struct domain *d;

    lock_acquire(&handlers_lock);
    d = handlers[virq] ? handlers[virq] : domain_zero;
    port = d && d->vcpus[0] ? atomic_load(&d->vcpus[0]->event.virq_port[virq]) : NULL;
    if ( port )
        event_raise(port);
    lock_release(&handlers_lock);
}

static void replace(u32 virq, struct domain *d)
{
    struct domain *old;

    if ( d )
        domain_hold(d);
    lock_acquire(&handlers_lock);
    old = handlers[virq];
    handlers[virq] = d;
    lock_release(&handlers_lock);
    if ( old )
        domain_put(old);
}

long event_set_virq_handler(struct domain *d, u32 virq)
{
    if ( virq >= NR_VIRQS || event_virq_is_per_vcpu(virq) )
        return -EINVAL;

    if ( handlers[virq] != d )
        replace(virq, d == domain_zero ? NULL : d);
    return 0;
}

void event_forget_virq_handler(const struct domain *d)
{
    for ( u32 virq = 0; virq < NR_VIRQS; virq++ )
        if ( handlers[virq] == d )
            replace(virq, NULL);
}
