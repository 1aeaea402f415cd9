/*
 * How an event becomes an upcall: the port's pending bit, then, if the port is not masked, the vcpu's selector word,
 * then upcall_pending; the upcall itself when the vcpu's mask allows it, after any hypercall at the latest.
 */
#include "test.h"

static unsigned int calls;

static void count(evtchn_port_t port, void *data)
{
    calls++;
}

void test_main(void)
{
    volatile struct vcpu_info *info = this_vcpu()->info;
    evtchn_port_t port = (evtchn_port_t)need(event_bind_ipi(0));
    struct evtchn_unmask unmask = { .port = port };

    expect_eq(event_send(port), 0, "send while the port is masked");
    expect_eq(event_pending(port), 1, "pending");
    expect_eq(info->evtchn_upcall_pending, 0, "no upcall");
    expect_eq(info->evtchn_pending_sel, 0, "no selector bit");

    events_disable();
    expect_eq(hypercall(event_channel_op, EVTCHNOP_unmask, &unmask), 0, "unmask the pending port");
    expect_eq(info->evtchn_upcall_pending, 1, "an upcall is due");
    expect_eq(info->evtchn_pending_sel, 1UL << (port / 64), "the selector bit");
    expect_eq(calls, 0, "but the vcpu has events disabled");
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    event_clear(port);

    event_handle(port, count, NULL);
    expect_eq(event_send(port), 0, "send with events disabled");
    expect_eq(event_send(port), 0, "and again: one pending bit holds both");
    expect_eq(calls, 0, "no upcall yet");
    events_enable();
    expect_eq(calls, 1, "one upcall when they are enabled");

    expect_eq(event_send(port), 0, "send with events enabled");
    expect_eq(calls, 2, "the upcall came before the hypercall returned");

    info->evtchn_upcall_pending = 1; /* what a guest writes there counts */
    hypercall(xen_version, XENVER_version, NULL);
    expect_eq(info->evtchn_upcall_pending, 0, "a hand-made upcall was taken");
    expect_eq(calls, 2, "and found nothing");

    event_mask(port);
    need(event_send(port));
    event_unmask(port);
    expect_eq(calls, 3, "unmasking a pending port gives the upcall");
    need(event_close(port));
}
