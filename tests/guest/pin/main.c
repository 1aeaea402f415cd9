/*
 * Pins hold a frame as a table of one level until it is unpinned; once each.
 */
#include "test.h"

void test_main(void)
{
    void *page = page_readonly(), *other = page_readonly();
    pte_t *root = root_with_entry(0, 0);

    for ( int level = 1; level <= KIT_LEVELS; level++ )
    {
        void *table = level == KIT_LEVELS ? root : page;
        char text[40];

        snprintf(text, sizeof(text), "pin an empty table as L%d", level);
        expect_eq(table_pin(table, level), 0, text);
        expect_eq(table_pin(table, level), -EINVAL, "pin it again");
        expect_eq(table_pin(table, level % KIT_LEVELS + 1), -EINVAL, "pin it as another level");
        expect_eq(table_unpin(table), 0, "unpin it");
        expect_eq(table_unpin(table), -EINVAL, "unpin it again");
    }

    expect_eq(table_unpin(other), -EINVAL, "unpin what was never pinned");
    expect_eq(mmuext_mfn(MMUEXT_PIN_L1_TABLE, ~0UL >> 12), -EINVAL, "pin what is no RAM");
    expect_eq(mmuext_mfn(MMUEXT_UNPIN_TABLE, ~0UL >> 12), -EINVAL, "unpin what is no RAM");
    if ( KIT_PV32 )
    {
        expect_eq(table_pin(page, 4), 0, "the L4 of a 32-bit guest is the hypervisor's");
        expect_eq(table_unpin(page), -EINVAL, "... so that nothing was pinned");
    }
    page_release(page);
    page_release(other);
    root_release(root);
}
