/*
 * sched_op's easy ones: yield returns; block enables events and returns at once when some are pending; unknown ones
 * don't exist; nobody shuts down a domain that is not there; a domain has two watchdogs.
 */
#include "test.h"

static unsigned int calls;

static void count(evtchn_port_t port, void *data)
{
    calls++;
}

static long watchdog(uint32_t id, uint32_t timeout)
{
    struct sched_watchdog op = { .id = id, .timeout = timeout };

    return (int)hypercall(sched_op, SCHEDOP_watchdog, &op); /* Debian's Xen: an unsigned int */
}

/* There are two, which nobody has started yet. */
static void watchdogs(void)
{
    expect_eq(watchdog(1, 1000), -EINVAL, "one that was never made");
    expect_eq(watchdog(0, 1000), 1, "the first");
    expect_eq(watchdog(0, 1000), 2, "the second");
    expect_eq(watchdog(0, 1000), -ENOSPC, "no third");
    expect_eq(watchdog(3, 1000), -EINVAL, "nor is there such a number");
    expect_eq(watchdog(2, 1000), 0, "wind one up again");
    expect_eq(watchdog(1, 0), 0, "stop one");
    expect_eq(watchdog(2, 0), 0, "and the other");
    expect_eq(watchdog(2, 0), -EINVAL, "once more");
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
    watchdogs();
    need(event_close(port));
}
