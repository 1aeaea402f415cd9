/*
 * Our memory: three kinds of numbers for a page, and an allocator over all of it.
 *
 *     mfn   machine frame, what page tables hold
 *     pfn   our own numbering, 0 to start_info.nr_pages
 *     virt  KIT_VIRT_BASE + pfn * PAGE_SIZE, once mapped; the allocator maps what it hands out
 */
#ifndef KIT_PAGE_H
#define KIT_PAGE_H

#include <kit/arch.h>
#include <kit/hypercall.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

extern struct start_info *start_info;
extern struct shared_info shared_info; /* a page of ours, mapped to the real one at boot */

#define NO_MFN (~0UL)

static inline ulong *p2m(void)
{
    return (ulong *)start_info->mfn_list;
}

static inline ulong virt_to_pfn(const void *virt)
{
    return ((ulong)virt - KIT_VIRT_BASE) >> PAGE_SHIFT;
}

static inline void *pfn_to_virt(ulong pfn)
{
    return (void *)(KIT_VIRT_BASE + (pfn << PAGE_SHIFT));
}

static inline ulong pfn_to_mfn(ulong pfn)
{
    return p2m()[pfn];
}

/* By the hypervisor's read-only table; faults where there is no such RAM. */
static inline ulong mfn_to_pfn(ulong mfn)
{
    return machine_to_phys_mapping[mfn];
}

static inline ulong virt_to_mfn(const void *virt)
{
    return pfn_to_mfn(virt_to_pfn(virt));
}

static inline void *mfn_to_virt(ulong mfn)
{
    return pfn_to_virt(mfn_to_pfn(mfn));
}

/* The machine address of any byte of ours. */
static inline uint64_t virt_to_machine(const void *virt)
{
    return (uint64_t)virt_to_mfn(virt) << PAGE_SHIFT | ((ulong)virt & ~PAGE_MASK);
}

/* What page.c maps pages with: PTE_KERNEL_RW, and where arch_user_prepare() says so PTE_US. */
extern uint64_t page_flags;

/* A zeroed page, mapped writable. Panics when there is none left. */
void *page_alloc(void);

/* @count pages at adjoining virtual addresses, aligned to their size where @count is a power of two. Never freed. */
void *pages_alloc_aligned(ulong count);

/* Gives back what page_alloc() returned; it must be writable and no table again. */
void page_free(void *page);

void page_init(void);

#endif
