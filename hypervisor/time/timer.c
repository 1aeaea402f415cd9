/*
 * Timers: a heap a CPU, and the one-shot hardware timer behind it.
 *
 * The hardware is armed for the first timer, and left alone when that one is stopped: an interrupt too many, which
 * finds nothing due, is rarer than a timer that is set and stopped again. So `armed` may be earlier than the first
 * timer, never later.
 */
#include "time/time.h"

#include "console/console.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "irq/lapic.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "mm/heap.h"
#include "smp/lock.h"
#include "smp/smp.h"
#include "time/clock.h"
#include "time/cpu.h"
#include "time/heap.h"
#include "trace/trace.h"

#define LAPIC_COUNT_MAX 0xffffffffUL
#define FAR_MOST        (NS_PER_S * 4)

static bool use_deadline;
static u64 far; /* as many ns as the hardware is ever armed for */

static struct time_cpu *time_cpu_of(u32 cpu)
{
    struct percpu *percpu = this_cpu();

    return (cpu == percpu->cpu ? percpu : smp_percpu(cpu))->time;
}

/* The CPU that the timer belongs to, locked: it may be moved while we wait. */
static __attribute__((noinline)) struct time_cpu *lock_other(const struct timer *timer)
{
    for ( ;; )
    {
        u32 cpu = READ_ONCE(timer->cpu);
        struct time_cpu *owner = time_cpu_of(cpu);

        lock_acquire(&owner->lock);
        if ( timer->cpu == cpu )
            return owner;
        lock_release(&owner->lock);
    }
}

/* Nearly always it is this one, *owner; false, and not locked: it isn't. */
static inline bool lock_own(const struct timer *timer, struct time_cpu **owner)
{
    struct percpu *here = this_cpu();

    *owner = here->time;
    lock_acquire(&(*owner)->lock);
    if ( __builtin_expect(timer->cpu == here->cpu, 1) )
        return true;
    lock_release(&(*owner)->lock);
    return false;
}

static inline struct time_cpu *lock_owner(const struct timer *timer)
{
    struct time_cpu *owner;

    return lock_own(timer, &owner) ? owner : lock_other(timer);
}

/*
 * Arm this CPU's hardware for @when, or for as far ahead as it reaches: it fires early then, and is armed again. What
 * is due already becomes exit work. Counted from now on in either mode: over days, system time and the TSC's frequency
 * as it was measured come apart by more than a timer may be early.
 */
static inline void arm(struct time_cpu *cpu, ns_t when, ns_t now)
{
    u64 delta = min((u64)when - (u64)now, far);

    if ( when <= now )
    {
        percpu_raise(this_cpu(), WORK_TIMER);
        return;
    }

    cpu->armed = when;
    if ( use_deadline )
        lapic_timer_set_deadline(rdtsc() + scale_count(&time_clock.tsc_per_ns, delta) + 1);
    else
        lapic_timer_set((u32)scale_count(&time_clock.lapic_per_ns, delta) + 1);
}

/* @owner's, @cpu's, first timer is due before its hardware would tell. */
static void arm_earlier(struct time_cpu *owner, u32 cpu)
{
    if ( cpu == this_cpu()->cpu )
        arm(owner, owner->first->expires, clock_read());
    else
        smp_kick(cpu, WORK_TIMER);
}

static __attribute__((noinline)) long arm_earlier_and_release(struct time_cpu *owner, u32 cpu)
{
    arm_earlier(owner, cpu);
    lock_release(&owner->lock);
    return 0;
}

/* True: arm_earlier() has to be called. */
static inline bool enqueue(struct time_cpu *owner, struct timer *timer)
{
    timer->active = true;
    owner->first = heap_insert(owner->first, timer);
    return timer->expires < owner->armed; /* it is the first, too, or the first is due already */
}

static void dequeue(struct time_cpu *owner, struct timer *timer)
{
    timer->active = false;
    owner->first = heap_remove(owner->first, timer);
}

void timer_init(struct timer *timer, void (*handler)(void *arg), void *arg, u32 cpu)
{
    *timer = (struct timer){ .handler = handler, .arg = arg, .cpu = cpu };
}

/* @timer, which is in no heap: @owner is released. */
static inline long set(struct time_cpu *owner, struct timer *timer, ns_t expires)
{
    timer->expires = expires;
    if ( enqueue(owner, timer) )
        return arm_earlier_and_release(owner, timer->cpu);
    lock_release(&owner->lock);
    return 0;
}

/* Any other one, apart, so that nobody else saves registers for it. @owner: NULL if it isn't locked. */
static __attribute__((noinline)) long set_any(struct time_cpu *owner, struct timer *timer,
                                              ns_t expires)
{
    if ( !owner )
        owner = lock_other(timer);
    if ( timer->active )
        dequeue(owner, timer);
    return set(owner, timer, expires);
}

