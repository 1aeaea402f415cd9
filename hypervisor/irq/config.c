/*
 * PCI configuration space as dom0 sees it: the machine's, but for the registers that tell where messages go. Who
 * may get here was checked by the callers: pv/emulate for ports, pv/pagetable (which let the page be mapped) for
 * MCFG.
 */
#include "irq/irq.h"

#include "irq/line.h"
#include "irq/msi.h"
#include "irq/pci.h"

#define ADDRESS_ENABLE 0x80000000u

static bool valid_access(unsigned int reg, unsigned int bytes)
{
    return (bytes == 1 || bytes == 2 || bytes == 4) && (reg & 3) + bytes <= 4;
}

u32 irq_pci_config_read(u32 address, unsigned int offset, unsigned int bytes)
{
    u32 value;

    if ( !(address & ADDRESS_ENABLE) || !valid_access(offset, bytes) )
        return ~0u;
    lock_acquire(&irq_lock);
    value = pci_read((pci_bdf_t)(address >> 8), (address & 0xfc) + offset, bytes);
    lock_release(&irq_lock);
    return value;
}

/* Bits that the hypervisor keeps stay as they are. */
static void guarded_write(pci_bdf_t bdf, unsigned int reg, unsigned int bytes, u32 value)
{
    u32 kept;

    lock_acquire(&irq_lock);
    kept = msi_protect(bdf, reg, bytes);
    if ( kept )
        value = (value & ~kept) | (pci_read(bdf, reg, bytes) & kept);
    pci_write(bdf, reg, bytes, value);
    lock_release(&irq_lock);
}

bool irq_pci_config_write(u32 address, unsigned int offset, unsigned int bytes, u32 value)
{
    if ( !(address & ADDRESS_ENABLE) || !valid_access(offset, bytes) )
        return false;
    guarded_write((pci_bdf_t)(address >> 8), (address & 0xfc) + offset, bytes, value);
    return true;
}

bool irq_pci_mcfg_write(maddr_t maddr, unsigned int bytes, u64 value)
{
    u64 offset = maddr.n - irq_acpi.mcfg_base;
    u64 bus = offset >> 20;

    if ( !irq_acpi.mcfg_base || bus < irq_acpi.mcfg_first_bus || bus > irq_acpi.mcfg_last_bus ||
         !valid_access((unsigned int)offset & 3, bytes) )
        return false;
    guarded_write((pci_bdf_t)(offset >> 12), offset & (PCI_REG_LIMIT - 1), bytes, (u32)value);
    return true;
}
