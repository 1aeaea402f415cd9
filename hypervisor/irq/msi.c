/* MSI and MSI-X: PCI Local Bus Specification 3.0, section 6.8. */
#include "irq/msi.h"

#include "access/access.h"
#include "irq/lines.h"
#include "lib/bitmap.h"
#include "lib/list.h"
#include "mm/heap.h"
#include "mm/map.h"

/* Registers of the MSI capability, from its start. What follows the address depends on its width. */
#define MSI_CONTROL   2
#define MSI_ADDRESS   4
#define MSI_DATA(dev) ((dev)->msi_64bit ? 12 : 8)
#define MSI_MASK(dev) ((dev)->msi_64bit ? 16 : 12)
#define MSI_LENGTH(dev)                                                                            \
    (MSI_MASK(dev) + ((dev)->msi_maskable ? 4 : -2)) /* ends with the mask, or the data */

#define MSI_ENABLE           0x0001u
#define MSI_CAPABLE(control) (1u << (((control) >> 1) & 7))
#define MSI_COUNT_SHIFT      4
#define MSI_COUNT_MASK       0x0070u
#define MSI_64BIT            0x0080u
#define MSI_MASKABLE         0x0100u

/* ... of the MSI-X capability, and of an entry of its table, in words of 4 bytes. */
#define MSIX_CONTROL       2
#define MSIX_TABLE         4
#define MSIX_PBA           8
#define MSIX_ENABLE        0x8000u
#define MSIX_SIZE(control) (((control)&0x7ffu) + 1)
#define MSIX_BAR(word)     ((word)&7u)
#define MSIX_OFFSET(word)  ((word) & ~7u)

#define ENTRY_WORDS   4
#define ENTRY_BYTES   16
#define ENTRY_ADDRESS 0
#define ENTRY_UPPER   1
#define ENTRY_DATA    2
#define ENTRY_CONTROL 3
#define ENTRY_MASKED  0x1u

#define MESSAGE_ADDRESS 0xfee00000u /* + APIC id << 12: fixed delivery to one CPU */

/* A function with messages routed, now or once. */
struct msi_device {
    struct list_head link;
    pci_bdf_t bdf;
    u8 msi, msix; /* where the capabilities are, 0 none */
    bool msi_64bit, msi_maskable;
    u16 nr_msi, nr_msix; /* messages routed */
    u32 table_size;
    u64 table_at; /* machine address that is mapped at table */
    volatile u32 *table;
    unsigned long used[2048 / 64]; /* MSI-X entries that are routed */
};

static LIST_HEAD(devices);

static struct msi_device *find(pci_bdf_t bdf)
{
    struct msi_device *dev;

    list_for_each_entry(dev, &devices, link)
        if ( dev->bdf == bdf )
            return dev;
    return NULL;
}

static void read_capabilities(struct msi_device *dev)
{
    dev->msi = pci_find_capability(dev->bdf, PCI_CAP_MSI);
    dev->msix = pci_find_capability(dev->bdf, PCI_CAP_MSIX);
    if ( dev->msi )
    {
        u32 control = pci_read(dev->bdf, dev->msi + MSI_CONTROL, 2);

        dev->msi_64bit = control & MSI_64BIT;
        dev->msi_maskable = control & MSI_MASKABLE;
    }
    if ( dev->msix )
        dev->table_size = MSIX_SIZE(pci_read(dev->bdf, dev->msix + MSIX_CONTROL, 2));
}

static struct msi_device *find_or_add(pci_bdf_t bdf)
{
    struct msi_device *dev = find(bdf);

    if ( dev )
        return dev;
    dev = heap_new(struct msi_device);
    if ( dev )
    {
        dev->bdf = bdf;
        list_add(&dev->link, &devices);
    }
    return dev;
}

/* The machine address of what capability word @reg (table or pending bits) tells; 0: nowhere. */
static u64 msix_address(const struct msi_device *dev, unsigned int reg)
{
    u32 word = pci_read(dev->bdf, dev->msix + reg, 4);
    u64 bar = pci_bar(dev->bdf, MSIX_BAR(word));

    return bar ? bar + MSIX_OFFSET(word) : 0;
}

/* A BAR is the caller's to set: it may point anywhere, so RAM and what the hypervisor keeps are refused. */
static bool is_device_memory(u64 at, u64 len)
{
    u64 first = at >> PAGE_SHIFT, last = (at + len - 1) >> PAGE_SHIFT;

    for ( u64 mfn = first; mfn <= last; mfn++ )
        if ( !access_iomem(current_vcpu()->domain, to_mfn(mfn)) )
            return false;
    return last >= first && last < 1UL << (52 - PAGE_SHIFT);
}

static void make_read_only(u64 at, u64 len)
{
    if ( at && is_device_memory(at, len) )
        access_iomem_make_read_only(at >> PAGE_SHIFT, (at + len - 1) >> PAGE_SHIFT);
}

static void protect_table(const struct msi_device *dev)
{
    make_read_only(msix_address(dev, MSIX_TABLE), dev->table_size * ENTRY_BYTES);
    make_read_only(msix_address(dev, MSIX_PBA), DIV_ROUND_UP(dev->table_size, 64) * 8);
}

