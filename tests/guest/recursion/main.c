/*
 * Tables that lead to themselves at the wrong level: validation must neither loop nor let them through.
 */
#include "test.h"

void test_main(void)
{
    for ( int level = 2; level <= KIT_LEVELS; level++ )
    {
        pte_t *table = page_alloc();
        char text[48];

        for ( unsigned int i = 0; i < 256; i++ )
            table[i] = pte_table(table);
        need(page_protect(table, PTE_KERNEL_RO));
        snprintf(text, sizeof(text), "an L%d table full of itself", level);
        expect_eq(table_pin(table, level), -EINVAL, text);
        page_release(table);
    }

    {
        pte_t *l3 = page_alloc(), *l2 = page_alloc(), *last = page_readonly();

        l3[0] = pte_table(l2);
        l3[3] = pte_table(last); /* which a 32-bit root must have */
        l2[0] = pte_table(l3);
        need(page_protect(l3, PTE_KERNEL_RO));
        need(page_protect(l2, PTE_KERNEL_RO));
        expect_eq(table_pin(l3, 3), -EINVAL, "an L2 that maps its L3 as an L1");
        page_release(l3);
        page_release(l2);
        page_release(last);
    }
}
