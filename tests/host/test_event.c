/*
 * Event channels: bindings, both ABIs as a guest sees them, poll, reset and teardown; then random operations, after
 * each of which a guest that consumes its events must have found just those that were sent.
 *
 * LINK: hypervisor/event/[a-z]*.c
 * LINK: hypervisor/sched/core.c hypervisor/sched/affinity.c hypervisor/sched/balance.c hypervisor/sched/fair.c
 * LINK: hypervisor/sched/cap.c hypervisor/sched/ops.c
 * LINK: hypervisor/mm/frame.c tests/host/fake/machine*.c tests/host/fake/rooms.c tests/host/fake/event.c
 */
#include "tests/host/fake/event.h"

#include "cpu/percpu.h"
#include "event/port.h"
#include "lib/bitmap.h"
#include "sched/sched.h"

/* --- Bindings --- */

TEST(ports_are_given_from_one_up_and_again)
{
    set_up();
    expect_eq(BIND(dom0, bind_ipi, port, .vcpu = 0), 1);
    expect_eq(BIND(dom0, bind_ipi, port, .vcpu = 1), 2);
    expect_eq(BIND(dom0, bind_ipi, port, .vcpu = 2), -ENOENT);
    expect_eq(alloc_unbound(dom0, 1), 3);
    expect_eq(close_port(dom0, 2), 0);
    expect_eq(close_port(dom0, 2), -EINVAL);
    expect_eq(close_port(dom0, 0), -EINVAL);
    expect_eq(close_port(dom0, 100000), -EINVAL);
    expect_eq(alloc_unbound(dom0, 1), 2);
    expect_eq(status(dom0, 2).vcpu, 0);
    expect_eq(close_port(dom0, 2), 0);
    expect_eq(BIND(dom0, bind_ipi, port, .vcpu = 1), 2);
    expect_eq(status(dom0, 2).status, EVTCHNSTAT_ipi);
    expect_eq(status(dom0, 2).vcpu, 1);
    expect_eq(status(dom0, 3).u.unbound.dom, 1);
    expect_eq(status(dom0, 4).status, EVTCHNSTAT_closed);
}

TEST(an_operation_that_does_not_exist)
{
    set_up();
    expect_eq(event_channel_op(14, 0), -ENOSYS);
    expect_eq(event_channel_op(~0UL, 0), -ENOSYS);
    expect_eq(event_channel_op(EVTCHNOP_send, 8), -EFAULT);
    expect_eq(event_channel_op(EVTCHNOP_reset, 8), -EFAULT);
    expect_eq(event_channel_op(EVTCHNOP_send, ~0UL), -EFAULT);
}

TEST(virqs)
{
    set_up();
    expect_eq(BIND(dom0, bind_virq, port, .virq = VIRQ_TIMER, .vcpu = 1), 1);
    expect_eq(BIND(dom0, bind_virq, port, .virq = VIRQ_TIMER, .vcpu = 1), -EEXIST);
    expect_eq(BIND(dom0, bind_virq, port, .virq = VIRQ_TIMER, .vcpu = 0), 2);
    expect_eq(BIND(dom0, bind_virq, port, .virq = VIRQ_CONSOLE, .vcpu = 1), -EINVAL);
    expect_eq(BIND(dom0, bind_virq, port, .virq = VIRQ_CONSOLE, .vcpu = 0), 3);
    expect_eq(BIND(dom0, bind_virq, port, .virq = 23, .vcpu = 0), 4);
    expect_eq(BIND(dom0, bind_virq, port, .virq = 24, .vcpu = 0), -EINVAL);
    expect_eq(BIND(dom0, bind_virq, port, .virq = VIRQ_DEBUG, .vcpu = 2), -ENOENT);

    event_send_timer(dom0->vcpus[1]);
    expect(bit(dom0, 1) && !bit(dom0, 2));
    expect_eq(consume_two_level(dom0->vcpus[0]), 0);
    expect_eq(consume_two_level(dom0->vcpus[1]), 1);

    expect_eq(OP(dom0, bind_vcpu, .port = 1, .vcpu = 0), -EINVAL);
    expect_eq(OP(dom0, bind_vcpu, .port = 3, .vcpu = 1), 0);
    event_send_global_virq(VIRQ_CONSOLE);
    expect_eq(consume_two_level(dom0->vcpus[1]), 3);

    expect_eq(close_port(dom0, 3), 0);
    event_send_global_virq(VIRQ_CONSOLE); /* to nobody */
    expect_eq(BIND(dom0, bind_virq, port, .virq = VIRQ_CONSOLE, .vcpu = 0), 3);
    expect(!bit(dom0, 3));
    expect_eq(send_event(dom0, 3), -EINVAL);
}

