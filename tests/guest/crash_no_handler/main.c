/*
 * An exception without a handler: there is nobody to tell, so the domain crashes, and only it.
 */
#include "test.h"

void test_main(void)
{
    need(hypercall(set_trap_table, NULL));
    expect_crash("a page fault without a handler");
    *(volatile char *)8 = 0;
    failure("it survived");
}
