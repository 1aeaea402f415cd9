/*
 * Without a syscall callback, `syscall` from user mode is #UD, at the instruction itself; so is sysenter #GP.
 */
#include "test.h"

static long do_syscall(long arg)
{
    return user_call(1, 0);
}

static long do_sysenter(long arg)
{
    asm volatile("sysenter");
    return 0;
}

void test_main(void)
{
    struct callback_unregister none = { .type = CALLBACKTYPE_syscall };
    struct user_result r;
    const uint8_t *at;

    expect_eq(hypercall(callback_op, CALLBACKOP_unregister, &none), -EINVAL,
              "the syscall callback can't be taken away");
    need(hypercall(set_callbacks, kit_entry_event, kit_entry_failsafe, 0));
    r = user_run(do_syscall, 0);
    expect_fault(r.fault, TRAP_UD, 0, "syscall without a callback");
    at = (const uint8_t *)r.fault.ip;
    expect(at[0] == 0x0f && at[1] == 0x05, "at the instruction itself");
    need(hypercall(set_callbacks, kit_entry_event, kit_entry_failsafe, kit_entry_syscall));
    r = user_run(do_sysenter, 0);
    expect(r.fault.vector == TRAP_GP || r.fault.vector == TRAP_UD, "sysenter without a callback");
}
