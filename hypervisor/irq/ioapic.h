/*
 * IOAPICs: global system interrupts (GSIs) and their redirection entries. Everything here needs irq_lock.
 */
#ifndef IRQ_IOAPIC_H
#define IRQ_IOAPIC_H

#include "lib/types.h"

/* Map the IOAPICs that ACPI listed and mask all their lines. Boot only. */
void ioapic_init(void);

u32 ioapic_nr_gsis(void); /* one past the highest */
bool ioapic_has(u32 gsi);

/* The GSI that ISA interrupt @irq is wired to, and how it signals there. */
u32 ioapic_isa_gsi(u8 irq);

/* How @gsi signals by ACPI's account: overrides, else edge and high for ISA's, level and low for PCI's. */
void ioapic_default_mode(u32 gsi, bool *level, bool *active_low);

/* Lead @gsi to @vector of the CPU with @apic_id, masked. */
void ioapic_route(u32 gsi, u8 vector, u32 apic_id, bool level, bool active_low);
void ioapic_mask(u32 gsi, bool masked);

#endif
