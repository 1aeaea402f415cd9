/*
 * Events between vcpus: an IPI to one that blocks wakes it; a port that is moved interrupts its new vcpu.
 */
#include "test.h"

static volatile unsigned int taken[2], ready;
static volatile bool stop;
static evtchn_port_t wake;

static void take(evtchn_port_t port, void *data)
{
    taken[this_vcpu()->id]++;
}

static void other(void *arg)
{
    events_disable();
    ready = 1;
    event_wait_until(stop);
}

static bool wait_for(volatile unsigned int *word, unsigned int value)
{
    uint64_t end = time_now() + PATIENCE;

    while ( *word != value && time_now() < end )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    return *word == value;
}

void test_main(void)
{
    long listener, caller;

    if ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) < 0 )
        skip("needs 2 vcpus");
    wake = (evtchn_port_t)need(event_bind_ipi(1));
    event_handle(wake, take, NULL);
    need(vcpu_start(1, other, NULL));
    expect(wait_for(&ready, 1), "the other vcpu is there");
    expect_eq(event_send(wake), 0, "an IPI");
    expect(wait_for(&taken[1], 1), "wakes it");
    expect_eq(taken[0], 0, "not us");

    listener = need(event_alloc_unbound(DOMID_SELF, DOMID_SELF));
    caller = need(event_bind_interdomain(DOMID_SELF, (evtchn_port_t)listener));
    event_handle((evtchn_port_t)listener, take, NULL);
    need(event_send((evtchn_port_t)caller));
    expect_eq(taken[0], 1, "a new port is ours");
    expect_eq(event_bind_vcpu((evtchn_port_t)listener, 1), 0, "move it");
    need(event_send((evtchn_port_t)caller));
    expect(wait_for(&taken[1], 2), "it interrupts the other");
    expect_eq(taken[0], 1, "no more us");

    stop = true;
    need(event_send(wake));
    expect(wait_for(&taken[1], 3), "the last one");
    need(event_close((evtchn_port_t)caller));
    need(event_close((evtchn_port_t)listener));
    while ( hypercall(vcpu_op, VCPUOP_is_up, 1, NULL) == 1 )
        hypercall(sched_op, SCHEDOP_yield, NULL);
    need(event_close(wake));
}
