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

#ifndef __i386__
static long return_at_once(long arg)
{
    return arg;
}

/* What is entered by SYSRET must not be where that faults in the hypervisor (XSA-7). */
static void nowhere(void)
{
#define NOWHERE 0x0000800000000000
    static const uint16_t types[] = { CALLBACKTYPE_event,    CALLBACKTYPE_failsafe,
                                      CALLBACKTYPE_syscall,  CALLBACKTYPE_nmi,
                                      CALLBACKTYPE_sysenter, CALLBACKTYPE_syscall32 };
    static const struct trap_info trap = { .vector = 0x81, .address = NOWHERE };
    struct xennmi_callback nmi = { .handler_address = NOWHERE };

    for ( unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++ )
        expect_eq(reg(types[i], 0, (void *)NOWHERE), -EINVAL, "an address that is not canonical");
    expect_eq(hypercall(nmi_op, XENNMI_register_callback, &nmi), -EINVAL, "the old way for NMIs");
    hypercall(set_callbacks, NOWHERE, NOWHERE,
              NOWHERE); /* refused, or ignored as Debian's Xen does */
    expect_no_fault(user_run(return_at_once, 0).fault, "a system call goes where it went before");
    expect_eq(hypercall(set_trap_table, &trap), -EINVAL, "a trap's handler");
}
#endif

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
    nowhere();
#endif
    expect_eq(hypercall(set_callbacks, kit_entry_event, kit_entry_failsafe, kit_entry_syscall), 0,
              "all three the old way");
}
