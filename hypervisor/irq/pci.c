/*
 * What PCI configuration space holds. Devices lie too: chains of capabilities that run in circles, BARs beyond the
 * last.
 */
#include "irq/pci.h"

#define CAPS_MAX 48 /* as many as fit: a chain that is longer runs in a circle */

bool pci_present(pci_bdf_t bdf)
{
    return pci_read(bdf, PCI_VENDOR, 2) != 0xffff;
}

u8 pci_find_capability(pci_bdf_t bdf, u8 id)
{
    u8 at;

    if ( !pci_present(bdf) || !(pci_read(bdf, PCI_STATUS, 2) & PCI_STATUS_CAPS) )
        return 0;
    at = (u8)pci_read(bdf, PCI_CAP_POINTER, 1) & 0xfc;
    for ( unsigned int i = 0; i < CAPS_MAX && at >= 0x40; i++ )
    {
        u32 head = pci_read(bdf, at, 2);

        if ( (head & 0xff) == id )
            return at;
        at = (u8)(head >> 8) & 0xfc;
    }
    return 0;
}

u64 pci_bar(pci_bdf_t bdf, unsigned int bar)
{
    unsigned int bars = (pci_read(bdf, PCI_HEADER_TYPE, 1) & 0x7f) == 1 ? 2 : 6;
    u64 address;

    if ( bar >= bars )
        return 0;
    address = pci_read(bdf, PCI_BAR0 + 4 * bar, 4);
    if ( address & PCI_BAR_IO )
        return 0;
    if ( (address & PCI_BAR_64BIT) && bar + 1 < bars )
        address |= (u64)pci_read(bdf, PCI_BAR0 + 4 * bar + 4, 4) << 32;
    return address & ~0xfUL;
}
