/*
 * SCHEDOP_poll waits for one of some ports to be pending, masked or not, upcalls enabled or not, or for a timeout.
 */
#include "test.h"

static long poll(evtchn_port_t *ports, unsigned int count, uint64_t timeout)
{
    struct sched_poll op = { .nr_ports = count, .timeout = timeout };

    set_xen_guest_handle(op.ports, ports);
    return hypercall(sched_op, SCHEDOP_poll, &op);
}

/* @pending is, masked or not; another port isn't. */
static void several(evtchn_port_t pending)
{
    evtchn_port_t quiet = (evtchn_port_t)need(event_bind_ipi(0));
    evtchn_port_t ports[] = { quiet, pending, 1u << 20 };
    uint64_t start = time_now();

    event_clear(quiet);
    event_mask(pending);
    expect_eq(poll(&pending, 1, 0), 0, "one that is masked is looked at like any");
    expect_eq(poll(ports, 2, 0), 0, "so is the second of two");
    expect_eq(poll(ports, 3, 0), 0, "the first that is pending ends the look");
    ports[1] = quiet;
    expect_eq(poll(ports, 3, 0), -EINVAL, "a port that can't be, behind others");
    expect_eq(poll(ports, 2, 1), 0, "two that are quiet, and a timeout in the past");
    start = time_now();
    expect_eq(poll(ports, 2, start + 20 * NS_PER_MS), 0, "and one that ends it");
    expect(time_now() >= start + 20 * NS_PER_MS, "not before its time");
    start = time_now();
    expect_eq(poll(NULL, 0, start + 20 * NS_PER_MS), 0, "no port, only a timeout");
    expect(time_now() >= start + 20 * NS_PER_MS, "is a sleep");
    expect_eq(poll((evtchn_port_t *)0x10, 2, time_now() + NS_PER_S), -EFAULT,
              "two ports that are not there");
    need(event_close(quiet));
}

/* A list of two whose second isn't there is read as far as the answer needs it. */
static void no_second(evtchn_port_t pending)
{
    evtchn_port_t quiet = (evtchn_port_t)need(event_bind_ipi(0));
    ulong window = table_window();
    evtchn_port_t *last = (evtchn_port_t *)(window + PAGE_SIZE) - 1;
    void *page = page_alloc();

    table_make(window, 1);
    need(table_map(window, virt_to_mfn(page), PTE_KERNEL_RW));
    event_clear(quiet);
    *last = pending;
    expect_eq(poll(last, 2, 0), 0, "what ends the wait");
    *last = 1u << 20;
    expect_eq(poll(last, 2, 0), -EINVAL, "a port that can't be");
    *last = quiet;
    expect_eq(poll(last, 2, 0), -EFAULT, "one that is quiet");
    need(table_unmap(window));
    page_free(page);
    need(event_close(quiet));
}

void test_main(void)
{
    evtchn_port_t port = (evtchn_port_t)need(event_bind_ipi(0)), bad = 1u << 20;
    uint64_t start = time_now();

    event_clear(port);
    events_disable();
    expect_eq(poll(&port, 1, time_now() + 20 * NS_PER_MS), 0, "nothing comes: the timeout ends it");
    expect(time_now() >= start + 20 * NS_PER_MS, "not before its time");
    expect_eq(poll(&port, 1, 1), 0, "a timeout in the past");

    need(event_send(port));
    start = time_now();
    expect_eq(poll(&port, 1, start + PATIENCE), 0, "a pending port, masked, with events disabled");
    expect(time_now() < start + PATIENCE, "ends it at once");
    expect_eq(event_pending(port), 1, "the port is still pending");
    expect_eq(poll(&port, 1, 0), 0, "a pending port ends a poll that nothing else would");
    expect_eq(event_pending(port), 1, "and stays pending");
    expect_eq(poll(&bad, 1, time_now() + NS_PER_S), -EINVAL, "a port that can't be");
    bad = 0;
    expect_eq(poll(&bad, 1, time_now() + NS_PER_S), -EINVAL, "port 0, which is nobody's");
    expect_eq(poll(&port, 129, time_now() + NS_PER_S), -EINVAL, "more than 128 ports");
    expect_eq(poll((evtchn_port_t *)0x10, 1, time_now() + NS_PER_S), -EFAULT,
              "ports that are not there");
    several(port);
    no_second(port);
    events_enable();
    need(event_close(port));
}
