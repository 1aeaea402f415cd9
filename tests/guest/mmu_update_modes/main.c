/*
 * The four commands of mmu_update, in the low bits of an entry's machine address.
 *
 * On an L1 entry of ours: NORMAL stores the value as it is; PRESERVE_AD keeps accessed and dirty bits that the entry
 * had; NO_TRANSLATE is NORMAL for domains whose frames need no translation, as ours. MACHPHYS changes the M2P.
 */
#include "test.h"

void test_main(void)
{
    ulong window = table_window();
    void *page = page_alloc();
    ulong mfn = virt_to_mfn(page), pfn = virt_to_pfn(page);
    pte_t *entry = table_make(window, 1);
    uint64_t where = virt_to_machine(entry);
    pte_t clean = pte_make(mfn, PTE_P | PTE_RW | PTE_US);
    pte_t stored;

    expect_eq(mmu_update_one(where | MMU_NORMAL_PT_UPDATE, clean), 0, "map it");
    *(volatile char *)window = 1; /* the processor sets A and D */
    expect_eq(*entry & (PTE_A | PTE_D), PTE_A | PTE_D, "accessed and dirty after a write");

    expect_eq(mmu_update_one(where | MMU_PT_UPDATE_PRESERVE_AD, clean), 0, "update, keep A and D");
    expect_eq(*entry & (PTE_A | PTE_D), PTE_A | PTE_D, "accessed and dirty are kept");
    expect_eq(mmu_update_one(where | MMU_NORMAL_PT_UPDATE, clean), 0, "update as it is");
    expect_eq(*entry & (PTE_A | PTE_D), 0, "accessed and dirty are gone");
    stored = *entry;
    expect_eq(stored & (PTE_ADDRESS | PTE_P | PTE_RW | PTE_US), clean,
              "the entry holds what we stored");
    expect_eq(mmu_update_one(where | MMU_PT_UPDATE_NO_TRANSLATE, clean | PTE_A), 0,
              "no translation");
    expect_eq(*entry & PTE_A, PTE_A, "stored");

    expect_eq(mmu_update_one((uint64_t)mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 0x1234), 0,
              "change the M2P");
    expect_eq(mfn_to_pfn(mfn), 0x1234, "the M2P is changed");
    expect_eq(mmu_update_one((uint64_t)mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, pfn), 0,
              "change it back");
    expect_eq(mfn_to_pfn(mfn), pfn, "the M2P is as before");

    expect_eq(mmu_update_one(where, 0), 0, "unmap it");
    page_free(page);
}
