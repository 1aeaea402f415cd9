/*
 * Entries of L2, L3 and L4 tables know no large pages, no G and no cache attributes: a large page would map memory that
 * nobody checked (XSA-148).
 */
#include "test.h"

static void try_level(int level)
{
    void *lower = page_readonly();
    pte_t *entry = table_make(table_window(), level);
    uint64_t where = virt_to_machine(entry);
    pte_t kept = *entry;
    static const struct {
        pte_t flag;
        const char *name;
    } bad[] = { { PTE_PSE, "PSE" }, { PTE_PWT, "PWT" }, { PTE_PCD, "PCD" }, { PTE_G, "G" } };
    char text[40];

    if ( level == KIT_LEVELS ) /* a free slot in the same table */
        where = virt_to_machine(&table_root()[ROOT_SLOT]);
    for ( unsigned int i = 0; i < 4; i++ )
    {
        snprintf(text, sizeof(text), "L%d entry with %s", level, bad[i].name);
        expect_eq(mmu_update_one(where, pte_table(lower) | bad[i].flag), -EINVAL, text);
    }
    snprintf(text, sizeof(text), "L%d entry, ordinary", level);
    if ( level > 1 && !(kept & PTE_P) )
        expect_eq(mmu_update_one(where, pte_table(lower)), 0, text);
    need(mmu_update_one(where, level == KIT_LEVELS ? 0 : kept));
}

void test_main(void)
{
    for ( int level = 2; level <= KIT_LEVELS; level++ )
        try_level(level);
}
