/*
 * The NMI callback is entry 2 of the trap table, and nmi_op another way to set it; VCPUOP_send_nmi sends us one.
 */
#include "test.h"

static volatile unsigned int nmis;

static bool count(struct cpu_frame *frame, unsigned int number)
{
    nmis++;
    return true;
}

void test_main(void)
{
    struct xennmi_callback op = { .handler_address = (ulong)kit_entry_nmi };

    trap_handle(TRAP_NMI, count);
    expect_eq(hypercall(vcpu_op, VCPUOP_send_nmi, 0, NULL), 0, "an NMI to ourselves");
    expect_eq(nmis, 1, "arrives by the trap table");
    nmis = 0;
    trap_handle(TRAP_NMI, NULL);
    trap_handle(KIT_ENTRY_NMI, count);
    expect_eq(hypercall(nmi_op, XENNMI_register_callback, &op), 0, "register the callback");
    expect_eq(hypercall(vcpu_op, VCPUOP_send_nmi, 0, NULL), 0, "an NMI to ourselves");
    expect_eq(nmis, 1, "arrives");
    expect_eq(hypercall(vcpu_op, VCPUOP_send_nmi, 0, NULL), 0, "another");
    expect_eq(nmis, 2, "arrives too: the first one's iret has unblocked them");
    expect_eq(hypercall(nmi_op, XENNMI_unregister_callback, NULL), 0, "unregister it");
    nmis = 0;
    expect_eq(hypercall(vcpu_op, VCPUOP_send_nmi, 0, NULL), 0, "an NMI that nobody handles");
    expect_eq(nmis, 0, "is lost");
    expect_eq(hypercall(nmi_op, XENNMI_register_callback, &op), 0, "register the callback again");
    expect_eq(nmis, 0, "for good");
    expect_eq(hypercall(nmi_op, XENNMI_unregister_callback, NULL), 0, "unregister it");
    expect_eq(hypercall(nmi_op, 99, NULL), -ENOSYS, "99, which is none");
#ifndef __i386__
    expect_eq(hypercall(nmi_op, 1UL << 32 | XENNMI_unregister_callback, NULL), 0, "it is an int");
#endif
}
