/*
 * L4 slots 256 to 271 are the hypervisor's. They can't be updated, nor does what a new root says there count.
 */
#include "test.h"

void test_main(void)
{
    void *l3 = page_readonly();
    pte_t *root = page_with_entry(256, pte_table(l3));
    uint64_t where = virt_to_machine(table_root());

    for ( unsigned int slot = 256; slot < 272; slot++ )
    {
        expect_eq(mmu_update_one(where + slot * 8, pte_table(l3)), -EINVAL,
                  "an entry for a reserved slot");
        expect_eq(mmu_update_one(where + slot * 8, 0), -EINVAL, "clearing a reserved slot");
    }
    expect_eq(mmu_update_one(where + 255 * 8, pte_table(l3)), 0, "slot 255 is ours");
    expect_eq(mmu_update_one(where + 255 * 8, 0), 0, "and can be cleared");
    expect_eq(mmu_update_one(where + 272 * 8, pte_table(l3)), 0, "slot 272 is ours");
    expect_eq(mmu_update_one(where + 272 * 8, 0), 0, "and can be cleared");

    expect_eq(table_pin(root, 4), 0, "a root that says something in a reserved slot");
    expect(pte_mfn(root[256]) != virt_to_mfn(l3), "is overruled");
    expect_eq(page_protect(l3, PTE_KERNEL_RW), 0, "what it said made no table");
    need(table_unpin(root));
    page_release(root);
    page_free(l3);
}
