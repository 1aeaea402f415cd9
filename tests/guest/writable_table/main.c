/*
 * A frame that is a page table has no writable mapping, anywhere, at any time.
 *
 * We map a page writable, then ask for it as an L1 table: refused, since we could forge entries behind the hypervisor's
 * back. We drop the mapping and ask again: granted. While it is a table, no new writable mapping is to be had: not by
 * mmu_update, not by update_va_mapping, not in a second table that is only then promoted.
 *
 * Then the trick that worked elsewhere (XSA-182): take a read-only mapping of the table and turn on RW alone, an update
 * that looks too small to check again.
 */
#include "test.h"

void test_main(void)
{
    void *page = page_alloc();
    ulong mfn = virt_to_mfn(page), window = table_window();
    pte_t *entry = table_make(window, 1), *second;

    expect_eq(table_pin(page, 1), -EINVAL, "a writable page became a table");
    need(page_protect(page, PTE_KERNEL_RO));
    expect_eq(table_pin(page, 1), 0, "a read-only page becomes a table");

    expect_eq(page_protect(page, PTE_KERNEL_RW), -EBUSY, "its own mapping became writable");
    expect_eq(pte_set(entry, pte_make(mfn, PTE_USER_RW)), -EBUSY, "a new writable mapping");
    expect_eq(pte_set(entry, pte_make(mfn, PTE_USER_RO)), 0, "a new read-only mapping");
    expect_eq(pte_set(entry, pte_make(mfn, PTE_USER_RO | PTE_RW)), -EBUSY, "turning on RW alone");
    expect_eq(mmu_update_one(virt_to_machine(entry) | MMU_PT_UPDATE_PRESERVE_AD,
                             pte_make(mfn, PTE_USER_RW)),
              -EBUSY, "the same, preserving A and D");
    expect_eq(hypercall(update_va_mapping, window, pte_make(mfn, PTE_USER_RW), UVMF_INVLPG), -EBUSY,
              "the same by update_va_mapping");
    expect_eq(*entry & PTE_RW, 0, "the mapping is still read-only");
    if ( !is_dom0() ) /* Debian's Xen emulates dom0's write even without the assist */
        expect_fault(fault_of(*(volatile char *)window = 1), TRAP_PF, PF_PRESENT | PF_WRITE,
                     "a write to it");

    second = page_with_entry(0, pte_make(mfn, PTE_USER_RW));
    expect_eq(table_pin(second, 1), -EBUSY, "a table that maps a table writable");

    need(pte_set(entry, 0));
    need(table_unpin(page));
    expect_eq(page_protect(page, PTE_KERNEL_RW), 0, "a table no more: writable again");
    page_free(page);
    page_release(second);
}
