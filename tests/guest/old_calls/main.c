/*
 * Scheduling, event channels and physical devices by the hypercalls that kernels made before interface versions 3.1
 * and 3.2 use: GNU Mach is one. Operations have the same numbers; those of event channels and devices are in memory,
 * before their arguments, and scheduling has no structures.
 */
#include "test.h"

static long old_event(struct evtchn_op *op)
{
    return hypercall(event_channel_op_compat, op);
}

static long old_iopl(unsigned int level)
{
    struct physdev_op op = { .cmd = PHYSDEVOP_set_iopl, .u.set_iopl.iopl = level };

    return hypercall(physdev_op_compat, &op);
}

static long user_in(long port)
{
    return inb((uint16_t)port);
}

static void devices(void)
{
    static uint8_t bitmap[8192] __attribute__((aligned(4096)));
    struct physdev_op op = { .cmd = PHYSDEVOP_set_iobitmap, .u.set_iobitmap.nr_ports = 65536 };

    expect_eq(old_iopl(4), -EINVAL, "a privilege above 3");
    expect_eq(old_iopl(1), 0, "an I/O privilege");
    expect_no_fault(fault_of(inb(0x80)), "it is there");
    expect_eq(old_iopl(0), 0, "none");
    expect_fault(fault_of(inb(0x80)), TRAP_GP, 0, "it is gone");

    set_xen_guest_handle(op.u.set_iobitmap.bitmap, bitmap);
    expect_fault(user_run(user_in, 0x80).fault, TRAP_GP, 0, "a process without a bitmap");
    expect_eq(hypercall(physdev_op_compat, &op), 0, "a bitmap");
    expect_no_fault(user_run(user_in, 0x80).fault, "it allows");
    op.u.set_iobitmap.nr_ports = 0;
    expect_eq(hypercall(physdev_op_compat, &op), 0, "none");

    op.cmd = 3;
    expect_eq(hypercall(physdev_op_compat, &op), -ENOSYS, "no operation");
    expect_eq(hypercall(physdev_op_compat, 0x10), -EFAULT, "an argument that is not there");
}

void test_main(void)
{
    struct evtchn_op op = { .cmd = EVTCHNOP_alloc_unbound,
                            .u.alloc_unbound = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF } };
    evtchn_port_t port;

    expect_eq(hypercall(sched_op_compat, SCHEDOP_yield, 0), 0, "yield");
    expect_eq(hypercall(sched_op_compat, SCHEDOP_poll, 0), -ENOSYS, "poll came later");

    expect_eq(old_event(&op), 0, "a port");
    port = op.u.alloc_unbound.port;
    expect(port != 0, "its number comes back");
    op = (struct evtchn_op){ .cmd = EVTCHNOP_status, .u.status = { DOMID_SELF, port } };
    expect_eq(old_event(&op), 0, "its status");
    expect_eq(op.u.status.status, EVTCHNSTAT_unbound, "is unbound");
    op = (struct evtchn_op){ .cmd = EVTCHNOP_close, .u.close.port = port };
    expect_eq(old_event(&op), 0, "close it");
    expect_eq(old_event(&op), -EINVAL, "it is closed");
    op.cmd = EVTCHNOP_reset;
    expect_eq(old_event(&op), -ENOSYS, "reset came later");
    expect_eq(hypercall(event_channel_op_compat, 0x10), -EFAULT, "an argument that is not there");
    devices();
}
