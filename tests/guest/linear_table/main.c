/*
 * A table may map itself, or another of its level, read-only: a linear page table. Once; and never writable.
 *
 * The attacks: an L4 that maps itself with RW lets a guest write its own root. A chain of linear tables lets it nest
 * validation and teardown as deep as it likes (XSA-240). Neither is to be had.
 */
#include "test.h"

#define SLOT 300 /* free, and the guest's */

/* An L4 that maps another L4: what isn't there for guests that are isolated, whose L4s may map themselves alone. */
static void map_another(pte_t *l4)
{
    uint64_t where = virt_to_machine(&l4[SLOT]);
    pte_t *second = page_with_entry(SLOT, pte_make(virt_to_mfn(l4), PTE_P | PTE_US)), *third;
    long rc = table_pin(second, 4);

    expect(rc == 0 || rc == -EINVAL, "an L4 that maps another L4");
    third = page_with_entry(SLOT, pte_make(virt_to_mfn(second), PTE_P | PTE_US));
    expect_eq(table_pin(third, 4), -EINVAL, "a chain of three");
    expect_eq(mmu_update_one(where, pte_make(virt_to_mfn(second), PTE_P | PTE_US)), -EINVAL,
              "a ring of two");
    if ( !rc )
        need(table_unpin(second));
    page_release(second);
    page_release(third);
}

/* The root that we run on, seen at the address that it has by its own entry. */
static void look_through_it(void)
{
    const ulong slot = SLOT;
    pte_t *root = table_root();
    const volatile pte_t *seen =
        (void *)(0xffff000000000000UL | slot << 39 | slot << 30 | slot << 21 | slot << 12);
    ulong ours = table_index(KIT_VIRT_BASE, 4);
    uint64_t where = virt_to_machine(&root[SLOT]);

    need(mmu_update_one(where, pte_make(virt_to_mfn(root), PTE_P | PTE_US)));
    expect_eq(seen[ours] & PTE_ADDRESS, root[ours] & PTE_ADDRESS, "our own entry of it");
    expect_eq(seen[SLOT - 1], 0, "an empty one");
    expect_eq(seen[SLOT] & (PTE_P | PTE_RW), PTE_P, "itself");
    expect_fault(fault_of(*(volatile pte_t *)&seen[SLOT - 1] = 0), TRAP_PF, PF_PRESENT | PF_WRITE,
                 "it can't be written");
    need(mmu_update_one(where, 0));
}

void test_main(void)
{
    pte_t *l4 = page_with_entry(SLOT, 0);
    uint64_t where = virt_to_machine(&l4[SLOT]);
    pte_t self_ro = pte_make(virt_to_mfn(l4), PTE_P | PTE_US);

    need(table_pin(l4, 4));
    expect_eq(mmu_update_one(where, self_ro | PTE_RW), -EINVAL, "a writable self-map");
    expect_eq(mmu_update_one(where, self_ro), 0, "a read-only self-map");
    expect_eq(mmu_update_one(where, self_ro | PTE_RW), -EINVAL, "turning RW on in it");
    expect_eq(l4[SLOT] & PTE_RW, 0, "it is still read-only");
    expect_eq(mmu_update_one(where, 0), 0, "drop it");

    map_another(l4);
    look_through_it();
    need(table_unpin(l4));
    page_release(l4);
}
