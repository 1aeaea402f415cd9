/*
 * Binding ports: to VIRQs, to IPIs, between domains (here: to ourselves); what is refused, and what status tells.
 */
#include "test.h"

static long status(evtchn_port_t port, struct evtchn_status *s)
{
    *s = (struct evtchn_status){ .dom = DOMID_SELF, .port = port };
    return hypercall(event_channel_op, EVTCHNOP_status, s);
}

static void virqs(void)
{
    struct evtchn_status s;
    long port = event_bind_virq(VIRQ_DEBUG, 0);

    expect(port > 0, "VIRQ_DEBUG");
    expect_eq(status((evtchn_port_t)port, &s), 0, "its status");
    expect_eq(s.status, EVTCHNSTAT_virq, "is a VIRQ");
    expect_eq(s.u.virq, VIRQ_DEBUG, "this one");
    expect_eq(s.vcpu, 0, "on this vcpu");
    expect_eq(event_bind_virq(VIRQ_DEBUG, 0), -EEXIST, "the same again");
    expect_eq(event_bind_virq(NR_VIRQS, 0), -EINVAL, "one behind the last");
    expect_eq(event_bind_virq(VIRQ_DEBUG, 99), -ENOENT, "on a vcpu that is not there");
    expect_eq(event_bind_vcpu((evtchn_port_t)port, 0), -EINVAL, "a per-vcpu VIRQ does not move");
    expect_eq(event_send((evtchn_port_t)port), -EINVAL, "nobody sends a VIRQ");
    expect_eq(event_close((evtchn_port_t)port), 0, "close it");
    expect_eq(event_close((evtchn_port_t)port), -EINVAL, "close it again");
    expect_eq(status((evtchn_port_t)port, &s), 0, "its status");
    expect_eq(s.status, EVTCHNSTAT_closed, "is closed");
}

static void ipis(void)
{
    struct evtchn_status s;
    long port = event_bind_ipi(0);

    expect(port > 0, "an IPI port");
    expect_eq(status((evtchn_port_t)port, &s), 0, "its status");
    expect_eq(s.status, EVTCHNSTAT_ipi, "is an IPI");
    expect_eq(event_bind_ipi(99), -ENOENT, "to a vcpu that is not there");
    expect_eq(event_bind_vcpu((evtchn_port_t)port, 0), -EINVAL, "an IPI port does not move");
    expect_eq(event_close((evtchn_port_t)port), 0, "close it");

    port = event_bind_ipi(1);
    if ( port < 0 ) /* one vcpu only */
        return;
    expect_eq(status((evtchn_port_t)port, &s), 0, "the status of another vcpu's");
    expect_eq(s.vcpu, 1, "tells which");
    expect_eq(event_close((evtchn_port_t)port), 0, "close that");
    expect_eq(status((evtchn_port_t)port, &s), 0, "its status then");
    expect_eq(s.vcpu, 0, "tells of none any more");
}

static void pairs(void)
{
    struct evtchn_status s;
    long listener = event_alloc_unbound(DOMID_SELF, DOMID_SELF), caller;

    expect(listener > 0, "a port for ourselves to connect to");
    expect_eq(status((evtchn_port_t)listener, &s), 0, "its status");
    expect_eq(s.status, EVTCHNSTAT_unbound, "is unbound");
    expect_eq(event_send((evtchn_port_t)listener), 0, "a send on it is dropped");

    caller = event_bind_interdomain(DOMID_SELF, (evtchn_port_t)listener);
    expect(caller > 0, "connect to it");
    expect_eq(event_pending((evtchn_port_t)caller), 1, "the connecting end is pending at once");
    event_clear((evtchn_port_t)caller);
    expect_eq(event_bind_interdomain(DOMID_SELF, (evtchn_port_t)listener), -EINVAL,
              "connect to it again");
    expect_eq(status((evtchn_port_t)listener, &s), 0, "its status");
    expect_eq(s.status, EVTCHNSTAT_interdomain, "is connected");
    expect_eq(s.u.interdomain.port, caller, "to this port");
    expect_eq(event_send((evtchn_port_t)caller), 0, "send from one end");
    expect_eq(event_pending((evtchn_port_t)listener), 1, "is pending at the other");
    event_clear((evtchn_port_t)listener);
    expect_eq(event_bind_vcpu((evtchn_port_t)listener, 0), 0, "such a port moves");
    expect_eq(event_bind_vcpu((evtchn_port_t)listener, 99), -ENOENT, "but to vcpus that are there");

    expect_eq(event_close((evtchn_port_t)caller), 0, "close one end");
    expect_eq(status((evtchn_port_t)listener, &s), 0, "the other's status");
    expect_eq(s.status, EVTCHNSTAT_unbound, "is unbound again");
    expect_eq(event_pending((evtchn_port_t)listener), 0, "nothing told it");
    expect_eq(event_close((evtchn_port_t)listener), 0, "close the other");
}

/* Answers without a place: what is done is done all the same. */
static void untold(void)
{
    struct evtchn_alloc_unbound open = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_bind_interdomain join = { .remote_dom = DOMID_SELF };
    void *page = page_copied_readonly(&open, sizeof(open));
    struct evtchn_status s;
    long free = event_alloc_unbound(DOMID_SELF, DOMID_SELF);

    need(event_close((evtchn_port_t)free));
    expect_eq(hypercall(event_channel_op, EVTCHNOP_alloc_unbound, page), -EFAULT, "open a port");
    page_release(page);
    expect_eq(status((evtchn_port_t)free, &s), 0, "its status");
    expect_eq(s.status, EVTCHNSTAT_unbound, "is unbound");

    join.remote_port = (evtchn_port_t)free;
    free = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
    need(event_close((evtchn_port_t)free));
    page = page_copied_readonly(&join, sizeof(join));
    expect_eq(hypercall(event_channel_op, EVTCHNOP_bind_interdomain, page), -EFAULT, "join it");
    page_release(page);
    expect_eq(event_pending((evtchn_port_t)free), 1, "its peer is pending");
    event_clear((evtchn_port_t)free);
    expect_eq(event_close((evtchn_port_t)free), 0, "close that");
    expect_eq(event_close(join.remote_port), 0, "close the other");
}

void test_main(void)
{
    struct evtchn_status s;
    struct evtchn_unmask absurd = { .port = 1u << 31 };

    virqs();
    ipis();
    pairs();
    untold();
    expect_eq(event_alloc_unbound(999, DOMID_SELF), -ESRCH, "a port in a domain that is not there");
    expect(event_alloc_unbound(DOMID_SELF, 999) > 0, "a port for a domain that is not there yet");
    expect_eq(event_bind_interdomain(999, 1), -ESRCH, "connect to a domain that is not there");
    expect_eq(event_bind_interdomain(DOMID_SELF, 4000), -EINVAL,
              "connect to a port that is not there");
    expect_eq(event_close(0), -EINVAL, "port 0 is no port");
    expect_eq(event_close(4095), -EINVAL, "close a port that was never open");
    expect_eq(event_send(1u << 31), -EINVAL, "send on an absurd port");
    expect_eq(event_bind_vcpu(1u << 31, 0), -EINVAL, "move an absurd port");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_unmask, &absurd), -EINVAL, "unmask it");
    expect_eq(status(1u << 31, &s), -EINVAL, "status of an absurd port");
    expect_eq(hypercall(event_channel_op, 99, &s), -ENOSYS, "an unknown operation");
    expect_eq(hypercall(event_channel_op, EVTCHNOP_status, 0x10), -EFAULT,
              "an argument that is not there");
}
