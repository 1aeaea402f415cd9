/*
 * callback_op registers each kind of callback by its type.
 */
#include "test.h"

static long reg(uint16_t type, uint16_t flags, const void *address)
{
    struct callback_register op = { .type = type,
                                    .flags = flags,
                                    .address = (xen_callback_t)address };

    return hypercall(callback_op, CALLBACKOP_register, &op);
}

static long unreg(uint16_t type)
{
    struct callback_unregister op = { .type = type };

    return hypercall(callback_op, CALLBACKOP_unregister, &op);
}

void test_main(void)
{
    expect_eq(reg(CALLBACKTYPE_event, 0, kit_entry_event), 0, "event");
    expect_eq(reg(CALLBACKTYPE_failsafe, CALLBACKF_mask_events, kit_entry_failsafe), 0, "failsafe");
    expect_eq(reg(CALLBACKTYPE_syscall, CALLBACKF_mask_events, kit_entry_syscall), 0, "syscall");
    expect_eq(reg(CALLBACKTYPE_syscall, 0, kit_entry_syscall), 0, "syscall, not masking events");
    expect_eq(reg(CALLBACKTYPE_sysenter, CALLBACKF_mask_events, kit_entry_syscall), 0, "sysenter");
    expect_eq(reg(CALLBACKTYPE_syscall32, CALLBACKF_mask_events, kit_entry_syscall), 0,
              "syscall32");
    expect_eq(reg(CALLBACKTYPE_nmi, 0, kit_entry_nmi), 0, "nmi");
    expect_eq(unreg(CALLBACKTYPE_nmi), 0, "no nmi");
    expect_eq(unreg(CALLBACKTYPE_event), -EINVAL, "event can't be taken away");
    expect_eq(reg(3, 0, kit_entry_event), -ENOSYS, "3, which is none");
    expect_eq(reg(99, 0, kit_entry_event), -ENOSYS, "99, which is none");
    expect_eq(unreg(99), -ENOSYS, "taking away 99");
    expect_eq(hypercall(callback_op, 99, 0x1000), -ENOSYS, "an unknown operation");
    expect_eq(hypercall(callback_op, CALLBACKOP_register, 0x10), -EFAULT,
              "an argument that is not there");
    expect_eq(reg(CALLBACKTYPE_event, 0, (void *)0x8000000000000000), -EINVAL,
              "an address that is not canonical");
    expect_eq(reg(CALLBACKTYPE_syscall, 0, (void *)0x8000000000000000), -EINVAL,
              "syscall likewise");
    expect_eq(hypercall(set_callbacks, kit_entry_event, kit_entry_failsafe, kit_entry_syscall), 0,
              "all three the old way");
}
