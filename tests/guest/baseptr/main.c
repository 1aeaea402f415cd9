/*
 * NEW_BASEPTR takes a root (L4, in 32 bits L3) or what can become one; NEW_USER_BASEPTR an L4 likewise, or 0 for none.
 *
 * The root in use holds a reference of its own: unpinned, it stays a table until another takes over.
 */
#include "test.h"

static void user_roots(pte_t *copy, void *l1)
{
    expect_eq(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(copy)), 0, "the copy for user mode");
    expect_eq(page_protect(copy, PTE_KERNEL_RW), -EBUSY, "it is a table while it is in use");
    expect_eq(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(l1)), -EINVAL,
              "an L1 table for user mode");
    expect_eq(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0), 0, "none for user mode");
}

void test_main(void)
{
    ulong old_root = virt_to_mfn(table_root());
    pte_t *copy = page_alloc();
    void *page = page_alloc(), *l1 = page_readonly();
    ulong mfn = virt_to_mfn(copy);

    memcpy(copy, table_root(), PAGE_SIZE);
    need(page_protect(copy, PTE_KERNEL_RO));
    expect_eq(mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(page)), -EINVAL, "a writable page");
    need(table_pin(l1, 1));
    expect_eq(mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(l1)), -EINVAL, "an L1 table");
    expect_eq(mmuext_mfn(MMUEXT_NEW_BASEPTR, ~0UL >> 12), -EINVAL, "no RAM");
    expect_eq(mmuext_mfn(MMUEXT_NEW_BASEPTR, 0), -EINVAL, "frame 0, which is not ours");

    expect_eq(mmuext_mfn(MMUEXT_NEW_BASEPTR, mfn), 0, "a copy of our root, not pinned");
    expect_eq(page_protect(copy, PTE_KERNEL_RW), -EBUSY, "it is a table while it is in use");
    expect_eq(mmuext_mfn(MMUEXT_NEW_BASEPTR, mfn), 0, "once more");
    expect_eq(mmuext_mfn(MMUEXT_NEW_BASEPTR, old_root), 0, "back to the old one");
    expect_eq(page_protect(copy, PTE_KERNEL_RW), 0, "it is a table no more");

    need(page_protect(copy, PTE_KERNEL_RO));
    if ( !KIT_PV32 ) /* where processes have the kernel's */
        user_roots(copy, l1);
    expect_eq(page_protect(copy, PTE_KERNEL_RW), 0, "it is a table no more");

    need(table_unpin(l1));
    page_release(l1);
    page_free(copy);
    page_free(page);
}
