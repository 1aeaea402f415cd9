/*
 * What ACPI's static tables tell of the machine: processors, interrupt controllers, timers, ways to switch it off.
 *
 * The tables are input like any other: firmware gets lengths and checksums wrong. Nothing outside a table that was
 * mapped as a whole is read, and a table that fails its checksum is as good as absent.
 */
#ifndef IRQ_ACPI_H
#define IRQ_ACPI_H

#include "cpu/percpu.h"
#include "lib/types.h"

#define ACPI_MAX_IOAPICS   16
#define ACPI_MAX_OVERRIDES 16 /* there are 16 ISA interrupts */

struct acpi_ioapic {
    u8 id;
    u64 base;
    u32 gsi_base;
};

/* Where an ISA interrupt leads, if not to the GSI of its number, active high and edge-triggered. */
struct acpi_override {
    u8 isa_irq;
    u32 gsi;
    bool level;
    bool active_low;
};

struct irq_acpi_facts {
    u32 nr_cpus;
    u32 apic_ids[NR_CPUS];
    u32 acpi_ids[NR_CPUS];
    u64 hpet_base;     /* 0: none */
    u32 pm_timer_port; /* 0: none */
    bool pm_timer_32bit;
    u16 pm1a_control, pm1b_control;
    bool s5_known; /* soft-off's sleep types, for either control register */
    u8 s5_types[2];
    u64 reset_address;
    u8 reset_space, reset_value; /* ACPI_SPACE_* */
    bool reset_supported;
    u64 mcfg_base; /* 0: none */
    u16 mcfg_segment;
    u8 mcfg_first_bus, mcfg_last_bus;
    u64 lapic_base;
    u32 nr_ioapics;
    struct acpi_ioapic ioapics[ACPI_MAX_IOAPICS];
    u32 nr_overrides;
    struct acpi_override overrides[ACPI_MAX_OVERRIDES];
    bool has_pic;        /* a pair of 8259s */
    u16 sci_irq;         /* 0: none */
    u8 century_register; /* of the RTC, 0: none */
};

/* Address spaces of a generic address. */
#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO     1
#define ACPI_SPACE_PCI    2

extern struct irq_acpi_facts irq_acpi;

/*
 * Read the tables that the root pointer at @rsdp leads to into @facts, which is cleared first. False: no usable
 * root table; the defaults of a PC without ACPI are left then.
 */
bool acpi_parse(u64 rsdp, struct irq_acpi_facts *facts);

/* Find the root pointer in @len bytes at @at: its offset, or -1. */
long acpi_scan(const void *at, size_t len);

/*
 * Physical memory [@maddr, @maddr + @len), readable until the end of boot; NULL if it can't be mapped. The parser's
 * only way to the tables: host tests give it theirs.
 */
const void *acpi_map(u64 maddr, size_t len);

#endif