TEST(global_virqs_of_others_than_dom0)
{
    u32 first, ours, theirs;

    set_up();
    first = domu->refs;
    ours = (u32)BIND(dom0, bind_virq, port, .virq = VIRQ_CON_RING, .vcpu = 0);
    theirs = (u32)BIND(domu, bind_virq, port, .virq = VIRQ_CON_RING, .vcpu = 0);
    expect_eq(event_set_virq_handler(domu, VIRQ_TIMER), -EINVAL);
    expect_eq(event_set_virq_handler(domu, NR_VIRQS), -EINVAL);
    event_send_global_virq(VIRQ_CON_RING);
    expect(bit(dom0, ours) && !bit(domu, theirs));
    expect_eq(consume_two_level(dom0->vcpus[0]), ours);

    for ( int i = 0; i < 2; i++ )
        expect_eq(event_set_virq_handler(domu, VIRQ_CON_RING), 0);
    expect_eq(domu->refs, first + 1);
    event_send_global_virq(VIRQ_CON_RING);
    expect(!bit(dom0, ours) && bit(domu, theirs));
    expect_eq(consume_two_level(domu->vcpus[0]), theirs);

    expect_eq(event_set_virq_handler(dom0, VIRQ_CON_RING), 0);
    expect_eq(domu->refs, first);
    event_send_global_virq(VIRQ_CON_RING);
    expect_eq(consume_two_level(dom0->vcpus[0]), ours);

    expect_eq(event_set_virq_handler(domu, VIRQ_CON_RING), 0);
    expect_eq(event_domain_relinquish(domu), 0);
    expect_eq(domu->refs, first);
    event_send_global_virq(VIRQ_CON_RING);
    expect_eq(consume_two_level(dom0->vcpus[0]), ours);
}

/* Whoever subscribed hears through the suspended domain's own port; if that isn't open, somebody else must be told. */
TEST(suspend_subscription)
{
    u32 theirs, ours;

    set_up();
    expect(!event_send_suspended(domu));
    ours = (u32)alloc_unbound(dom0, domu->id);
    theirs = (u32)bind_interdomain(domu, 0, ours);
    domu->event.suspend_port = theirs;
    expect(event_send_suspended(domu) && bit(dom0, ours));
    domu->event.suspend_port = theirs + 1;
    expect(!event_send_suspended(domu));
    domu->event.suspend_port = ~0u;
    expect(!event_send_suspended(domu));
}

TEST(pirqs)
{
    set_up();
    expect_eq(BIND(domu, bind_pirq, port, .pirq = 5), -EPERM);
    expect_eq(BIND(dom0, bind_pirq, port, .pirq = 500), -EINVAL);
    expect_eq(BIND(dom0, bind_pirq, port, .pirq = ~0u), -EINVAL);
    expect_eq(BIND(dom0, bind_pirq, port, .pirq = 5), 1);
    expect_eq(BIND(dom0, bind_pirq, port, .pirq = 5), -EEXIST);
    expect_eq(status(dom0, 1).u.pirq, 5);
    expect(event_send_pirq(dom0, 5));
    expect(!event_send_pirq(dom0, 5));
    expect(!event_send_pirq(dom0, 6));
    expect(!event_send_pirq(domu, 5));
    expect_eq(OP(dom0, unmask, .port = 1), 0);
    expect_eq(pirqs_unmasked, 1u << 5);
    expect_eq(close_port(dom0, 1), 0);
    expect_eq(pirqs_bound, 0);
    expect(!event_send_pirq(dom0, 5));
    expect_eq(BIND(dom0, bind_pirq, port, .pirq = 5), 1);
}

