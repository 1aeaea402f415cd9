/* The ways to PCI configuration space: ports, and MCFG's pages. */
#include "irq/pci.h"

#include "access/access.h"
#include "cpu/asm.h"
#include "irq/acpi.h"
#include "mm/map.h"

#define PORT_ADDRESS   0xcf8
#define PORT_DATA      0xcfc
#define ADDRESS_ENABLE 0x80000000u

static u8 *mcfg_window; /* one page, mapped to the function that is being accessed; NULL: no MCFG */

static u16 select_register(pci_bdf_t bdf, unsigned int reg)
{
    outl(PORT_ADDRESS, ADDRESS_ENABLE | (u32)bdf << 8 | (reg & 0xfc));
    return (u16)(PORT_DATA + (reg & 3));
}

/* The address of @reg through MCFG; NULL: not reachable. The map call flushes what this CPU had there before. */
static void *mcfg_at(pci_bdf_t bdf, unsigned int reg)
{
    u64 bus = bdf >> 8, mfn;

    if ( !mcfg_window || bus < irq_acpi.mcfg_first_bus || bus > irq_acpi.mcfg_last_bus )
        return NULL;
    mfn = (irq_acpi.mcfg_base >> PAGE_SHIFT) + bdf;
    if ( map_page((u64)mcfg_window, to_mfn(mfn), PTE_P | PTE_RW | PTE_PCD | PTE_PWT | PTE_NX) )
        return NULL;
    return mcfg_window + reg;
}

static u32 mcfg_read(const volatile void *at, unsigned int bytes)
{
    if ( bytes == 1 )
        return *(const volatile u8 *)at;
    return bytes == 2 ? *(const volatile u16 *)at : *(const volatile u32 *)at;
}

static void mcfg_write(volatile void *at, unsigned int bytes, u32 value)
{
    if ( bytes == 1 )
        *(volatile u8 *)at = (u8)value;
    else if ( bytes == 2 )
        *(volatile u16 *)at = (u16)value;
    else
        *(volatile u32 *)at = value;
}

u32 pci_read(pci_bdf_t bdf, unsigned int reg, unsigned int bytes)
{
    u32 all = ~0u >> (32 - 8 * bytes);
    u16 port;

    if ( reg >= 256 )
    {
        const void *at = mcfg_at(bdf, reg);

        return at ? mcfg_read(at, bytes) : all;
    }
    port = select_register(bdf, reg);
    return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
}

void pci_write(pci_bdf_t bdf, unsigned int reg, unsigned int bytes, u32 value)
{
    u16 port;

    if ( reg >= 256 )
    {
        void *at = mcfg_at(bdf, reg);

        if ( at )
            mcfg_write(at, bytes, value);
        return;
    }
    port = select_register(bdf, reg);
    if ( bytes == 1 )
        outb(port, (u8)value);
    else if ( bytes == 2 )
        outw(port, (u16)value);
    else
        outl(port, value);
}

void pci_init(void)
{
    u64 first = (irq_acpi.mcfg_base >> PAGE_SHIFT) + ((u64)irq_acpi.mcfg_first_bus << 8);
    u64 last = (irq_acpi.mcfg_base >> PAGE_SHIFT) + ((u64)irq_acpi.mcfg_last_bus << 8) + 255;

    if ( !irq_acpi.mcfg_base || mfn_valid(to_mfn(first)) )
        return;
    mcfg_window = map_device(mfn_to_maddr(to_mfn(first)), PAGE_SIZE);
    access_iomem_make_read_only(first, last);
}