/* Map the table where the BAR has it now. */
static long map_table(struct msi_device *dev)
{
    u64 at = msix_address(dev, MSIX_TABLE);

    if ( !at || !(pci_read(dev->bdf, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY) ||
         !is_device_memory(at, dev->table_size * ENTRY_BYTES) )
        return -ENXIO;
    protect_table(dev);
    if ( dev->table && dev->table_at == at )
        return 0;

    dev->table = map_device(to_maddr(at), dev->table_size * ENTRY_BYTES);
    dev->table_at = at;
    return dev->table ? 0 : -ENOMEM;
}

static u32 message_address(void)
{
    return MESSAGE_ADDRESS | lines_target() << 12;
}

static void attach(struct irq_line *line, struct msi_device *dev, u16 index, bool msix)
{
    line->msi = dev;
    line->msi_index = index;
    line->msix = msix;
    msi_mask(line, true);
}

static long route_msix(struct msi_device *dev, u16 index, struct irq_line *line)
{
    volatile u32 *entry;
    long rc;

    if ( !dev->msix || index >= dev->table_size )
        return -EINVAL;
    if ( dev->nr_msi || test_bit(index, dev->used) )
        return -EEXIST;
    rc = map_table(dev);
    if ( rc )
        return rc;

    attach(line, dev, index, true);
    entry = dev->table + index * ENTRY_WORDS;
    entry[ENTRY_ADDRESS] = message_address();
    entry[ENTRY_UPPER] = 0;
    entry[ENTRY_DATA] = line->vector;
    __set_bit(index, dev->used);
    dev->nr_msix++;
    pci_write(dev->bdf, dev->msix + MSIX_CONTROL, 2,
              pci_read(dev->bdf, dev->msix + MSIX_CONTROL, 2) | MSIX_ENABLE);
    return 0;
}

static long route_msi(struct msi_device *dev, struct irq_line **lines, unsigned int n)
{
    u32 control;

    if ( !dev->msi )
        return -EINVAL;
    if ( dev->nr_msi || dev->nr_msix )
        return -EEXIST;
    control = pci_read(dev->bdf, dev->msi + MSI_CONTROL, 2);
    if ( n > MSI_CAPABLE(control) )
        return -EINVAL;

    for ( unsigned int i = 0; i < n; i++ )
        attach(lines[i], dev, (u16)i, false);
    pci_write(dev->bdf, dev->msi + MSI_ADDRESS, 4, message_address());
    if ( dev->msi_64bit )
        pci_write(dev->bdf, dev->msi + MSI_ADDRESS + 4, 4, 0);
    pci_write(dev->bdf, dev->msi + MSI_DATA(dev), 2, lines[0]->vector);
    dev->nr_msi = (u16)n;
    control &= ~MSI_COUNT_MASK;
    pci_write(dev->bdf, dev->msi + MSI_CONTROL, 2,
              control | order_of(n) << MSI_COUNT_SHIFT | MSI_ENABLE);
    return 0;
}

long msi_route(pci_bdf_t bdf, bool msix, u16 index, struct irq_line **lines, unsigned int n)
{
    struct msi_device *dev;

    if ( !pci_present(bdf) )
        return -ENODEV;
    dev = find_or_add(bdf);
    if ( !dev )
        return -ENOMEM;
    if ( !dev->nr_msi && !dev->nr_msix )
        read_capabilities(dev);
    return msix ? route_msix(dev, index, lines[0]) : route_msi(dev, lines, n);
}

static void switch_off(const struct msi_device *dev, u8 control_at, u32 enable)
{
    pci_write(dev->bdf, control_at, 2, pci_read(dev->bdf, control_at, 2) & ~enable);
}

void msi_unroute(struct irq_line *line)
{
    struct msi_device *dev = line->msi;

    msi_mask(line, true);
    line->msi = NULL;
    if ( line->msix )
    {
        __clear_bit(line->msi_index, dev->used);
        if ( --dev->nr_msix == 0 )
            switch_off(dev, dev->msix + MSIX_CONTROL, MSIX_ENABLE);
    }
    else if ( --dev->nr_msi == 0 )
        switch_off(dev, dev->msi + MSI_CONTROL, MSI_ENABLE);
}

pci_bdf_t msi_bdf(const struct irq_line *line)
{
    return line->msi->bdf;
}

void msi_mask(const struct irq_line *line, bool masked)
{
    const struct msi_device *dev = line->msi;
    u32 bit = 1u << (line->msi_index & 31), bits;

    if ( !dev )
        return;
    if ( line->msix )
    {
        dev->table[line->msi_index * ENTRY_WORDS + ENTRY_CONTROL] = masked ? ENTRY_MASKED : 0;
        return;
    }
    if ( !dev->msi_maskable ) /* what comes while nobody listens is dropped */
        return;
    bits = pci_read(dev->bdf, dev->msi + MSI_MASK(dev), 4);
    pci_write(dev->bdf, dev->msi + MSI_MASK(dev), 4, masked ? bits | bit : bits & ~bit);
}

u32 msi_protect(pci_bdf_t bdf, unsigned int reg, unsigned int bytes)
{
    const struct msi_device *dev = find(bdf);
    u32 kept = 0;

    if ( !dev || !dev->nr_msi )
        return 0;
    for ( unsigned int i = 0; i < bytes; i++ )
    {
        unsigned int at = reg + i - dev->msi;

        if ( at == MSI_CONTROL )
            kept |= MSI_COUNT_MASK << (8 * i);
        else if ( at >= MSI_ADDRESS && at < (unsigned int)MSI_LENGTH(dev) )
            kept |= 0xffu << (8 * i);
    }
    return kept;
}

long msi_device_added(pci_bdf_t bdf)
{
    struct msi_device dev = { .bdf = bdf };

    if ( !pci_present(bdf) )
        return -ENODEV;
    read_capabilities(&dev);
    if ( dev.msix )
        protect_table(&dev);
    return 0;
}
