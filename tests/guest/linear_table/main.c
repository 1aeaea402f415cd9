/*
 * A table may map itself, or another of its level, read-only: a linear page table. Once; and never writable.
 *
 * The attacks: an L4 that maps itself with RW lets a guest write its own root. A chain of linear tables lets it nest
 * validation and teardown as deep as it likes (XSA-240). Neither is to be had. A 32-bit guest's L2 tables are what an
 * L4 is here; its L3, of four entries, maps none of its kind (XSA-185).
 */
#include "test.h"

#define LEVEL (KIT_PV32 ? 2 : 4)
#define SLOT  300 /* free, and the guest's */

/* A table that maps another one: not an L4 of guests that are isolated, whose L4s may map themselves alone. */
static void map_another(pte_t *table)
{
    uint64_t where = virt_to_machine(&table[SLOT]);
    pte_t *second = page_with_entry(SLOT, pte_make(virt_to_mfn(table), PTE_P | PTE_US)), *third;
    long rc = table_pin(second, LEVEL);

    expect(rc == 0 || rc == -EINVAL, "a table that maps another one");
    third = page_with_entry(SLOT, pte_make(virt_to_mfn(second), PTE_P | PTE_US));
    expect_eq(table_pin(third, LEVEL), -EINVAL, "a chain of three");
    expect_eq(mmu_update_one(where, pte_make(virt_to_mfn(second), PTE_P | PTE_US)), -EINVAL,
              "a ring of two");
    if ( !rc )
        need(table_unpin(second));
    page_release(second);
    page_release(third);
}

/* Where a table of that level, by its own entry, appears among the addresses. */
static const volatile pte_t *seen_at(ulong slot)
{
#ifdef __i386__
    return (void *)(slot << 21 | slot << 12);
#else
    return (void *)(0xffff000000000000UL | slot << 39 | slot << 30 | slot << 21 | slot << 12);
#endif
}

/* The table that we run on, seen there. */
static void look_through_it(void)
{
    const volatile pte_t *seen = seen_at(SLOT);
    ulong ours = table_index(KIT_VIRT_BASE, LEVEL);
    pte_t *table = table_find(KIT_VIRT_BASE, LEVEL) - ours;
    uint64_t where = virt_to_machine(&table[SLOT]);

    need(mmu_update_one(where, pte_make(virt_to_mfn(table), PTE_P | PTE_US)));
    expect_eq(seen[ours] & PTE_ADDRESS, table[ours] & PTE_ADDRESS, "our own entry of it");
    expect_eq(seen[SLOT - 1], 0, "an empty one");
    expect_eq(seen[SLOT] & (PTE_P | PTE_RW), PTE_P, "itself");
    expect_fault(fault_of(*(volatile pte_t *)&seen[SLOT - 1] = 0), TRAP_PF, PF_PRESENT | PF_WRITE,
                 "it can't be written");
    need(mmu_update_one(where, 0));
}

/* Of 32 bits: an L3 that maps itself, or another one. */
static void no_l3_maps_an_l3(void)
{
    pte_t *root = root_with_entry(0, 0), *other = root_with_entry(0, 0);
    uint64_t where = virt_to_machine(&root[ROOT_SLOT]);

    need(table_pin(root, 3));
    need(table_pin(other, 3));
    expect_eq(mmu_update_one(where, pte_make(virt_to_mfn(root), PTE_P)), -EINVAL,
              "an L3 that maps itself");
    expect_eq(mmu_update_one(where, pte_make(virt_to_mfn(other), PTE_P)), -EINVAL,
              "an L3 that maps another one");
    need(table_unpin(root));
    need(table_unpin(other));
    root_release(root);
    root_release(other);
}

void test_main(void)
{
    pte_t *table = page_with_entry(SLOT, 0);
    uint64_t where = virt_to_machine(&table[SLOT]);
    pte_t self_ro = pte_make(virt_to_mfn(table), PTE_P | PTE_US);

    need(table_pin(table, LEVEL));
    expect_eq(mmu_update_one(where, self_ro | PTE_RW), -EINVAL, "a writable self-map");
    expect_eq(mmu_update_one(where, self_ro), 0, "a read-only self-map");
    expect_eq(mmu_update_one(where, self_ro | PTE_RW), -EINVAL, "turning RW on in it");
    expect_eq(table[SLOT] & PTE_RW, 0, "it is still read-only");
    expect_eq(mmu_update_one(where, 0), 0, "drop it");

    map_another(table);
    look_through_it();
    need(table_unpin(table));
    page_release(table);
    if ( KIT_PV32 )
        no_l3_maps_an_l3();
}
