/*
 * PIRQs: a domain's own numbers of the lines that it may listen to. A GSI has the same number where it is free;
 * messages get numbers above all GSIs. Event channels are bound to PIRQs: event/ asks through irq_pirq_bound() and
 * its kin.
 */
#ifndef IRQ_PIRQ_H
#define IRQ_PIRQ_H

#include "domain/domain.h"
#include "irq/line.h"
#include "irq/pci.h"

/*
 * Give @d a PIRQ for @gsi: *@pirq if that is not negative, else any; the one that it has already stays. 0 and
 * *@pirq; -EINVAL no such GSI or number, -EPERM, -EEXIST the number is another's, -ENOSPC, -ENOMEM.
 */
long pirq_map_gsi(struct domain *d, u32 gsi, int *pirq);

/*
 * Route @n messages of @bdf as msi_route() does, and give @d adjoining PIRQs for them from *@pirq on. Errors:
 * likewise.
 */
long pirq_map_msi(struct domain *d, pci_bdf_t bdf, bool msix, u16 index, unsigned int n, int *pirq);

/* Take a PIRQ away; an event channel that is bound to it stays, and hears nothing more. -EINVAL: it isn't mapped. */
long pirq_unmap(struct domain *d, u32 pirq);

/* The line behind a PIRQ, NULL: none. With irq_lock held. */
struct irq_line *pirq_line(const struct domain *d, u32 pirq);

#endif
