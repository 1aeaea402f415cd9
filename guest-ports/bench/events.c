/*
 * Events and timers.
 */
#include "bench.h"

extern char bench_upcall[];

_Static_assert(sizeof(struct vcpu_info) == 64, "handlers.S knows this size");
_Static_assert(offsetof(struct shared_info, evtchn_pending) == BENCH_PENDING,
               "handlers.S knows this offset");

volatile ulong bench_events, bench_events_second;
static evtchn_port_t port, timer_port;

static void prepare_port(void)
{
    if ( !port )
        port = (evtchn_port_t)check(event_bind_ipi(0));
    event_mask(port);
    event_clear(port);
}

static void send_masked(long count)
{
    struct evtchn_send send = { port };

    REPEAT(count, event_clear(port); hypercall(event_channel_op, EVTCHNOP_send, &send));
}

static void send_pending(long count)
{
    struct evtchn_send send = { port };

    hypercall(event_channel_op, EVTCHNOP_send, &send);
    REPEAT(count, hypercall(event_channel_op, EVTCHNOP_send, &send));
    event_clear(port);
}

static void unmask(long count)
{
    struct evtchn_unmask op = { port };

    REPEAT(count, hypercall(event_channel_op, EVTCHNOP_unmask, &op));
}

static void prepare_upcall(void)
{
    prepare_port();
    check(hypercall(set_callbacks, bench_upcall, kit_entry_failsafe, kit_entry_syscall));
    event_unmask(port);
}

static void send_to_self(long count)
{
    struct evtchn_send send = { port };

    REPEAT(count, hypercall(event_channel_op, EVTCHNOP_send, &send));
}

/* alloc_unbound, bind_interdomain, send, close, close */
static void bind_cycle(long count)
{
    REPEAT(count, {
        long a = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
        long b = event_bind_interdomain(DOMID_SELF, (evtchn_port_t)a);
        struct evtchn_send send = { (evtchn_port_t)b };
        struct evtchn_close close_a = { (evtchn_port_t)a }, close_b = { (evtchn_port_t)b };

        hypercall(event_channel_op, EVTCHNOP_send, &send);
        hypercall(event_channel_op, EVTCHNOP_close, &close_b);
        hypercall(event_channel_op, EVTCHNOP_close, &close_a);
    });
}

static void timer_pair(long count)
{
    uint64_t far = time_now() + 1000 * NS_PER_S;

    REPEAT(count, hypercall(set_timer_op, far); hypercall(set_timer_op, 0));
}

static void singleshot_pair(long count)
{
    struct vcpu_set_singleshot_timer op = { time_now() + 1000 * NS_PER_S, 0 };

    REPEAT(count, hypercall(vcpu_op, VCPUOP_set_singleshot_timer, 0, &op);
           hypercall(vcpu_op, VCPUOP_stop_singleshot_timer, 0, NULL));
}

static void poll_past(long count)
{
    struct sched_poll poll = { .nr_ports = 1, .timeout = 1 };

    set_xen_guest_handle(poll.ports, &port);
    prepare_port();
    REPEAT(count, hypercall(sched_op, SCHEDOP_poll, &poll));
}

static void prepare_timer(void)
{
    if ( !timer_port )
        timer_port = (evtchn_port_t)check(event_bind_virq(VIRQ_TIMER, 0));
    check(hypercall(set_callbacks, bench_upcall, kit_entry_failsafe, kit_entry_syscall));
    event_unmask(timer_port);
}

/* How late a timer comes, in ns. */
static long latency(bool block)
{
    uint64_t deadline = time_now() + NS_PER_MS;
    ulong before = bench_events;

    hypercall(set_timer_op, deadline);
    while ( bench_events == before )
    {
        if ( block )
            hypercall(sched_op, SCHEDOP_block, NULL);
    }
    return (long)(time_now() - deadline);
}

static long latency_spinning(void)
{
    return latency(false);
}

static long latency_blocked(void)
{
    return latency(true);
}

static void wait_blocked(long count)
{
    REPEAT(count, latency_blocked());
}

const struct bench bench_events_rows[] = {
    { "event_send_masked", .prepare = prepare_port, .run = send_masked },
    { "event_send_pending", .prepare = prepare_port, .run = send_pending },
    { "event_unmask", .prepare = prepare_port, .run = unmask },
    { "event_to_self", .prepare = prepare_upcall, .run = send_to_self },
    { "event_bind_cycle", .run = bind_cycle },
    { "set_timer_pair", .run = timer_pair },
    { "singleshot_pair", .run = singleshot_pair },
    { "poll_past", .run = poll_past },
    { "timer_latency_spinning", .prepare = prepare_timer, .measure = latency_spinning,
      .tries = 20 },
    { "timer_latency_blocked", .prepare = prepare_timer, .run = wait_blocked,
      .measure = latency_blocked, .tries = 20 },
    { 0 },
};