TEST(interdomain)
{
    u32 a, b;

    set_up();
    a = (u32)alloc_unbound(dom0, domu->id);
    expect_eq(bind_interdomain(domu, 7, a), -ESRCH);
    expect_eq(bind_interdomain(domu, 0, a + 1), -EINVAL);
    expect_eq(bind_interdomain(dom0, 0, a), -EINVAL); /* open to domu only */
    b = (u32)bind_interdomain(domu, 0, a);
    expect_eq(b, 1);
    expect_eq(bind_interdomain(domu, 0, a), -EINVAL);
    expect(bit(domu, b) && !bit(dom0, a));
    expect_eq(consume_two_level(domu->vcpus[0]), b);
    expect_eq(status(dom0, a).u.interdomain.dom, 1);
    expect_eq(status(domu, b).u.interdomain.port, a);

    expect_eq(send_event(domu, b), 0);
    expect_eq(consume_two_level(dom0->vcpus[0]), a);
    expect_eq(OP(dom0, bind_vcpu, .port = a, .vcpu = 1), 0);
    expect_eq(OP(dom0, bind_vcpu, .port = a, .vcpu = 2), -ENOENT);
    expect_eq(send_event(domu, b), 0);
    expect_eq(consume_two_level(dom0->vcpus[0]), 0);
    expect_eq(consume_two_level(dom0->vcpus[1]), a);

    /* The closer's peer is told nothing, and may be joined again by the same domain only. */
    expect_eq(close_port(domu, b), 0);
    expect_eq(status(dom0, a).status, EVTCHNSTAT_unbound);
    expect_eq(status(dom0, a).u.unbound.dom, 1);
    expect_eq(send_event(dom0, a), 0);
    expect_eq(bind_interdomain(domu, 0, a), b);
    expect_eq(close_port(dom0, a), 0);
    expect_eq(status(domu, b).u.unbound.dom, 0);
    expect_eq(close_port(domu, b), 0);
    expect_eq(dom0->refs, 1);
    expect_eq(domu->refs, 1);
}

TEST(interdomain_with_oneself)
{
    u32 a, b;

    set_up();
    a = (u32)alloc_unbound(domu, DOMID_SELF);
    b = (u32)bind_interdomain(domu, DOMID_SELF, a);
    expect_eq(b, 2);
    expect_eq(send_event(domu, b), 0);
    expect(bit(domu, a));
    expect_eq(close_port(domu, b), 0);
    expect_eq(status(domu, a).status, EVTCHNSTAT_unbound);
    expect_eq(domu->refs, 1);
}

/* Whose port is meant, where several domains have one of that number; and who may join what is left of a pair. */
TEST(ports_of_equal_numbers)
{
    u32 mine;

    set_up();
    expect_eq(alloc_unbound(domu, DOMID_SELF), 1);
    expect_eq(alloc_unbound(dom0, domu->id), 1);
    mine = (u32)bind_interdomain(domu, 0, 1);
    expect_eq(status(domu, mine).u.interdomain.dom, 0);
    expect_eq(status(domu, 1).status, EVTCHNSTAT_unbound);

    mine = (u32)alloc_unbound(domu, DOMID_SELF);
    expect_eq(status(domu, mine).u.unbound.dom, domu->id);
    mine = (u32)alloc_unbound(domu, 0);
    expect_eq(bind_interdomain(dom0, domu->id, mine), 2);
    expect_eq(close_port(domu, mine), 0);
    expect_eq(status(dom0, 2).u.unbound.dom, domu->id);
}

