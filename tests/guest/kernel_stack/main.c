/*
 * An exception in user mode arrives on the kernel stack that stack_switch named: the next one may name another.
 */
#include "test.h"

static ulong rsp_inside;

static bool look(struct cpu_frame *frame, unsigned int number)
{
    rsp_inside = (ulong)frame;
    return false;
}

static long fault(long arg)
{
    asm volatile("ud2");
    return 0;
}

void test_main(void)
{
    struct fault f;

    trap_handle(TRAP_UD, look);
    f = user_run(fault, 0).fault;
    expect_fault(f, TRAP_UD, 0, "an exception in user mode");
    expect(rsp_inside > (ulong)this_vcpu() && rsp_inside < (ulong)this_vcpu() + KIT_STACK_SIZE,
           "is on our stack");
    expect_eq(hypercall(stack_switch, 0, 0x12345678), 0, "any stack may be named");
    expect_eq(hypercall(stack_switch, KIT_SS & ~3, (char *)this_vcpu() + KIT_STACK_SIZE), 0,
              "the RPL is put right");
    f = user_run(fault, 0).fault;
    expect_fault(f, TRAP_UD, 0, "another one");
}
