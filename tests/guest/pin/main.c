/*
 * Pins hold a frame as a table of one level until it is unpinned; once each.
 */
#include "test.h"

void test_main(void)
{
    void *table = page_readonly(), *other = page_readonly();

    for ( int level = 1; level <= 4; level++ )
    {
        char text[40];

        snprintf(text, sizeof(text), "pin an empty page as L%d", level);
        expect_eq(table_pin(table, level), 0, text);
        expect_eq(table_pin(table, level), -EINVAL, "pin it again");
        expect_eq(table_pin(table, level % 4 + 1), -EINVAL, "pin it as another level");
        expect_eq(table_unpin(table), 0, "unpin it");
        expect_eq(table_unpin(table), -EINVAL, "unpin it again");
    }

    expect_eq(table_unpin(other), -EINVAL, "unpin what was never pinned");
    expect_eq(mmuext_mfn(MMUEXT_PIN_L1_TABLE, ~0UL >> 12), -EINVAL, "pin what is no RAM");
    expect_eq(mmuext_mfn(MMUEXT_UNPIN_TABLE, ~0UL >> 12), -EINVAL, "unpin what is no RAM");
    page_release(table);
    page_release(other);
}
