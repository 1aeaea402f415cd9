/*
 * Tables are validated from the top: hooking one into another makes it a table of the level below, with all that it
 * leads to; one bad entry anywhere below and nothing at all has changed.
 */
#include "test.h"

void test_main(void)
{
    void *page = page_alloc();
    pte_t *l1 = page_with_entry(3, pte_make(virt_to_mfn(page), PTE_USER_RW));
    pte_t *l2 = page_with_entry(5, pte_table(l1));
    pte_t *l3 = KIT_PV32 ? NULL : page_with_entry(7, pte_table(l2));
    pte_t *root = root_with_entry(ROOT_SLOT, pte_table(l3 ?: l2));
    pte_t *bad;

    expect_eq(table_pin(root, KIT_LEVELS), 0, "pin the whole tree");
    expect_eq(table_pin(l1, 2), -EINVAL, "its L1 table is no L2 table");
    expect_eq(table_pin(l1, 1), 0, "its L1 table can be pinned in its own right");
    expect_eq(page_protect(l2, PTE_KERNEL_RW), -EBUSY, "its L2 table can't be written");
    expect_eq(table_unpin(root), 0, "unpin the tree");
    expect_eq(page_protect(l2, PTE_KERNEL_RW), 0, "its L2 table is an ordinary page again");
    expect_eq(page_protect(l1, PTE_KERNEL_RW), -EBUSY, "its L1 table is still pinned");
    expect_eq(table_unpin(l1), 0, "until it is not");
    need(page_protect(l2, PTE_KERNEL_RO));

    bad = page_with_entry(
        511, pte_make(virt_to_mfn(root), PTE_USER_RW)); /* an L1 that maps the root writable */
    need(page_protect(l2, PTE_KERNEL_RW));
    l2[511] = pte_table(bad);
    need(page_protect(l2, PTE_KERNEL_RO));
    expect_eq(table_pin(root, KIT_LEVELS), -EBUSY, "a tree whose last leaf maps its root writable");
    expect_eq(page_protect(l1, PTE_KERNEL_RW), 0,
              "what was validated before the bad entry is free again");
    need(page_protect(l1, PTE_KERNEL_RO));
    expect_eq(table_pin(l1, KIT_LEVELS), -EINVAL, "an L1 table's content is no root");

    expect_eq(table_pin(bad, 1), 0,
              "the bad leaf alone: its root is an ordinary page now, and writable");
    expect_eq(table_pin(root, KIT_LEVELS), -EINVAL, "so the root can't become a table");
    need(table_unpin(bad));
    page_release(l1);
    page_release(l2);
    if ( l3 )
        page_release(l3);
    root_release(root);
    page_release(bad);
    page_free(page);
}
