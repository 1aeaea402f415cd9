/*
 * A guest that unmaps the code it runs, handler and all, hurts only itself: the page fault can't be delivered, for
 * ever.
 */
#include "test.h"

void test_main(void)
{
    pte_t *l4_slot = &table_root()[0];

    expect_crash("our whole address space goes away");
    pte_set(l4_slot, 0);
    mmuext(MMUEXT_TLB_FLUSH_LOCAL);
    failure("it survived");
}
