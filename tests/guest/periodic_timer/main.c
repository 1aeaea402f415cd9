/*
 * The periodic timer: 100 Hz on every vcpu from birth, until stopped; or as often as asked, down to a millisecond.
 */
#include "test.h"

static volatile unsigned int fired;

static void timer(evtchn_port_t port, void *data)
{
    fired++;
}

static long periodic(uint64_t period)
{
    struct vcpu_set_periodic_timer op = { .period_ns = period };

    return hypercall(vcpu_op, VCPUOP_set_periodic_timer, 0, &op);
}

static unsigned int count_for(uint64_t ns)
{
    fired = 0;
    time_spin(ns);
    return fired;
}

void test_main(void)
{
    evtchn_port_t port;
    unsigned int n;

    time_alarm_init();
    port = time_alarm_port();
    event_handle(port, timer, NULL);
    expect_eq(periodic(20 * NS_PER_MS), 0, "50 Hz");
    n = count_for(200 * NS_PER_MS);
    expect(n >= 7 && n <= 12, "about 10 ticks in 200 ms");
    expect_eq(periodic(NS_PER_MS / 2), -EINVAL, "2000 Hz is too much");
    expect_eq(hypercall(vcpu_op, VCPUOP_stop_periodic_timer, 0, NULL), 0, "stop it");
    expect_eq(count_for(50 * NS_PER_MS), 0, "no tick any more");
    expect_eq(hypercall(vcpu_op, VCPUOP_stop_periodic_timer, 99, NULL), -ENOENT,
              "of a vcpu that is not there");
    need(event_close(port));
    time_alarm_forget();
}
