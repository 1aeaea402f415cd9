/*
 * Switching the machine off, and on again. Nothing of the hypervisor is needed afterwards; these may run in a
 * crash.
 */
#include "irq/irq.h"

#include "cpu/asm.h"
#include "efi/efi.h"
#include "mm/map.h"
#include "smp/smp.h"

#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_ENABLE     0x2000u

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA    0xcfc
#define RESET_CONTROL      0xcf9 /* of Intel's chipsets and those that follow them */
#define RESET_FULL         0x0e
#define RESET_SYSTEM       0x02

#define KEYBOARD_STATUS 0x64
#define KEYBOARD_BUSY   0x02
#define KEYBOARD_RESET  0xfe

#define PATIENCE 1000000

/* Whatever was tried takes a moment to come about. */
static void wait_a_moment(void)
{
    for ( unsigned int i = 0; i < PATIENCE; i++ )
        cpu_relax();
}

/* The register lies on function (device, function) of bus 0: see the specification of ACPI, table 5.1. */
static void reset_by_pci(u64 address, u8 value)
{
    u32 devfn = (u32)(address >> 32 & 0x1f) << 3 | (u32)(address >> 16 & 7);

    outl(PCI_CONFIG_ADDRESS, 0x80000000u | devfn << 8 | (address & 0xfc));
    outb((u16)(PCI_CONFIG_DATA + (address & 3)), value);
}

static void reset_by_acpi(void)
{
    volatile u8 *reg;

    if ( !irq_acpi.reset_supported )
        return;
    switch ( irq_acpi.reset_space )
    {
    case ACPI_SPACE_IO:
        outb((u16)irq_acpi.reset_address, irq_acpi.reset_value);
        break;
    case ACPI_SPACE_MEMORY:
        reg = map_device(to_maddr(irq_acpi.reset_address), 1);
        if ( reg )
            *reg = irq_acpi.reset_value;
        break;
    case ACPI_SPACE_PCI:
        reset_by_pci(irq_acpi.reset_address, irq_acpi.reset_value);
        break;
    }
    wait_a_moment();
}

static void reset_by_chipset(void)
{
    u8 control = inb(RESET_CONTROL) & (u8)~RESET_FULL;

    outb(RESET_CONTROL, control | RESET_SYSTEM);
    outb(RESET_CONTROL, control | RESET_FULL);
    wait_a_moment();
}

static void reset_by_keyboard(void)
{
    for ( unsigned int i = 0; i < PATIENCE && (inb(KEYBOARD_STATUS) & KEYBOARD_BUSY); i++ )
        cpu_relax();
    outb(KEYBOARD_STATUS, KEYBOARD_RESET);
    wait_a_moment();
}

static void reset_by_triple_fault(void)
{
    struct {
        u16 limit;
        u64 base;
    } __attribute__((packed)) no_idt = { 0, 0 };

    __asm__ volatile("lidt %0; int3" ::"m"(no_idt));
}

void machine_reboot(void)
{
    irq_disable();
    reset_by_acpi();
    efi_reset();
    reset_by_chipset();
    reset_by_keyboard();
    reset_by_triple_fault();
    machine_halt();
}

/* What others run must not go on without us: they would wait for this CPU sooner or later, and nobody could look. */
void machine_halt(void)
{
    smp_stop_others();
    for ( ;; )
    {
        irq_disable();
        __asm__ volatile("hlt");
    }
}

static void write_pm1(u16 pm1a, u16 pm1b)
{
    if ( irq_acpi.pm1a_control )
        outw(irq_acpi.pm1a_control, pm1a);
    if ( irq_acpi.pm1b_control )
        outw(irq_acpi.pm1b_control, pm1b);
}

/* The sleep type first, then with the bit that makes it so: some chipsets want it in two steps. */
void machine_power_off(u16 pm1a, u16 pm1b)
{
    irq_disable();
    write_pm1(pm1a & (u16)~PM1_SLEEP_ENABLE, pm1b & (u16)~PM1_SLEEP_ENABLE);
    write_pm1(pm1a | PM1_SLEEP_ENABLE, pm1b | PM1_SLEEP_ENABLE);
    wait_a_moment();
    machine_halt();
}

void machine_soft_off(void)
{
    if ( irq_acpi.s5_known && irq_acpi.pm1a_control )
        machine_power_off((u16)(irq_acpi.s5_types[0] << PM1_SLEEP_TYPE_SHIFT),
                          (u16)(irq_acpi.s5_types[1] << PM1_SLEEP_TYPE_SHIFT));
    machine_halt();
}
