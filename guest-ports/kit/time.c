#include <kit/kit.h>

static long timer_port;

static uint64_t read_clock(const volatile struct vcpu_time_info *t)
{
    uint64_t tsc = rdtsc() - t->tsc_timestamp;

    tsc = t->tsc_shift < 0 ? tsc >> -t->tsc_shift : tsc << t->tsc_shift;
    return t->system_time + (tsc >> 32) * t->tsc_to_system_mul +
           ((tsc & 0xffffffff) * t->tsc_to_system_mul >> 32);
}

uint64_t time_now(void)
{
    const volatile struct vcpu_time_info *t = &this_vcpu()->info->time;
    uint32_t version;
    uint64_t now;

    do
    {
        version = t->version;
        asm volatile("" : : : "memory");
        now = read_clock(t);
        asm volatile("" : : : "memory");
    } while ( version & 1 || version != t->version );
    return now;
}

uint64_t time_wall(void)
{
    const volatile struct shared_info *s = &shared_info;
    uint32_t version;
    uint64_t seconds, ns;

    do
    {
        version = s->wc_version;
        seconds = (uint64_t)s->xen_wc_sec_hi << 32 | s->wc_sec;
        ns = s->wc_nsec;
    } while ( version & 1 || version != s->wc_version );
    return seconds + (ns + time_now()) / NS_PER_S;
}

static void timer_event(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
}

/* True when @deadline is past; else there will be an event when it is. */
bool time_passed(uint64_t deadline)
{
    if ( time_now() >= deadline )
        return true;
    check(hypercall(set_timer_op, deadline));
    return false;
}

void time_alarm_init(void)
{
    if ( timer_port > 0 )
        return;
    timer_port = check(event_bind_virq(VIRQ_TIMER, 0));
    event_handle((evtchn_port_t)timer_port, timer_event, NULL);
}

evtchn_port_t time_alarm_port(void)
{
    return (evtchn_port_t)timer_port;
}

void time_alarm_forget(void)
{
    timer_port = 0;
}

void time_wait_until(uint64_t deadline)
{
    time_alarm_init();
    event_wait_until(time_passed(deadline));
}

void time_spin(uint64_t ns)
{
    uint64_t end = time_now() + ns;

    while ( time_now() < end )
        asm volatile("pause");
}
