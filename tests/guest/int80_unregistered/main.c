/*
 * int 0x80 without a handler is #GP with error code 0x402, at the instruction itself.
 */
#include "test.h"

static long user_int80(long arg)
{
    asm volatile("int $0x80");
    return 0;
}

void test_main(void)
{
    struct fault f;

    need(hypercall(set_trap_table, NULL)); /* in 32 bits our system calls come by it */
    need(trap_gate(TRAP_GP, 0));
    f = user_run(user_int80, 0).fault;
    expect_fault(f, TRAP_GP, 0x402, "from user mode");
    expect_eq(*(const uint8_t *)f.ip, 0xcd, "at the instruction");
    f = fault_of(asm volatile("int $0x80"));
    expect_fault(f, TRAP_GP, 0x402, "from the kernel");
    expect_eq(*(const uint8_t *)f.ip, 0xcd, "at the instruction");
    trap_init();
}