TEST(others_ports)
{
    struct evtchn_status arg = { .dom = 0, .port = 1 };

    set_up();
    expect_eq(BIND(dom0, alloc_unbound, port, .dom = 1, .remote_dom = DOMID_SELF), 1);
    expect_eq(status(domu, 1).u.unbound.dom, 0);
    expect_eq(BIND(domu, alloc_unbound, port, .dom = 0, .remote_dom = 1), -EPERM);
    expect_eq(BIND(dom0, alloc_unbound, port, .dom = 9, .remote_dom = 1), -ESRCH);
    fake_run(domu->vcpus[0]);
    expect_eq(event_channel_op(EVTCHNOP_status, (unsigned long)&arg), -EPERM);
    expect_eq(OP(domu, reset, .dom = 0), -EPERM);
    expect_eq(OP(dom0, reset, .dom = 1), -EINVAL); /* not paused */
}

TEST(as_many_ports_as_allowed)
{
    set_up();
    domu->event.max_port = 10;
    for ( u32 i = 1; i <= 10; i++ )
        expect_eq(alloc_unbound(domu, 0), i);
    expect_eq(alloc_unbound(domu, 0), -ENOSPC);
    for ( u32 i = 1; i < EVTCHN_2L_NR_CHANNELS; i++ )
        require(alloc_unbound(dom0, 1) == i);
    expect_eq(alloc_unbound(dom0, 1), -ENOSPC);
    expect_eq(close_port(dom0, 4095), 0);
    expect_eq(BIND(dom0, bind_ipi, port, .vcpu = 0), 4095);
}

/* --- Delivery --- */

TEST(masked_events_wait)
{
    u32 port;

    set_up();
    port = (u32)BIND(dom0, bind_ipi, port, .vcpu = 1);
    mask(dom0, port);
    expect_eq(send_event(dom0, port), 0);
    expect(bit(dom0, port));
    expect(!dom0->vcpus[1]->cpu.info->evtchn_upcall_pending);
    expect_eq(OP(dom0, unmask, .port = port), 0);
    expect(dom0->vcpus[1]->cpu.info->evtchn_upcall_pending);
    expect_eq(consume_two_level(dom0->vcpus[1]), port);
    expect_eq(OP(dom0, unmask, .port = port), 0);
    expect(!dom0->vcpus[1]->cpu.info->evtchn_upcall_pending);
    expect_eq(OP(dom0, unmask, .port = 100000), -EINVAL);
}

TEST(a_moved_vcpu_info_is_looked_through)
{
    struct vcpu_info info = { 0 };

    set_up();
    dom0->vcpus[0]->cpu.info = &info;
    event_vcpu_info_moved(dom0->vcpus[0]);
    expect(info.evtchn_upcall_pending && info.evtchn_pending_sel == ~0UL);
}

/* --- Poll --- */

static long poll(struct vcpu *v, evtchn_port_t *ports, u32 n, u64 timeout)
{
    struct sched_poll arg = { .nr_ports = n, .timeout = timeout };

    set_xen_guest_handle(arg.ports, ports);
    fake_run(v);
    v->sched.running = true; /* as if it had come to the CPU by itself */
    return sched_op(SCHEDOP_poll, (unsigned long)&arg);
}

TEST(poll_wakes_on_masked_events)
{
    struct vcpu *v;
    evtchn_port_t ports[2] = { 0 };

    set_up();
    v = domu->vcpus[0];
    ports[0] = (u32)BIND(domu, bind_ipi, port, .vcpu = 0);
    ports[1] = (u32)BIND(domu, bind_ipi, port, .vcpu = 0);
    mask(domu, ports[0]);
    mask(domu, ports[1]);

    expect_eq(poll(v, ports, 1, 0), 0);
    expect(v->sched.blocked && domu->event.pollers == 1);
    send_event(domu, ports[1]);
    expect(v->sched.blocked);
    send_event(domu, ports[0]);
    expect(!v->sched.blocked && domu->event.pollers == 0);

    expect_eq(poll(v, ports, 1, 0), 0); /* pending already */
    expect(!v->sched.blocked);
    clear_bit(ports[0], (unsigned long *)domu->shared_info->evtchn_pending);
    clear_bit(ports[1], (unsigned long *)domu->shared_info->evtchn_pending);

    expect_eq(poll(v, ports, 2, 0), 0);
    expect(v->sched.blocked);
    send_event(domu, ports[1]);
    expect(!v->sched.blocked);

    ports[1] = 100000;
    clear_bit(ports[0], (unsigned long *)domu->shared_info->evtchn_pending);
    expect_eq(poll(v, ports, 2, 0), -EINVAL);
    expect_eq(domu->event.pollers, 0);
}

