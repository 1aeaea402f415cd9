/*
 * Guests' clocks and timers.
 *
 * A vcpu_time_info tells a pair of TSC and system time and the scale between them. The clock is never adjusted, so
 * what was written once stays right for ever; a guest that multiplies in 64 bits overflows some seconds after its
 * pair, though. So each CPU has a base that moves on once a second while vcpus run, and a vcpu gets the newest when
 * it is switched in.
 *
 * Bases lie where the scale has no rest (scale_grid, a fraction of a second): a guest's clock is time_now() to the
 * nanosecond, whatever its base. Were they anywhere, two CPUs' clocks could differ by a nanosecond, and readings that
 * are closer would seem to go back.
 */
#include "time/clock.h"

#include "cpu/asm.h"
#include "cpu/uaccess.h"
#include "domain/domain.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "sched/sched.h"
#include "time/cpu.h"
#include "time/tsc.h"

#define TICK_NS    (10 * (ns_t)NS_PER_MS) /* the ABI's default period */
#define PERIOD_MIN NS_PER_MS
#define PERIOD_MAX (1UL << 57) /* years: no sum of it and a time overflows */
#define REFRESH_NS ((ns_t)NS_PER_S)

/* --- clocks --- */

static void move_base(struct time_cpu *cpu)
{
    u64 tsc = rdtsc();
    u64 at = tsc - ((tsc - time_clock.tsc_base) & (scale_grid(time_clock.tsc_to_ns) - 1));

    cpu->base = (struct clock_base){ at, (u64)clock_at(at) };
    timer_set(&cpu->refresh, clock_at(tsc) + REFRESH_NS);
}

/* An idle CPU stops moving its base on. */
static void refresh(void *arg)
{
    struct vcpu *v = current_vcpu();

    if ( v->domain == domain_idle )
        return;
    move_base(arg);
    time_update_vcpu(v);
}

void guest_clock_init_cpu(struct time_cpu *cpu)
{
    timer_init(&cpu->refresh, refresh, cpu, this_cpu()->cpu);
}

/*
 * XEN_PVCLOCK_TSC_STABLE_BIT promises that clocks read on different vcpus agree on what came first, so that the
 * guest needs no lock around them. True: there is one scale, every base is computed from system time 0, and a CPU whose
 * TSC doesn't agree with the others' runs no guests (sync.c).
 */
static void fill_time_info(struct vcpu_time_info *info, const struct clock_base *base)
{
    *info = (struct vcpu_time_info){
        .tsc_timestamp = base->tsc,
        .system_time = base->ns,
        .tsc_to_system_mul = time_clock.tsc_to_ns.mul,
        .tsc_shift = time_clock.tsc_to_ns.shift,
        .flags = XEN_PVCLOCK_TSC_STABLE_BIT,
    };
}

/* The version is odd while the rest changes: the guest reads again. */
static void write_info(struct vcpu_time_info *to, struct vcpu_time_info *info)
{
    u32 version = READ_ONCE(to->version) | 1;

    WRITE_ONCE(to->version, version);
    wmb();
    info->version = version;
    *to = *info;
    wmb();
    WRITE_ONCE(to->version, version + 1);
    info->version = version + 1;
}

/* The same through the guest's mapping; false if that is not there now. */
static bool write_user_area(gva_t area, struct vcpu_time_info *info)
{
    u32 version = info->version;
    gva_t field = to_gva(area.n + offsetof(struct vcpu_time_info, version));

    info->version = version | 1;
    if ( copy_to_guest(field, &info->version, sizeof(info->version)) )
        return false;
    wmb();
    if ( copy_to_guest(area, info, sizeof(*info)) )
        return false;
    wmb();
    return copy_to_guest(field, &version, sizeof(version)) == 0;
}

/* The area is a kernel address: with the user root loaded it would fault, or worse, hit what the user put there. */
static bool may_write_area(const struct vcpu *v)
{
    return v->time.user_area && v == current_vcpu() && v->cpu.kernel_mode;
}

static void write_clock(struct vcpu *v, const struct clock_base *base)
{
    struct vcpu_time_info info;

    fill_time_info(&info, base);
    if ( v->domain->time.tsc.emulated )
        tsc_emulate_time_info(v->domain, &info);
    write_info(&v->cpu.info->time, &info);
    v->time.tsc_stamp = base->tsc;
    if ( may_write_area(v) && write_user_area(to_gva(v->time.user_area), &info) )
        v->time.user_stamp = base->tsc;
}

static bool clock_out_of_date(const struct vcpu *v, const struct clock_base *base)
{
    return v->time.tsc_stamp != base->tsc || (v->time.user_stamp != base->tsc && may_write_area(v));
}

static void catch_up_now(struct vcpu *v);

/* Is a tick of @v's due, or the next one not yet awaited? Seldom: most kernels stop the periodic timer. */
static inline void catch_up_ticks(struct vcpu *v)
{
    if ( READ_ONCE(v->time.period_asked) ||
         (READ_ONCE(v->time.period) && !timer_active(&v->time.periodic)) )
        catch_up_now(v);
}

