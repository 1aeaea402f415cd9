/*
 * A kernel stack in the hypervisor's range must not be written to: the domain crashes instead.
 */
#include "test.h"

/* Where our handler of int3 would begin: with a stack that is ours, to tell that it came this far. */
static ulong stack __attribute__((used));

static void __attribute__((used)) entered(void)
{
    failure("a frame was written to the hypervisor's memory");
}

#ifdef __i386__
#define PLACE HYPERVISOR_VIRT_START /* the M2P, which is there, and not to be written to */
asm("crash_hypervisor_stack_entry: mov stack, %esp; call entered");
#else
#define PLACE (HYPERVISOR_VIRT_START + 0x8000000000)
asm("crash_hypervisor_stack_entry: mov stack, %rsp; call entered");
#endif
extern char crash_hypervisor_stack_entry[];

static long fault(long arg)
{
    asm volatile("int3");
    return 0;
}

static bool at_syscall(struct cpu_frame *frame, unsigned int number)
{
    hypercall(stack_switch, KIT_SS, PLACE + 0x1000);
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
    struct trap_info traps[] = {
        { .vector = TRAP_BP,
          .flags = 3,
          .cs = KIT_CS,
          .address = (ulong)crash_hypervisor_stack_entry },
        { .address = 0 },
    };

    stack = ((ulong)__builtin_frame_address(0) & ~15UL) - 1024;
    need(hypercall(set_trap_table, traps));
    trap_handle(KIT_ENTRY_SYSCALL, at_syscall);
    expect_crash("an exception frame for the hypervisor's own memory");
    user_run(call, 0);
    failure("it survived");
}
