/*
 * Scheduling and event channels by the hypercalls that kernels made before interface versions 3.1
 * and 3.2 use: GNU Mach is one. Operations have the same numbers; an event channel's is in memory,
 * before its argument, and scheduling has no structures.
 */
#include "test.h"

static long old_event(struct evtchn_op *op)
{
    return hypercall(event_channel_op_compat, op);
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
}
