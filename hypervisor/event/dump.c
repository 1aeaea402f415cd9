/* Debug key 'e': the books of event channels. */
#include "event/port.h"

#include "console/console.h"
#include "console/keys.h"

/* Takes no lock: what changes meanwhile is counted as it was, or as it will be. */
static void dump_domain(struct domain *d)
{
    u32 of_state[EVENT_CHANGING + 1] = { 0 };
    u32 ports = atomic_load(&d->event.nr_ports);

    for ( u32 n = 1; n < ports; n++ )
        of_state[READ_ONCE(event_port_at(d, n)->state)]++;
    log_error("  d%u: %u unbound, %u interdomain, %u PIRQ, %u VIRQ, %u IPI, %u changing", d->id,
              of_state[EVENT_UNBOUND], of_state[EVENT_INTERDOMAIN], of_state[EVENT_PIRQ],
              of_state[EVENT_VIRQ], of_state[EVENT_IPI], of_state[EVENT_CHANGING]);
}

void event_dump(void)
{
    for ( struct domain *d = domain_next_guest(NULL); d; d = domain_next_guest(d) )
        dump_domain(d);
}
