/*
 * A kernel stack in the hypervisor's range must not be written to: the domain crashes instead.
 */
#include "test.h"

static long fault(long arg)
{
    asm volatile("int3");
    return 0;
}

static bool at_syscall(struct cpu_frame *frame, unsigned int number)
{
    hypercall(stack_switch, KIT_SS, HYPERVISOR_VIRT_START + 0x8000000000 + 0x1000);
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
    expect_crash("an exception frame for the hypervisor's own memory");
    user_run(call, 0);
    failure("it survived");
}
