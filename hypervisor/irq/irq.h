/*
 * Interrupts and the tables that describe them: ACPI, local APIC, IOAPIC, MSI, physdev_op.
 */
#ifndef IRQ_IRQ_H
#define IRQ_IRQ_H

#include "domain/domain.h"
#include "irq/acpi.h"
#include "irq/lapic.h"

/* ACPI: find and keep what the hypervisor needs (MADT, HPET, MCFG, FADT); @rsdp 0 means search. Early, on the direct map. */
void irq_acpi_init(u64 rsdp);

/* Local APIC of this CPU; then IOAPICs, legacy PIC off, serial line's interrupt. */
void irq_init_cpu(void);
void irq_init(void);

/* From entry.S: interrupt @vector was taken (also in a window): handle and acknowledge it. */
void irq_dispatch(u32 vector);

/* dom0's PCI configuration accesses that the hypervisor virtualises: ports cf8/cfc and MCFG writes. */
u32 irq_pci_config_read(u32 address, unsigned int offset, unsigned int bytes);
bool irq_pci_config_write(u32 address, unsigned int offset, unsigned int bytes, u32 value);

long irq_physdev_op(unsigned long cmd, unsigned long arg);

/* The machine: never return. */
void machine_reboot(void) __attribute__((noreturn));
void machine_halt(void) __attribute__((noreturn));
void machine_power_off(u16 pm1a, u16 pm1b) __attribute__((noreturn)); /* values for PM1 control, as dom0's AML told */

#endif
