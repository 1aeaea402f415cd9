/*
 * Interrupts and the tables that describe them: ACPI, local APIC, IOAPIC, MSI, physdev_op.
 */
#ifndef IRQ_IRQ_H
#define IRQ_IRQ_H

#include "domain/domain.h"
#include "irq/acpi.h"
#include "irq/lapic.h"

/*
 * ACPI: find and keep what the hypervisor needs (MADT, HPET, MCFG, FADT); @rsdp 0 means search. Early, on the
 * direct map.
 */
void irq_acpi_init(u64 rsdp);

/* Local APIC of another CPU than the first, before time_init(). */
void irq_init_cpu(void);

/*
 * Once, on the boot CPU, before time_init(): legacy PIC off, IOAPICs masked, irq_init_cpu(), PCI
 * configuration, the serial line's interrupt; what the hypervisor keeps is told to access/.
 */
void irq_init(void);

/* From entry.S: interrupt @vector was taken in a window: acknowledge it, and handle it or leave that as work. */
void irq_dispatch(u32 vector);

/* ... was taken from a guest or ended irq_wait(), so that no lock is held and no operation under way. */
void irq_at_rest(u32 vector);

/*
 * dom0's PCI configuration accesses: @bytes (1, 2 or 4) at @offset (0-3) of the register that @address names, as it
 * was written to port cf8; or a write to MCFG that page protection stopped. They reach the machine, but for the
 * bits of MSI capabilities that the hypervisor keeps. The caller has checked that the domain drives devices. False:
 * not an access to configuration space; such a read gives all ones. Take irq_lock.
 */
u32 irq_pci_config_read(u32 address, unsigned int offset, unsigned int bytes);
bool irq_pci_config_write(u32 address, unsigned int offset, unsigned int bytes, u32 value);
bool irq_pci_mcfg_write(maddr_t maddr, unsigned int bytes, u64 value);

long irq_physdev_op(unsigned long cmd, unsigned long arg);
long compat_physdev_op(unsigned long cmd, unsigned long arg);

/* physdev_op_compat (struct physdev_op at @op): the operations that there were before interface version 3.2. */
long irq_physdev_op_compat(unsigned long op);
long compat_physdev_op_compat(unsigned long op);

/* Hooks of domain/rooms.def. */
long irq_domain_create(struct domain *d);
long irq_domain_relinquish(struct domain *d);
void irq_domain_destroy(struct domain *d);

/*
 * The machine: never return. Powering off takes the values for the PM1 control registers that dom0's AML told
 * (XENPF_enter_acpi_sleep); soft off does as ACPI's constants tell, and halts where they don't.
 */
void machine_reboot(void) __attribute__((noreturn));
void machine_halt(void) __attribute__((noreturn));
void machine_power_off(u16 pm1a, u16 pm1b) __attribute__((noreturn));
void machine_soft_off(void) __attribute__((noreturn));

#endif
