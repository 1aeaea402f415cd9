/*
 * A kernel stack in the hypervisor's range must not be written to by a system call either, which is
 * delivered by a way of its own: the domain crashes instead.
 */
#include "test.h"

/* Where the second system call would begin: with a stack that is ours, to tell that it came this far. */
static ulong stack __attribute__((used));

static void __attribute__((used)) entered(void)
{
    failure("a frame was written to the hypervisor's memory");
}

asm("crash_syscall_stack_entry: mov stack, %rsp; call entered");
extern char crash_syscall_stack_entry[];

static bool at_syscall(struct cpu_frame *frame, unsigned int number)
{
    need(hypercall(set_callbacks, kit_entry_event, kit_entry_failsafe, crash_syscall_stack_entry));
    hypercall(stack_switch, KIT_SS, HYPERVISOR_VIRT_START + 0x8000000000 + 0x1000);
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
    stack = ((ulong)__builtin_frame_address(0) & ~15UL) - 1024;
    trap_handle(KIT_ENTRY_SYSCALL, at_syscall);
    expect_crash("a system call's frame for the hypervisor's own memory");
    user_run(call, 0);
    failure("it survived");
}