/* A late wake-up, of a poll before, ends the next one without its end: that the one after finds. */
TEST(poll_after_a_stray_wake_up)
{
    struct vcpu *v;
    evtchn_port_t port;

    set_up();
    v = domu->vcpus[0];
    port = (u32)BIND(domu, bind_ipi, port, .vcpu = 0);
    expect_eq(poll(v, &port, 1, 0), 0);
    v->sched.blocked = false;
    expect_eq(poll(v, &port, 1, 0), 0);
    expect_eq(domu->event.pollers, 1);
    send_event(domu, port);
    expect(!v->sched.blocked);
    expect_eq(domu->event.pollers, 0);
}

static evtchn_port_t late;

static void send_late(void)
{
    struct vcpu *polling = current_vcpu();

    send_event(domu, late);
    fake_run(polling);
}

/* An event that comes when nobody is asleep yet, for it or for an upcall, is found by the second look. */
TEST(poll_looks_again_before_it_sleeps)
{
    struct vcpu *v;
    evtchn_port_t ports[2];

    set_up();
    v = domu->vcpus[0];
    for ( u32 i = 0; i < 2; i++ )
    {
        ports[i] = (u32)BIND(domu, bind_ipi, port, .vcpu = 0);
        mask(domu, ports[i]);
    }
    for ( u32 n = 1; n <= 2; n++ )
    {
        late = ports[n - 1];
        fake_meanwhile = send_late;
        expect_eq(poll(v, ports, n, (u64)fake_now + 1000), 0);
        expect(!fake_meanwhile && bit(domu, late));
        expect(!v->sched.blocked && domu->event.pollers == 0);
        clear_bit(late, (unsigned long *)domu->shared_info->evtchn_pending);
    }
    v->cpu.info->evtchn_upcall_pending = 1;
    expect_eq(poll(v, ports, 1, 0), 0);
    expect(!v->sched.blocked && domu->event.pollers == 0);
    v->cpu.info->evtchn_upcall_mask = 1;
    expect_eq(poll(v, ports, 1, 0), 0);
    expect(v->sched.blocked && domu->event.pollers == 1);
}

TEST(poll_ends_in_time)
{
    struct vcpu *v;
    evtchn_port_t port;

    set_up();
    v = domu->vcpus[0];
    port = (u32)BIND(domu, bind_ipi, port, .vcpu = 0);
    expect_eq(poll(v, &port, 1, (u64)fake_now - 1), 0);
    expect(!v->sched.blocked);
    expect_eq(poll(v, &port, 1, (u64)fake_now + 1000), 0);
    expect(v->sched.blocked);
    fake_advance(fake_now + 999);
    expect(v->sched.blocked);
    fake_advance(fake_now + 1);
    expect(!v->sched.blocked && domu->event.pollers == 0);
    expect_eq(poll(v, &port, 129, 0), -EINVAL);
    expect_eq(poll(v, (evtchn_port_t *)8, 1, 0), -EFAULT);
}

