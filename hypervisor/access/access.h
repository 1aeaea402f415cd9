/*
 * Who may do what to whom: one table of rules, so that no other room asks for dom0.
 */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include "domain/domain.h"

/* The rights over another domain, or over the machine, that operations ask for. */
enum access_right {
    ACCESS_ADMIN,     /* the machine: sysctl, platform_op, console, domctl */
    ACCESS_CONTROL,   /* another domain's life and state */
    ACCESS_MAP,       /* another domain's memory by mmu_update and kin */
    ACCESS_HARDWARE,  /* drives devices: physdev, cache control, cacheability of mappings */
};

/* 0 or -EPERM. @target may equal @who: a domain has every right over its own memory and state but ADMIN and HARDWARE. */
long access_check(const struct domain *who, const struct domain *target, enum access_right right);

/*
 * The domain that @id names for @who: DOMID_SELF or another one that it has @right over. A reference is held: domain_put.
 * -ESRCH no such domain, -EPERM.
 */
long access_domain(struct domain *who, domid_t id, enum access_right right, struct domain **out);

/* Rights of a domain over the machine's resources: set up at creation, changed by domctl and physdev_op. */
bool access_iomem(const struct domain *d, mfn_t mfn);
bool access_iomem_read_only(mfn_t mfn);         /* MCFG, HPET, MSI-X tables: RW is silently stripped */
void access_iomem_make_read_only(u64 first_mfn, u64 last_mfn);
bool access_ioport(const struct domain *d, u16 port, unsigned int bytes);
bool access_irq(const struct domain *d, u32 gsi);

long access_domain_create(struct domain *d);
void access_domain_destroy(struct domain *d);

#endif
