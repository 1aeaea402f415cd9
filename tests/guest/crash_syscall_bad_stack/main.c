/*
 * A kernel stack that is not there: a system call can't be delivered, so the domain crashes.
 */
#include "test.h"

static bool at_syscall(struct cpu_frame *frame, unsigned int number)
{
    hypercall(stack_switch, KIT_SS, 0x123456789000); /* nothing there */
    frame->ax = 1;
    return true;
}

static long call(long arg)
{
    user_call(1, 0);
    user_call(1, 0);
    return 0;
}

void test_main(void)
{
    trap_handle(KIT_ENTRY_SYSCALL, at_syscall);
    expect_crash("a system call without a kernel stack");
    user_run(call, 0);
    failure("it survived");
}
