/*
 * Page tables: reading our own, and changing them through the hypervisor.
 *
 * Tables are pages of ours, mapped read-only while they are tables. Level 1 entries map pages, level KIT_LEVELS is
 * the root.
 */
#ifndef KIT_TABLE_H
#define KIT_TABLE_H

#include <kit/page.h>

typedef uint64_t pte_t;

#define PTE_BIT(n) ((pte_t)1 << (n))

#define PTE_P   PTE_BIT(0)
#define PTE_RW  PTE_BIT(1)
#define PTE_US  PTE_BIT(2)
#define PTE_PWT PTE_BIT(3)
#define PTE_PCD PTE_BIT(4)
#define PTE_A   PTE_BIT(5)
#define PTE_D   PTE_BIT(6)
#define PTE_PSE PTE_BIT(7) /* at level 1: PAT */
#define PTE_G   PTE_BIT(8)
#define PTE_NX  PTE_BIT(63)

#define PTE_KERNEL_RW (PTE_P | PTE_RW | PTE_A | PTE_D)
#define PTE_KERNEL_RO (PTE_P | PTE_A | PTE_D)
#define PTE_USER_RW   (PTE_KERNEL_RW | PTE_US)
#define PTE_USER_RO   (PTE_KERNEL_RO | PTE_US)
#define PTE_TABLE     (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

#define TABLE_ENTRIES 512UL
#define PTE_ADDRESS   (PTE_BIT(52) - PAGE_SIZE)

static inline pte_t pte_make(ulong mfn, uint64_t flags)
{
    return (uint64_t)mfn << PAGE_SHIFT | flags;
}

static inline ulong pte_mfn(pte_t pte)
{
    return (ulong)((pte & PTE_ADDRESS) >> PAGE_SHIFT);
}

static inline ulong table_index(ulong virt, int level)
{
    return virt >> (PAGE_SHIFT + 9 * (level - 1)) & (TABLE_ENTRIES - 1);
}

/* The root that we run on. */
static inline pte_t *table_root(void)
{
    return (pte_t *)start_info->pt_base;
}

/* The entry of @level that maps @virt, for reading; NULL where the levels above lead nowhere. */
pte_t *table_find(ulong virt, int level);

/* The same; makes the tables above @level where they are missing. */
pte_t *table_make(ulong virt, int level);

/* Writes an entry of a table, by mmu_update. 0 or its error. */
long pte_set(pte_t *entry, pte_t value);

/* The same for any machine address, with the MMU_* command in its low bits. */
long mmu_update_one(uint64_t machine_and_command, uint64_t value);

/* Maps @mfn at @virt, anywhere that is ours. 0, or the hypervisor's error. */
long table_map(ulong virt, ulong mfn, uint64_t flags);
long table_unmap(ulong virt);

/* Changes the flags of a page's usual mapping, e.g. to PTE_KERNEL_RO before it becomes a table. */
long page_protect(const void *page, uint64_t flags);

/* One mmuext_op without a further argument, with a frame, or with an address. */
long mmuext(unsigned int command);
long mmuext_mfn(unsigned int command, ulong mfn);
long mmuext_addr(unsigned int command, ulong linear_addr);

static inline long table_pin(const void *table, int level)
{
    return mmuext_mfn(MMUEXT_PIN_L1_TABLE + (unsigned int)level - 1, virt_to_mfn(table));
}

static inline long table_unpin(const void *table)
{
    return mmuext_mfn(MMUEXT_UNPIN_TABLE, virt_to_mfn(table));
}

/* A stretch of addresses that nobody else uses, for mappings by hand: KIT_WINDOW_SIZE each call, never given back. */
ulong table_window(void);

#endif