/* Most ports are found in fewer steps than those that are far up: both kinds are used alike. */
TEST(ports_near_and_far)
{
    u32 near, far, ipi;

    set_up();
    near = (u32)alloc_unbound(dom0, 0);
    while ( alloc_unbound(dom0, 0) < EVENT_GROUP )
        ;
    far = (u32)bind_interdomain(dom0, 0, near);
    ipi = (u32)BIND(dom0, bind_ipi, port, .vcpu = 1);
    expect(far > EVENT_GROUP && ipi > far);
    expect_eq(consume_two_level(dom0->vcpus[0]), far);

    expect_eq(send_event(dom0, near), 0);
    expect_eq(consume_two_level(dom0->vcpus[0]), far);
    expect_eq(send_event(dom0, far), 0);
    expect_eq(consume_two_level(dom0->vcpus[0]), near);
    expect_eq(send_event(dom0, ipi), 0);
    expect_eq(consume_two_level(dom0->vcpus[1]), ipi);
    expect_eq(send_event(dom0, EVENT_GROUP - 1), 0); /* unbound */
    expect_eq(send_event(dom0, ipi + 1), -EINVAL);
    expect_eq(send_event(dom0, 2 * EVENT_GROUP), -EINVAL);

    expect_eq(bind_interdomain(dom0, 0, EVENT_GROUP), ipi + 1);
    expect_eq(close_port(dom0, EVENT_GROUP), 0);
    expect_eq(status(dom0, ipi + 1).status, EVTCHNSTAT_unbound);
    expect_eq(close_port(dom0, near), 0);
    expect_eq(status(dom0, far).status, EVTCHNSTAT_unbound);
    expect_eq(send_event(dom0, far), 0);
    expect(!bit(dom0, near));
    expect_eq(alloc_unbound(dom0, 0), near);
    expect_eq(close_port(dom0, ipi), 0);
    expect_eq(close_port(dom0, ipi), -EINVAL);
}

/* --- The end --- */

static void open_many(void)
{
    for ( u32 i = 0; i < 200; i++ )
    {
        u32 a = (u32)alloc_unbound(dom0, 1);

        bind_interdomain(domu, 0, a);
        BIND(dom0, bind_ipi, port, .vcpu = 0);
    }
    BIND(dom0, bind_virq, port, .virq = VIRQ_TIMER, .vcpu = 0);
    BIND(dom0, bind_pirq, port, .pirq = 5);
}

TEST(reset_stops_and_resumes)
{
    struct fifo_guest g;
    struct evtchn_reset arg = { .dom = DOMID_SELF };
    unsigned int stops = 0;
    long rc;

    set_up();
    open_many();
    fifo_start(&g, dom0);
    fifo_expand(&g, 0);
    fake_run(dom0->vcpus[0]);
    fake_preempt_at = fake_preempt_every = 1;
    while ( (rc = event_channel_op(EVTCHNOP_reset, (unsigned long)&arg)) == -ERESTART &&
            stops < 100 )
    {
        stops++;
        expect_eq(fake_continuation.arg[1], (unsigned long)&arg);
    }
    expect_eq(rc, 0);
    expect(stops > 3);
    for ( u32 i = 1; i < dom0->event.nr_ports; i++ )
        expect_eq(event_port(dom0, i)->state, EVENT_FREE);
    expect(!dom0->vcpus[0]->event.virq_port[VIRQ_TIMER]);
    expect_eq(pirqs_bound, 0);
    expect_eq(dom0->refs, 1);
    expect_eq(domu->refs, 1);
    expect(!dom0->event.fifo);
    expect_eq(fake_refs(g.array[0]), 1);
    expect_eq(fake_refs(g.control[1]), 1);
    expect_eq(BIND(dom0, bind_ipi, port, .vcpu = 0), 1);
}

/* A guest that never goes on with its reset, and opens what the reset has passed already. */
TEST(teardown_begins_at_the_first_port)
{
    struct evtchn_reset arg = { .dom = DOMID_SELF };
    struct domain *d;

    set_up();
    d = fake_guest(5, false, 2);
    for ( u32 i = 0; i < 200; i++ )
        alloc_unbound(d, 0);
    fake_run(d->vcpus[0]);
    fake_preempt_at = 2;
    expect_eq(event_channel_op(EVTCHNOP_reset, (unsigned long)&arg), -ERESTART);
    fake_preempt_at = 0;
    expect_eq(bind_interdomain(d, 0, (u32)alloc_unbound(dom0, 5)), 1);
    expect(fake_guest_relinquish(d));
    expect_eq(d->refs, 1);
    expect_eq(dom0->refs, 1);
    fake_guest_destroy(d);
}

