/*
 * One L1 table may hang below two L2 entries; it stays a table until both are gone, and what is changed in it shows in
 * both places.
 */
#include "test.h"

void test_main(void)
{
    ulong a = table_window(), b = table_window();
    char *page = page_alloc();
    pte_t *l1 = page_with_entry(0, pte_make(virt_to_mfn(page), PTE_USER_RW));
    pte_t *l2_a = table_make(a, 2), *l2_b = table_make(b, 2);

    page[0] = 'x';
    expect_eq(pte_set(l2_a, pte_table(l1)), 0, "the first place");
    expect_eq(pte_set(l2_b, pte_table(l1)), 0, "the second place");
    expect_eq(*(volatile char *)a, 'x', "here");
    expect_eq(*(volatile char *)b, 'x', "there");
    expect_eq(hypercall(update_va_mapping, a, 0, UVMF_TLB_FLUSH), 0, "unmap it here");
    expect_fault(fault_of(*(volatile char *)b), TRAP_PF, 0, "gone there");
    expect_eq(pte_set(l2_a, 0), 0, "drop the first place");
    expect_eq(page_protect(l1, PTE_KERNEL_RW), -EBUSY, "it is still a table");
    expect_eq(pte_set(l2_b, 0), 0, "drop the second");
    expect_eq(page_protect(l1, PTE_KERNEL_RW), 0, "it is an ordinary page");
    page_free(l1);
    page_free(page);
}