static void bring_timers_here(struct vcpu *v)
{
    u32 here = this_cpu()->cpu;

    timer_move(&v->time.singleshot, here);
    timer_move(&v->time.periodic, here);
    timer_move(&v->time.poll, here);
}

void time_update_vcpu(struct vcpu *v)
{
    struct time_cpu *cpu = this_cpu()->time;

    if ( !v->cpu.info )
        return;
    if ( !timer_active(&cpu->refresh) )
        move_base(cpu);
    bring_timers_here(v);
    catch_up_ticks(v);
    if ( clock_out_of_date(v, &cpu->base) )
        write_clock(v, &cpu->base);
}

void time_vcpu_info_moved(struct vcpu *v)
{
    const struct time_cpu *cpu = this_cpu()->time;

    v->time.tsc_stamp = 0;
    if ( cpu->base.tsc )
        write_clock(v, &cpu->base);
}

long time_register_area(struct vcpu *v, gva_t area)
{
    if ( area.n && !guest_range_ok(area, sizeof(struct vcpu_time_info)) )
        return -EFAULT;
    v->time.user_area = area.n;
    v->time.user_stamp = 0;
    if ( v == current_vcpu() )
        time_update_vcpu(v);
    return 0;
}

/* --- timers --- */

/* Ticks that were missed are one tick; the next is where the rhythm has it. */
static void tick(struct vcpu *v, ns_t now, ns_t period)
{
    ns_t missed = (now - v->time.next_tick) / period;

    event_send_timer(v);
    v->time.next_tick += (missed + 1) * period;
}

/* A vcpu that is not running is left alone: the tick must not wake it, and waits until it is switched in. */
static void periodic_tick(void *arg)
{
    struct vcpu *v = arg;

    if ( v == current_vcpu() )
        catch_up_ticks(v);
}

/*
 * A new period begins when its vcpu looks: here alone the rhythm changes, so that a sibling that asks for one needs no
 * lock, and doesn't wait.
 */
static void begin_period(struct vcpu *v)
{
    v->time.period = atomic_xchg(&v->time.period_asked, 0);
    v->time.next_tick = time_now() + v->time.period;
    timer_stop(&v->time.periodic);
}

static void catch_up_now(struct vcpu *v)
{
    ns_t period, now;

    if ( READ_ONCE(v->time.period_asked) )
        begin_period(v);
    period = READ_ONCE(v->time.period); /* another vcpu may stop it */
    if ( !period || timer_active(&v->time.periodic) )
        return;
    now = time_now();
    if ( v->time.next_tick <= now )
        tick(v, now, period);
    timer_set(&v->time.periodic, v->time.next_tick);
}

static __attribute__((noinline)) long set_future(struct vcpu *v, ns_t ns)
{
    if ( ns < time_now() )
        return -ETIME;
    return timer_set(&v->time.singleshot, ns);
}

long time_set_singleshot(struct vcpu *v, u64 ns, u32 flags)
{
    if ( flags & VCPU_SSHOTTMR_future )
        return set_future(v, (ns_t)ns);
    return timer_set(&v->time.singleshot, (ns_t)ns);
}

long time_stop_singleshot(struct vcpu *v)
{
    return timer_stop(&v->time.singleshot);
}

long time_set_timer_op(unsigned long ns)
{
    struct timer *timer = &current_vcpu()->time.singleshot;

    return ns ? timer_set(timer, (ns_t)ns) : timer_stop(timer);
}

long compat_set_timer_op(unsigned long low, unsigned long high)
{
    return time_set_timer_op(high << 32 | low);
}

long time_set_periodic(struct vcpu *v, u64 period)
{
    if ( period < PERIOD_MIN || period > PERIOD_MAX )
        return -EINVAL;
    atomic_store(&v->time.period_asked, (ns_t)period);
    if ( v == current_vcpu() )
        catch_up_ticks(v);
    else
        timer_set(&v->time.periodic, time_now()); /* to look at once, if it runs */
    return 0;
}

void time_stop_periodic(struct vcpu *v)
{
    atomic_store(&v->time.period_asked, 0);
    WRITE_ONCE(v->time.period, 0); /* a tick that is under way arms it once more at most */
    timer_kill(&v->time.periodic);
}

/* --- life --- */

long time_domain_create(struct domain *d)
{
    time_update_wallclock(d);
    return tsc_set(d, &(struct tsc_choice){ .mode = TSC_DEFAULT });
}

long time_vcpu_create(struct vcpu *v)
{
    timer_init(&v->time.singleshot, event_send_timer, v, v->processor);
    timer_init(&v->time.periodic, periodic_tick, v, v->processor);
    v->time.period = TICK_NS;
    return 0;
}

void time_vcpu_destroy(struct vcpu *v)
{
    timer_kill(&v->time.singleshot);
    timer_kill(&v->time.periodic);
    timer_kill(&v->time.poll);
}
