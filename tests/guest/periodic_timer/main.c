/*
 * The periodic timer: 100 Hz on every vcpu from birth, until stopped; or as often as asked, down to a millisecond.
 *
 * The machine may stop for a while at any time, so a tick may be late, and late ones may be one. But there are never
 * more than the time that has passed allows, and where the machine went on, two follow one another by their period.
 */
#include "test.h"

#define PERIOD (20 * NS_PER_MS)
#define TICKS  25

static volatile unsigned int fired;
static uint64_t last, shortest;

static void timer(evtchn_port_t port, void *data)
{
    uint64_t now = time_now();

    if ( fired && now - last < shortest )
        shortest = now - last;
    last = now;
    fired++;
}

static long periodic(uint64_t period)
{
    struct vcpu_set_periodic_timer op = { .period_ns = period };

    return hypercall(vcpu_op, VCPUOP_set_periodic_timer, 0, &op);
}

void test_main(void)
{
    evtchn_port_t port;
    uint64_t start;

    time_alarm_init();
    port = time_alarm_port();
    need(hypercall(vcpu_op, VCPUOP_stop_periodic_timer, 0, NULL));
    event_handle(port, timer, NULL);
    fired = 0;
    shortest = ~0UL;
    start = time_now();
    expect_eq(periodic(PERIOD), 0, "50 Hz");
    while ( fired < TICKS ) /* a vcpu that blocks has no ticks */
        asm volatile("pause");
    expect(fired <= (last - start) / PERIOD + 1, "no tick before its time");
    expect(shortest < 2 * PERIOD, "nor a period late, each time");

    expect_eq(periodic(NS_PER_MS / 2), -EINVAL, "2000 Hz is too much");
    expect_eq(hypercall(vcpu_op, VCPUOP_stop_periodic_timer, 0, NULL), 0, "stop it");
    fired = 0;
    time_spin(3 * PERIOD);
    expect_eq(fired, 0, "no tick any more");
    expect_eq(hypercall(vcpu_op, VCPUOP_stop_periodic_timer, 99, NULL), -ENOENT,
              "of a vcpu that is not there");
    need(event_close(port));
    time_alarm_forget();
}
