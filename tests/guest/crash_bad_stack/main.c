/*
 * A kernel stack that is not there: an exception from user mode can't be delivered, so the domain crashes.
 */
#include "test.h"

static long fault(long arg)
{
    asm volatile("int3");
    return 0;
}

static bool at_syscall(struct cpu_frame *frame, unsigned int number)
{
    hypercall(stack_switch, KIT_SS, 0x80001000UL); /* nothing there */
    frame->ip = (ulong)fault;
    return true;
}

static long call(long arg)
{
    user_call(1, 0);
    return 0;
}

void test_main(void)
{
    trap_handle(KIT_ENTRY_SYSCALL, at_syscall);
    expect_crash("an exception from user mode without a kernel stack");
    user_run(call, 0);
    failure("it survived");
}
