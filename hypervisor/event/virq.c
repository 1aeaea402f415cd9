/* VIRQs: who gets them. Those of one vcpu are its own; a global one is dom0's, unless a domain was named for it. */
#include "event/port.h"
#include "lib/atomic.h"
#include "smp/smp.h"

/* NULL: dom0. Each holds a reference. Changed under LOCK_DOMCTL; read without, from interrupts too. */
static struct domain *handlers[NR_VIRQS];

void event_send_virq(struct vcpu *v, u32 virq)
{
    u32 number = READ_ONCE(v->event.virq_port[virq]);

    if ( number )
        event_raise(v->domain, event_port(v->domain, number));
}

void event_send_global_virq(u32 virq)
{
    struct domain *d = atomic_load(&handlers[virq]);

    if ( !d )
        d = domain_zero;
    if ( d && d->vcpus[0] )
        event_send_virq(d->vcpus[0], virq);
}

/* Whoever found the one before uses it without a reference: it goes when all have looked up. */
static void replace(u32 virq, struct domain *d)
{
    struct domain *old = handlers[virq];

    if ( d )
        domain_hold(d);
    atomic_store(&handlers[virq], d);
    if ( old )
    {
        smp_synchronize();
        domain_put(old);
    }
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
