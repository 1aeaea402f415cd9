/*
 * sched_op's easy ones: yield returns; block enables events and returns at once when some are pending; unknown ones
 * don't exist; nobody shuts down a domain that is not there.
 */
#include "test.h"

static unsigned int calls;

static void count(evtchn_port_t port, void *data)
{
    calls++;
}

void test_main(void)
{
    evtchn_port_t port = (evtchn_port_t)need(event_bind_ipi(0));
    struct sched_remote_shutdown remote = { .domain_id = 999, .reason = SHUTDOWN_poweroff };

    event_handle(port, count, NULL);
    expect_eq(hypercall(sched_op, SCHEDOP_yield, NULL), 0, "yield");
    events_disable();
    need(event_send(port));
    expect_eq(hypercall(sched_op, SCHEDOP_block, NULL), 0, "block with an event pending");
    expect_eq(calls, 1, "it came");
    expect_eq(this_vcpu()->info->evtchn_upcall_mask, 0, "block has enabled events");
    expect_eq(hypercall(sched_op, SCHEDOP_shutdown, 0x10), -EFAULT,
              "a shutdown without an argument");
    expect_eq(hypercall(sched_op, SCHEDOP_shutdown_code, 0x10), -EFAULT,
              "the reason for one, likewise");
    expect_eq(hypercall(sched_op, SCHEDOP_remote_shutdown, &remote), -ESRCH,
              "shut down a domain that is not there");
    expect_eq(hypercall(sched_op, 99, NULL), -ENOSYS, "99, which is none");
    need(event_close(port));
}