TEST(teardown_leaves_nothing)
{
    long blocks;
    struct domain *d;
    struct fifo_guest g;

    set_up();
    blocks = fake_heap_blocks;
    d = fake_guest(5, false, 2);
    for ( u32 i = 0; i < 300; i++ )
        bind_interdomain(d, 0, (u32)alloc_unbound(dom0, 5));
    fifo_start(&g, d);
    fifo_expand(&g, 0);
    fake_preempt_at = 2;
    expect(!fake_guest_relinquish(d));
    expect_eq(alloc_unbound(d, 0), -EINVAL);
    while ( !fake_guest_relinquish(d) )
        ;
    expect_eq(d->refs, 1);
    expect_eq(dom0->refs, 1);
    expect_eq(fake_refs(g.array[0]), 1);
    fake_guest_destroy(d);
    expect(fake_heap_blocks <= blocks + 2); /* dom0's own ports */
    expect_eq(status(dom0, 1).u.unbound.dom, 5);
}

/* Joined to itself: port 1, which is near, and one that a guest has only with the FIFO ABI. */
TEST(a_pair_that_survives_a_reset)
{
    struct evtchn_reset arg = { .dom = DOMID_SELF };
    u32 beyond = EVTCHN_2L_NR_CHANNELS + 5;
    struct fifo_guest g;

    set_up();
    fifo_start(&g, dom0);
    for ( u32 n = 1; n < beyond + 200; n++ )
        require(alloc_unbound(dom0, 0) == n);
    fake_preempt_at = beyond / 64 + 1;
    expect_eq(event_channel_op(EVTCHNOP_reset, (unsigned long)&arg), -ERESTART);
    fake_preempt_at = 0;
    for ( u32 n = 1; n < beyond; n++ )
        require(alloc_unbound(dom0, 0) == n);
    expect_eq(bind_interdomain(dom0, 0, 1), beyond);
    expect_eq(event_channel_op(EVTCHNOP_reset, (unsigned long)&arg), 0);
    expect_eq(status(dom0, 1).u.interdomain.port, beyond);

    expect_eq(send_event(dom0, 1), 0);
    expect_eq(dom0->shared_info->evtchn_mask[0], 0); /* where its bit would be */
    expect_eq(send_event(dom0, beyond), 0);
    expect(bit(dom0, 1));
    expect_eq(close_port(dom0, 1), 0);
    expect_eq(close_port(dom0, beyond), 0);
}

/* --- Anything, in any order --- */

#define STEPS 100000

struct world {
    struct domain *d[3];
    struct fifo_guest fifo[3];
    bool uses_fifo[3];
    bool sent[3][1024]; /* events that the guest has to find */
};

/* Pairs point at each other, and hold each other's domains if these are two; nothing else does. */
static void check_bindings(struct world *w)
{
    u32 pairs[3] = { 0 };

    for ( int i = 0; i < 3; i++ )
        for ( u32 n = 0; n < w->d[i]->event.nr_ports; n++ )
        {
            struct event_port *port = event_port(w->d[i], n);

            require(port->number == n);
            require(port->state != EVENT_CHANGING);
            if ( port->state == EVENT_VIRQ )
                require(w->d[i]
                            ->vcpus[port->virq == VIRQ_TIMER ? port->vcpu : 0]
                            ->event.virq_port[port->virq] == port);
            if ( port->state != EVENT_INTERDOMAIN )
                continue;
            require(port->peer->state == EVENT_INTERDOMAIN);
            require(port->peer->peer == port);
            require(port->domain == w->d[i]);
            if ( port->peer->domain != w->d[i] )
                pairs[port->peer->domain->id]++;
        }
    for ( int i = 0; i < 3; i++ )
        require(w->d[i]->refs == 1 + pairs[i]);
}

