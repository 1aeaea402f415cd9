/*
 * PCI configuration space of segment 0, for the hypervisor itself. With irq_lock held.
 *
 * Registers below 256 go through ports cf8 and cfc, those above through MCFG.
 */
#ifndef IRQ_PCI_H
#define IRQ_PCI_H

#include "lib/types.h"

/* A function: bus in the upper byte, device and function in the lower. */
typedef u16 pci_bdf_t;

#define PCI_REG_LIMIT 4096

#define PCI_VENDOR      0x00
#define PCI_COMMAND     0x04
#define PCI_STATUS      0x06
#define PCI_HEADER_TYPE 0x0e
#define PCI_BAR0        0x10
#define PCI_CAP_POINTER 0x34

#define PCI_COMMAND_MEMORY 0x2u
#define PCI_STATUS_CAPS    0x10u
#define PCI_BAR_IO         0x1u
#define PCI_BAR_64BIT      0x4u

#define PCI_CAP_MSI  0x05
#define PCI_CAP_MSIX 0x11

/* @bytes 1, 2 or 4, not across a word of 4. Where nothing answers, all ones are read. */
u32 pci_read(pci_bdf_t bdf, unsigned int reg, unsigned int bytes);
void pci_write(pci_bdf_t bdf, unsigned int reg, unsigned int bytes, u32 value);

bool pci_present(pci_bdf_t bdf);

/* Where capability @id is, 0: the function doesn't have it. */
u8 pci_find_capability(pci_bdf_t bdf, u8 id);

/* The machine address in memory BAR @bar (0-5), 0: there is none. */
u64 pci_bar(pci_bdf_t bdf, unsigned int bar);

/* Set up the access to MCFG and take it from domains' hands. Boot only. */
void pci_init(void);

#endif
