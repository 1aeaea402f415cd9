/*
 * L4 slots 256 to 271 are the hypervisor's. They can't be updated, nor does what a new root says there count. In 32
 * bits these are the entries of the last GiB's L2 from where the hypervisor begins, and the root's entry of that one.
 */
#include "test.h"

#ifdef __i386__
#define LEVEL 2
#define FIRST (HYPERVISOR_VIRT_START >> 21 & (TABLE_ENTRIES - 1))
#define LAST  (TABLE_ENTRIES - 1)
#else
#define LEVEL 4
#define FIRST 256
#define LAST  271
#endif

static void ours(uint64_t where, void *lower)
{
    expect_eq(mmu_update_one(where, pte_table(lower)), 0, "an entry beside them is ours");
    expect_eq(mmu_update_one(where, 0), 0, "and can be cleared");
}

/* The table that has such slots, and that we run on. */
static pte_t *table(void)
{
    return KIT_PV32 ? mfn_to_virt(pte_mfn(table_root()[3])) : table_root();
}

/* A new one, and a root with it. */
static void new_root(void *lower)
{
    pte_t *other = page_with_entry(FIRST, pte_table(lower)), *root = other;

    if ( KIT_PV32 )
        root = page_with_entry(3, pte_table(other));
    expect_eq(table_pin(root, KIT_LEVELS), 0, "a root that says something in a reserved slot");
    expect(pte_mfn(other[FIRST]) != virt_to_mfn(lower), "is overruled");
    expect_eq(page_protect(lower, PTE_KERNEL_RW), 0, "what it said made no table");
    need(table_unpin(root));
    page_release(root);
    if ( KIT_PV32 )
        page_release(other);
}

void test_main(void)
{
    void *lower = page_readonly();
    uint64_t where = virt_to_machine(table());

    for ( unsigned int slot = FIRST; slot <= LAST; slot++ )
    {
        expect_eq(mmu_update_one(where + slot * 8, pte_table(lower)), -EINVAL,
                  "an entry for a reserved slot");
        expect_eq(mmu_update_one(where + slot * 8, 0), -EINVAL, "clearing a reserved slot");
    }
    ours(where + (FIRST - 1) * 8, lower);
    if ( LAST < TABLE_ENTRIES - 1 )
        ours(where + (LAST + 1) * 8, lower);
    else
        expect_eq(mmu_update_one(virt_to_machine(&table_root()[3]), 0), -EINVAL,
                  "clearing the root's last entry");

    new_root(lower);
    page_free(lower);
}
