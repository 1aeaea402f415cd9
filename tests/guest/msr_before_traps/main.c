/*
 * While no #GP handler is registered, reading an existing MSR that is not ours gives 0 instead of a fault: kernels read
 * some before they have a trap table.
 */
#include "test.h"

void test_main(void)
{
    uint32_t low = 1, high = 1;

    need(hypercall(set_trap_table, NULL));
    asm volatile("rdmsr" : "+a"(low), "+d"(high) : "c"(0xc0000082)); /* LSTAR */
    trap_init();
    expect_eq(low | high, 0, "LSTAR reads as 0");
}