long timer_set(struct timer *timer, ns_t expires)
{
    struct time_cpu *owner;

    if ( !lock_own(timer, &owner) )
        return set_any(NULL, timer, expires);
    if ( timer->active )
        return set_any(owner, timer, expires);
    return set(owner, timer, expires);
}

static __attribute__((noinline)) long stop_other(struct timer *timer)
{
    struct time_cpu *owner = lock_other(timer);

    if ( timer->active )
        dequeue(owner, timer);
    lock_release(&owner->lock);
    return 0;
}

static __attribute__((noinline)) long adopt_and_release(struct time_cpu *owner,
                                                        struct timer *orphans)
{
    owner->first = heap_adopt(owner->first, orphans);
    lock_release(&owner->lock);
    return 0;
}

long timer_stop(struct timer *timer)
{
    struct timer *orphans = NULL;
    struct time_cpu *owner;

    if ( !timer_active(timer) )
        return 0;
    if ( !lock_own(timer, &owner) )
        return stop_other(timer);
    if ( timer->active )
    {
        timer->active = false;
        owner->first = heap_cut(owner->first, timer, &orphans);
        if ( orphans )
            return adopt_and_release(owner, orphans);
    }
    lock_release(&owner->lock);
    return 0;
}

/* Is its handler running on another CPU? Not only its own: it may have been moved since. */
static bool runs_elsewhere(const struct timer *timer)
{
    cpumask_t others = READ_ONCE(smp_online) & ~(1UL << this_cpu()->cpu);

    for ( ; others; others &= others - 1 )
        if ( atomic_load(&time_cpu_of((u32)__builtin_ctzl(others))->running) == timer )
            return true;
    return false;
}

void timer_kill(struct timer *timer)
{
    for ( ;; )
    {
        /* With the lock, whoever took it out of the heap to call its handler has said so. */
        struct time_cpu *owner = lock_owner(timer);

        if ( timer->active )
            dequeue(owner, timer);
        lock_release(&owner->lock);
        if ( !GUARD(timer_killed, runs_elsewhere(timer)) )
            return;
        smp_poll(); /* and once more: the handler may arm it again */
    }
}

void timer_move_between(struct timer *timer, u32 cpu)
{
    struct time_cpu *owner = lock_owner(timer);
    bool active = timer->active;

    if ( active )
        dequeue(owner, timer);
    WRITE_ONCE(timer->cpu, cpu);
    lock_release(&owner->lock);
    if ( active )
        timer_set(timer, timer->expires);
}

void time_leave(u32 cpu, u32 to)
{
    struct time_cpu *from = time_cpu_of(cpu), *owner = time_cpu_of(to);
    struct timer *timer;

    timer_stop(&from->refresh);
    lock_pair(&from->lock, &owner->lock);
    while ( (timer = from->first) != NULL )
    {
        dequeue(from, timer);
        WRITE_ONCE(timer->cpu, to);
        if ( enqueue(owner, timer) )
            arm_earlier(owner, to);
    }
    unlock_pair(&from->lock, &owner->lock);
}

/* The first timer, out of the heap, if it is due. */
static inline struct timer *take_due(struct time_cpu *cpu, ns_t now)
{
    struct timer *timer = cpu->first;

    if ( !timer || timer->expires > now )
        return NULL;
    timer->active = false;
    cpu->first = heap_remove(timer, timer);
    return timer;
}

/* What is left is armed before the handler is called: so behind that there is nothing to look at. */
void time_run_timers(void)
{
    struct time_cpu *cpu = this_cpu()->time;
    struct timer *timer;
    ns_t now;

    lock_acquire(&cpu->lock);
    now = clock_read();
    if ( cpu->armed <= now )
        count_most(COUNTER_timer_late_ns, (u64)(now - cpu->armed));
    cpu->armed = TIME_NEVER;
    timer = take_due(cpu, now);
    if ( cpu->first )
        arm(cpu, cpu->first->expires, now);
    cpu->running = timer;
    lock_release(&cpu->lock);
    if ( timer )
    {
        timer->handler(timer->arg);
        atomic_store(&cpu->running, NULL);
    }
}

void time_init(void)
{
    struct time_cpu *cpu = heap_new(struct time_cpu);

    if ( !cpu )
        panic("no memory for a CPU's timers");
    lock_init(&cpu->lock, LOCK_TIMER);
    cpu->armed = TIME_NEVER;
    guest_clock_init_cpu(cpu);
    this_cpu()->time = cpu;

    if ( !time_clock.tsc_base )
    {
        time_clock.tsc_base = rdtsc();
        clock_calibrate();
        wallclock_init();
    }
    use_deadline = lapic_timer_use_deadline();
    far =
        min((u64)FAR_MOST, scale_mul_div(LAPIC_COUNT_MAX - 1, 1UL << 32, time_clock.lapic_per_ns));
}
