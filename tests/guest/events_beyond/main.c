/*
 * Event channels that were made with the FIFO ABI have no bits in shared_info: after a reset, which goes back to the
 * 2-level ABI, neither poll nor unmask looks for them there, or behind it.
 */
#include "test.h"

#define PORTS 20000 /* their bits would reach beyond the page */

static long poll(evtchn_port_t port)
{
    struct sched_poll op = { .nr_ports = 1, .timeout = 1 };

    set_xen_guest_handle(op.ports, &port);
    return hypercall(sched_op, SCHEDOP_poll, &op);
}

static long unmask(evtchn_port_t port)
{
    struct evtchn_unmask op = { .port = port };

    return hypercall(event_channel_op, EVTCHNOP_unmask, &op);
}

void test_main(void)
{
    struct evtchn_reset reset = { .dom = DOMID_SELF };
    struct evtchn_init_control init = { .control_gfn = virt_to_mfn(page_alloc()) };
    volatile unsigned char *page = (void *)&shared_info;
    const unsigned int behind = 3500; /* a byte of the page that has no use */
    evtchn_port_t port;

    if ( !is_dom0() )
        skip("it would cut us off from console and store");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_init_control, &init), 0, "FIFO");
    do
        port = (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, DOMID_SELF));
    while ( port < PORTS );
    expect_eq(hypercall(event_channel_op, EVTCHNOP_reset, &reset), 0, "reset");
    time_alarm_forget();

    expect_eq(poll(EVTCHN_2L_NR_CHANNELS + 70), -EINVAL, "poll a port of the FIFO ABI");
    page[behind] = 0xff;
    expect_eq(unmask((evtchn_port_t)(behind - offsetof(struct shared_info, evtchn_mask)) * 8), 0,
              "unmask one whose bit would be in the page");
    expect_eq(page[behind], 0xff, "what lies there");
    expect_eq(unmask(PORTS - 1), 0, "unmask one whose bit would be beyond it");
    expect_eq(event_bind_ipi(0), 1, "ports are counted from the start again");
    expect_eq(event_close(1), 0, "close it");
}
