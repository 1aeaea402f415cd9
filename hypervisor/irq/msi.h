/*
 * Message-signalled interrupts: MSI and MSI-X capabilities, which only the hypervisor programs. With irq_lock held.
 *
 * A dom0 that could write its devices' messages itself could send any vector to any CPU; so the registers that say
 * where a message goes are kept from it: msi_protect() for configuration space, read-only mappings for MSI-X tables.
 */
#ifndef IRQ_MSI_H
#define IRQ_MSI_H

#include "irq/line.h"
#include "irq/pci.h"

#define MSI_MAX_MESSAGES 32

/*
 * Route messages of @bdf to @lines, masked, and switch MSI or MSI-X on. MSI: messages 0 .. @n - 1 of the function,
 * which must have none routed. MSI-X: @n is 1, entry @index of the table.
 * -ENODEV no such function, -EINVAL it can't, or has no such entry; -EEXIST routed already; -ENXIO its table can't be
 * reached, -ENOMEM.
 */
long msi_route(pci_bdf_t bdf, bool msix, u16 index, struct irq_line **lines, unsigned int n);

/* Take back one line's message; at the function's last, switch its MSI or MSI-X off. */
void msi_unroute(struct irq_line *line);

pci_bdf_t msi_bdf(const struct irq_line *line); /* of a line that is routed */

void msi_mask(const struct irq_line *line, bool masked);

/*
 * The bits of the @bytes at register @reg that the hypervisor keeps: where messages go, and how many there are.
 * None while nothing is routed.
 */
u32 msi_protect(pci_bdf_t bdf, unsigned int reg, unsigned int bytes);

/*
 * dom0 has found the function: make its MSI-X table and pending bits read-only for everybody. -ENODEV: nothing
 * answers.
 */
long msi_device_added(pci_bdf_t bdf);

#endif