/* What the vcpus of domain @i find is what was sent: no more, no less. */
static void check_delivery(struct world *w, int i)
{
    for ( u32 vcpu = 0; vcpu < 2; vcpu++ )
    {
        u32 port;

        for ( ;; )
        {
            bool told = w->d[i]->vcpus[vcpu]->cpu.info->evtchn_upcall_pending;

            port = w->uses_fifo[i] ? consume_fifo(&w->fifo[i], vcpu)
                                   : consume_two_level(w->d[i]->vcpus[vcpu]);
            if ( !port )
                break;
            require(w->sent[i][port]);
            (void)told;
            w->sent[i][port] = false;
        }
    }
    for ( u32 n = 0; n < 1024; n++ )
        require(!w->sent[i][n]);
}

/* An event that the guest must find, unless it was found already. */
static void note_sent(struct world *w, int i, u32 port)
{
    w->sent[i][port] = true;
}

static void random_step(struct world *w)
{
    int i = host_test_random() % 3, j = host_test_random() % 3;
    struct domain *d = w->d[i];
    u32 n = 1 + host_test_random() % 60;
    struct event_port *port = event_port(d, n);
    long rc;

    switch ( host_test_random() % 10 )
    {
    case 0:
        alloc_unbound(d, w->d[j]->id);
        break;
    case 1:
        rc = bind_interdomain(d, w->d[j]->id, n);
        if ( rc > 0 )
            note_sent(w, i, (u32)rc);
        break;
    case 2:
        BIND(d, bind_ipi, port, .vcpu = host_test_random() % 2);
        break;
    case 3:
        BIND(d, bind_virq, port, .virq = host_test_random() % 2 ? VIRQ_TIMER : VIRQ_CONSOLE,
             .vcpu = host_test_random() % 2);
        break;
    case 4:
        if ( close_port(d, n) == 0 )
            w->sent[i][n] = false;
        break;
    case 5:
        OP(d, bind_vcpu, .port = n, .vcpu = host_test_random() % 2);
        break;
    case 6:
        if ( w->uses_fifo[i] )
            OP(d, set_priority, .port = n, .priority = host_test_random() % 16);
        break;
    case 7:
        event_send_timer(d->vcpus[1]);
        if ( d->vcpus[1]->event.virq_port[VIRQ_TIMER] )
            note_sent(w, i, d->vcpus[1]->event.virq_port[VIRQ_TIMER]->number);
        break;
    default:
        rc = send_event(d, n);
        if ( port && port->state == EVENT_IPI )
            note_sent(w, i, n);
        else if ( port && port->state == EVENT_INTERDOMAIN )
            note_sent(w, port->peer->domain->id, port->peer->number);
        expect(!!rc == !(port && (port->state == EVENT_IPI || port->state == EVENT_INTERDOMAIN ||
                                  port->state == EVENT_UNBOUND)));
    }
}

TEST(random_operations)
{
    struct world w = { 0 };

    set_up();
    w.d[0] = dom0;
    w.d[1] = domu;
    w.d[2] = fake_guest(2, false, 2);
    for ( int i = 0; i < 3; i++ )
        w.d[i]->event.max_port = 50;
    for ( int step = 0; step < STEPS; step++ )
    {
        random_step(&w);
        if ( step % 37 == 0 )
            check_bindings(&w);
        if ( host_test_random() % 8 == 0 )
            check_delivery(&w, host_test_random() % 3);
        if ( step == STEPS / 3 )
            for ( int i = 1; i < 3; i++ )
            {
                fifo_start(&w.fifo[i], w.d[i]);
                w.uses_fifo[i] = true;
                fifo_expand(&w.fifo[i], 0);
            }
    }
    for ( int i = 0; i < 3; i++ )
        check_delivery(&w, i);
}

HOST_TEST_MAIN
