/*
 * One-shot timers: set_timer_op, and VCPUOP_set_singleshot_timer. They fire at their time, not before, once; a
 * deadline in the past fires at once; 0 takes set_timer_op's back.
 */
#include "test.h"

static volatile unsigned int fired;

static void timer(evtchn_port_t port, void *data)
{
    fired++;
}

/* @before: when it was not set yet. For as long as it takes; whoever runs us has less patience than that. */
static void wait_fired(unsigned int before)
{
    while ( fired == before )
        asm volatile("pause");
}

static bool fires_within(uint64_t ns)
{
    unsigned int before = fired;

    time_spin(ns);
    return fired != before;
}

static long singleshot(uint64_t deadline, uint32_t flags)
{
    struct vcpu_set_singleshot_timer op = { .timeout_abs_ns = deadline, .flags = flags };

    return hypercall(vcpu_op, VCPUOP_set_singleshot_timer, 0, &op);
}

/* Sets a timer and takes it back before it fires, which takes a machine that doesn't stop in between. */
static void set_and_stop(long (*set)(uint64_t deadline), long (*stop)(void))
{
    uint64_t deadline;

    do
    {
        deadline = time_now() + 30 * NS_PER_MS;
        expect_eq(set(deadline), 0, "set it");
        expect_eq(stop(), 0, "take it back");
    } while ( time_now() >= deadline );
    expect(!fires_within(60 * NS_PER_MS), "does not fire");
}

static long timer_set(uint64_t deadline)
{
    return hypercall(set_timer_op, deadline);
}

static long timer_stop(void)
{
    return hypercall(set_timer_op, 0);
}

static long singleshot_set(uint64_t deadline)
{
    return singleshot(deadline, 0);
}

static long singleshot_stop(void)
{
    return hypercall(vcpu_op, VCPUOP_stop_singleshot_timer, 0, NULL);
}

void test_main(void)
{
    evtchn_port_t port;
    uint64_t deadline;
    unsigned int before;
    long rc;

    time_alarm_init(); /* so that we know its port is bound, and take it over */
    port = time_alarm_port();
    need(hypercall(vcpu_op, VCPUOP_stop_periodic_timer, 0, NULL));
    event_handle(port, timer, NULL);

    before = fired;
    deadline = time_now() + 20 * NS_PER_MS;
    expect_eq(hypercall(set_timer_op, deadline), 0, "set_timer_op");
    wait_fired(before);
    expect(time_now() >= deadline, "it fires, not too early");
    expect(!fires_within(30 * NS_PER_MS), "once");
    expect_eq(hypercall(set_timer_op, time_now() - NS_PER_MS), 0, "a deadline in the past");
    while ( fired < 2 ) /* at once, or nearly so */
        asm volatile("pause");
    set_and_stop(timer_set, timer_stop);

    before = fired;
    deadline = time_now() + 20 * NS_PER_MS;
    expect_eq(singleshot(deadline, 0), 0, "set_singleshot_timer");
    wait_fired(before);
    expect(time_now() >= deadline, "it fires, not too early");
    rc = singleshot(time_now() - NS_PER_MS, VCPU_SSHOTTMR_future);
    expect(rc == -ETIME || rc == 0,
           "in the past, asked to be future: that wish may be ignored, as Debian's Xen does");
    fired = 0;
    expect_eq(singleshot(time_now() - NS_PER_MS, 0), 0, "in the past");
    expect_eq(hypercall(vcpu_op, VCPUOP_set_singleshot_timer, 0, (void *)0x10), -EFAULT, "nowhere");
    while ( !fired )
        asm volatile("pause");
    set_and_stop(singleshot_set, singleshot_stop);

    fired = 0;
    deadline = time_now() + 20 * NS_PER_MS;
    need(hypercall(set_timer_op, deadline));
    event_wait_until(fired);
    expect(time_now() >= deadline, "it wakes a vcpu that blocks");

    need(event_close(port));
    time_alarm_forget();
}
