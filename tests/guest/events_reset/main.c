/*
 * EVTCHNOP_reset closes all of a domain's ports.
 */
#include "test.h"

void test_main(void)
{
    struct evtchn_reset reset = { .dom = DOMID_SELF };
    evtchn_port_t first = (evtchn_port_t)need(event_bind_ipi(0));
    evtchn_port_t second = (evtchn_port_t)need(event_alloc_unbound(DOMID_SELF, DOMID_SELF));

    if ( !is_dom0() )
        skip("it would cut us off from console and store");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_reset, &reset), 0, "reset");
    time_alarm_forget();
    expect_eq(event_close(first), -EINVAL, "the first port is gone");
    expect_eq(event_close(second), -EINVAL, "the second too");
    expect_eq(event_bind_ipi(0), 1, "ports are counted from the start again");
    expect_eq(event_close(1), 0, "close it");
    reset.dom = 999;
    expect_eq(hypercall(event_channel_op, EVTCHNOP_reset, &reset), -ESRCH,
              "of a domain that is not there");
}
