/* Domains that the arguments of hypercalls name. */
#include "access/access.h"
#include "mm/tlb.h"
#include "pv/pagetable/internal.h"

long foreign_get(struct domain *current_domain, domid_t id, struct domain **out)
{
    if ( id == DOMID_SELF )
    {
        *out = current_domain;
        return 0;
    }
    /* The ABI has one name for oneself. */
    if ( id == current_domain->id )
        return -ESRCH;
    return access_domain(current_domain, id, ACCESS_MAP, out);
}

long foreign_get_frames(struct domain *current_domain, domid_t id, struct domain **out)
{
    if ( id != DOMID_IO )
        return foreign_get(current_domain, id, out);
    domain_hold(domain_io);
    *out = domain_io;
    return 0;
}

void foreign_put(struct domain *current_domain, struct domain *d)
{
    if ( d != current_domain )
        domain_put(d);
}

void foreign_maps_any(struct domain *d)
{
    tlb_maps_strangers(d->id);
    atomic_store(&d->pv.maps_strangers, true);
}

void foreign_maps(struct domain *d, const struct domain *from)
{
    if ( from != d && from != domain_io )
        foreign_maps_any(d);
}
