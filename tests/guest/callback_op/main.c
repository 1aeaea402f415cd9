/*
 * callback_op registers each kind of callback by its type. 32-bit guests have no processes of 64 bits; and what is
 * an address that is not canonical in 64 bits can't be said in 32.
 */
#include "test.h"

static long reg(uint16_t type, uint16_t flags, const void *address)
{
    struct callback_register op = { .type = type,
                                    .flags = flags,
#ifdef __i386__
                                    .address = { .cs = KIT_CS, .eip = (ulong)address } };
#else
                                    .address = (xen_callback_t)address };
#endif

    return hypercall(callback_op, CALLBACKOP_register, &op);
}

/* What only 64-bit guests have: -ENOSYS in others. */
static void expect_64(long got, long want, const char *text)
{
    expect_eq(got, KIT_PV32 ? -ENOSYS : want, text);
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
    expect_64(reg(CALLBACKTYPE_syscall, CALLBACKF_mask_events, kit_entry_syscall), 0, "syscall");
    expect_64(reg(CALLBACKTYPE_syscall, 0, kit_entry_syscall), 0, "syscall, not masking events");
    expect_eq(reg(CALLBACKTYPE_sysenter, CALLBACKF_mask_events, kit_entry_syscall), 0, "sysenter");
    expect_eq(reg(CALLBACKTYPE_syscall32, CALLBACKF_mask_events, kit_entry_syscall), 0,
              "syscall32");
    expect_eq(reg(CALLBACKTYPE_nmi, 0, kit_entry_nmi), 0, "nmi");
    expect_eq(unreg(CALLBACKTYPE_nmi), 0, "no nmi");
    expect_eq(unreg(CALLBACKTYPE_event), -EINVAL, "event can't be taken away");
    expect_eq(reg(CALLBACKTYPE_sysenter_deprecated, 0, kit_entry_syscall), KIT_PV32 ? 0 : -ENOSYS,
              "sysenter's old number, which is only 32-bit guests'");
    expect_eq(reg(99, 0, kit_entry_event), -ENOSYS, "99, which is none");
    expect_eq(unreg(CALLBACKTYPE_sysenter), -EINVAL, "nor sysenter");
    expect_eq(unreg(CALLBACKTYPE_syscall32), -EINVAL, "nor syscall32");
    expect_eq(unreg(99), -ENOSYS, "taking away 99");
    expect_eq(hypercall(callback_op, 99, 0x1000), -ENOSYS, "an unknown operation");
    expect_eq(hypercall(callback_op, CALLBACKOP_register, 0x10), -EFAULT,
              "an argument that is not there");
    expect_eq(hypercall(callback_op, CALLBACKOP_unregister, 0x10), -EFAULT, "likewise");
    expect_eq(hypercall(nmi_op, XENNMI_register_callback, 0x10), -EFAULT, "the old way for NMIs");
#ifndef __i386__
    expect_eq(hypercall(callback_op, 1UL << 32 | CALLBACKOP_register, 0x10), -EFAULT,
              "the operation is an int");
    expect_eq(reg(CALLBACKTYPE_event, 0, (void *)0x8000000000000000), -EINVAL,
              "an address that is not canonical");
    expect_eq(reg(CALLBACKTYPE_syscall, 0, (void *)0x8000000000000000), -EINVAL,
              "syscall likewise");
#endif
    expect_eq(hypercall(set_callbacks, kit_entry_event, kit_entry_failsafe, kit_entry_syscall), 0,
              "all three the old way");
}
