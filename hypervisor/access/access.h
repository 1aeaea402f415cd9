/*
 * Who may do what to whom: one table of rules, so that no other room asks for dom0.
 *
 * And which of the machine's resources a domain may touch: memory that is not RAM, I/O ports, interrupts. What the
 * hypervisor keeps for itself is told at boot through access_keep_*, before dom0 is created: dom0 gets the rest.
 */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include "domain/domain.h"
#include "lib/atomic.h"

/* The rights over another domain, or over the machine, that operations ask for. */
enum access_right {
    ACCESS_ADMIN,    /* the machine: sysctl, platform_op, console, domctl */
    ACCESS_CONTROL,  /* another domain's life and state */
    ACCESS_MAP,      /* another domain's memory by mmu_update and kin */
    ACCESS_HARDWARE, /* drives devices: physdev, cache control, cacheability of mappings */
    ACCESS_RIGHTS
};

/*
 * 0 or -EPERM. @target may equal @who: a domain has every right over its own memory and state but ADMIN and HARDWARE.
 */
long access_check(const struct domain *who, const struct domain *target, enum access_right right);

/*
 * The domain that @id names for @who: DOMID_SELF or another one that it has @right over. A reference is held:
 * domain_put. DOMID_IO and DOMID_XEN can be named for ACCESS_MAP only; what may be mapped of them is the caller's to
 * check. -ESRCH no such domain, or none for that; -EPERM.
 */
long access_domain(struct domain *who, domid_t id, enum access_right right, struct domain **out);

/* The machine's resources, as keys of a domain's rights. Numbers are mfns, ports, GSIs. */
enum access_resource { ACCESS_IOMEM, ACCESS_IOPORTS, ACCESS_IRQS, ACCESS_RESOURCES };

/*
 * Give @d, or take from it, resources @first..@last. 0; -EINVAL an empty or impossible range, -ENOMEM (nothing
 * changed). Mappings that exist stay. Takes access/'s lock, which may be taken under any other lock but the
 * allocators'.
 */
long access_permit(struct domain *d, enum access_resource kind, u64 first, u64 last);
long access_deny(struct domain *d, enum access_resource kind, u64 first, u64 last);

/* True if @d may use all of @first..@last. RAM above 1 MiB is never anybody's I/O memory. */
bool access_resource(const struct domain *d, enum access_resource kind, u64 first, u64 last);

bool access_iomem(const struct domain *d, mfn_t mfn);
bool access_ioport(struct domain *d, u16 port, unsigned int bytes);

/*
 * True if @d may use these ports, which lie in the range that it used last: drivers use few, and one of them most of
 * the time. False: ask access_ioport().
 */
static inline bool access_ioport_hot(const struct domain *d, u16 port, unsigned int bytes)
{
    u64 hot = READ_ONCE(d->access.hot_ports);
    u64 offset = (u32)(port - (u16)hot); /* far beyond, where port lies before it */

    return offset + bytes <= hot >> 32;
}

bool access_irq(const struct domain *d, u32 gsi);

/* MCFG, HPET, MSI-X tables: RW is silently stripped. For every domain, and at any time. */
bool access_iomem_read_only(mfn_t mfn);
void access_iomem_make_read_only(u64 first_mfn, u64 last_mfn);

/*
 * Boot: the hypervisor keeps these for itself: no domain is given them at its creation, dom0 neither. PIC, PIT and PCI
 * configuration ports are kept from the start.
 */
void access_keep(enum access_resource kind, u64 first, u64 last);

long access_domain_create(struct domain *d);
void access_domain_destroy(struct domain *d);

#endif
