/*
 * Interrupts and the tables that describe them: ACPI, local APIC, IOAPIC, MSI, physdev_op.
 */
#ifndef IRQ_IRQ_H
#define IRQ_IRQ_H

#include "domain/domain.h"

/* Fixed vectors; device interrupts use VECTOR_DEVICE_FIRST..LAST. */
#define VECTOR_DEVICE_FIRST 0x20
#define VECTOR_DEVICE_LAST  0xef
#define VECTOR_INT80        0x80 /* not used for devices */
#define VECTOR_INT82        0x82
#define VECTOR_TIMER        0xf8
#define VECTOR_KICK         0xf9 /* look at exit_work */
#define VECTOR_TLB          0xfa
#define VECTOR_SPURIOUS     0xff

/* ACPI: find and keep what the hypervisor needs (MADT, HPET, MCFG, FADT); @rsdp 0 means search. Early, on the direct map. */
void irq_acpi_init(u64 rsdp);

/* Local APIC of this CPU; then IOAPICs, legacy PIC off, serial line's interrupt. */
void irq_init_cpu(void);
void irq_init(void);

/* From entry.S: interrupt @vector was taken (also in a window): handle and acknowledge it. */
void irq_dispatch(u32 vector);

/* Local APIC primitives for time/ and smp/. */
void lapic_send_ipi(u32 apic_id, u32 vector);
void lapic_send_init(u32 apic_id);
void lapic_send_startup(u32 apic_id, u32 page);
void lapic_timer_set(u32 count);      /* one shot, in bus ticks; 0 stops */
u32 lapic_timer_current(void);

/* dom0's PCI configuration accesses that the hypervisor virtualises: ports cf8/cfc and MCFG writes. */
u32 irq_pci_config_read(u32 address, unsigned int offset, unsigned int bytes);
bool irq_pci_config_write(u32 address, unsigned int offset, unsigned int bytes, u32 value);

long irq_physdev_op(unsigned long cmd, unsigned long arg);

/* Facts from ACPI for others. */
struct irq_acpi_facts {
    u32 nr_cpus;
    u32 apic_ids[NR_CPUS];
    u32 acpi_ids[NR_CPUS];
    u64 hpet_base;            /* 0: none */
    u32 pm_timer_port;        /* 0: none */
    bool pm_timer_32bit;
    u16 pm1a_control, pm1b_control;
    u64 reset_address;
    u8 reset_space, reset_value;
    bool reset_supported;
    u64 mcfg_base;            /* 0: none */
    u16 mcfg_segment;
    u8 mcfg_first_bus, mcfg_last_bus;
    u64 lapic_base;
};
extern struct irq_acpi_facts irq_acpi;

/* The machine: never return. */
void machine_reboot(void) __attribute__((noreturn));
void machine_halt(void) __attribute__((noreturn));
void machine_power_off(u16 pm1a, u16 pm1b) __attribute__((noreturn)); /* values for PM1 control, as dom0's AML told */

#endif
