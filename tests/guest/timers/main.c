/*
 * One-shot timers: set_timer_op, and VCPUOP_set_singleshot_timer. They fire at their time, not before, once; a deadline
 * in the past fires at once; 0 takes set_timer_op's back.
 */
#include "test.h"

static volatile unsigned int fired;

static void timer(evtchn_port_t port, void *data)
{
    fired++;
}

static bool wait_fired(uint64_t limit)
{
    uint64_t end = time_now() + limit;
    unsigned int before = fired;

    while ( fired == before && time_now() < end )
        asm volatile("pause");
    return fired != before;
}

static long singleshot(uint64_t deadline, uint32_t flags)
{
    struct vcpu_set_singleshot_timer op = { .timeout_abs_ns = deadline, .flags = flags };

    return hypercall(vcpu_op, VCPUOP_set_singleshot_timer, 0, &op);
}

void test_main(void)
{
    evtchn_port_t port;
    uint64_t deadline;
    long rc;

    time_alarm_init(); /* so that we know its port is bound, and take it over */
    port = time_alarm_port();
    need(hypercall(vcpu_op, VCPUOP_stop_periodic_timer, 0, NULL));
    event_handle(port, timer, NULL);

    deadline = time_now() + 20 * NS_PER_MS;
    expect_eq(hypercall(set_timer_op, deadline), 0, "set_timer_op");
    expect(wait_fired(NS_PER_S), "fires");
    expect(time_now() >= deadline, "not too early");
    expect(time_now() < deadline + 500 * NS_PER_MS, "not too late");
    expect(!wait_fired(30 * NS_PER_MS), "once");
    expect_eq(hypercall(set_timer_op, time_now() - NS_PER_MS), 0, "a deadline in the past");
    expect(wait_fired(100 * NS_PER_MS) || fired == 2, "fires at once");

    expect_eq(hypercall(set_timer_op, time_now() + 30 * NS_PER_MS), 0, "set it");
    expect_eq(hypercall(set_timer_op, 0), 0, "take it back");
    expect(!wait_fired(60 * NS_PER_MS), "does not fire");

    deadline = time_now() + 20 * NS_PER_MS;
    expect_eq(singleshot(deadline, 0), 0, "set_singleshot_timer");
    expect(wait_fired(NS_PER_S), "fires");
    expect(time_now() >= deadline, "not too early");
    rc = singleshot(time_now() - NS_PER_MS, VCPU_SSHOTTMR_future);
    expect(rc == -ETIME || rc == 0,
           "in the past, asked to be future: that wish may be ignored, as Debian's Xen does");
    fired = 0;
    expect_eq(singleshot(time_now() - NS_PER_MS, 0), 0, "in the past");
    expect(fired || wait_fired(100 * NS_PER_MS), "fires at once");
    expect_eq(singleshot(time_now() + 30 * NS_PER_MS, 0), 0, "set it");
    expect_eq(hypercall(vcpu_op, VCPUOP_stop_singleshot_timer, 0, NULL), 0, "stop it");
    expect(!wait_fired(60 * NS_PER_MS), "does not fire");

    fired = 0;
    deadline = time_now() + 20 * NS_PER_MS;
    need(hypercall(set_timer_op, deadline));
    event_wait_until(fired);
    expect(time_now() >= deadline, "it wakes a vcpu that blocks");

    need(event_close(port));
    time_alarm_forget();
}
