/*
 * The watchdog: each CPU looks after the next one.
 *
 * Once a second a timer of each CPU counts a beat of its own and compares its neighbour's with what it saw last. A CPU
 * that hangs, in whatever way, runs no timers, so its beats stand still; one NMI later it tells where. Who waits for
 * it, for a lock or for its answer, runs no timers either, but looks after its neighbour in between. A machine with
 * one CPU has nobody to look after it.
 */
#include "console/console.h"
#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "smp/internal.h"
#include "time/time.h"

#define BEAT ((ns_t)NS_PER_S)

static u32 patience; /* beats; 0: the watchdog sleeps */
static struct timer timers[NR_CPUS];

/* The next CPU that is up, after @cpu and round; @cpu itself if it is alone. */
static u32 neighbour(u32 cpu)
{
    cpumask_t online = READ_ONCE(smp_online), after = online & ~((2UL << cpu) - 1);

    return (u32)__builtin_ctzl(after ? after : online);
}

static void judge(u32 cpu)
{
    struct smp_cpu *other = &smp_cpus[cpu];
    u32 beats = atomic_load(&other->beats);

    if ( beats != other->seen )
        other->missed = 0;
    else if ( ++other->missed == patience )
        smp_send_nmi(cpu, NMI_HANG);
    other->seen = beats;
}

static void look_after_neighbour(void)
{
    u32 cpu = this_cpu()->cpu, next = neighbour(cpu);
    ns_t now = time_now();

    if ( now < smp_this()->look_at )
        return;
    smp_this()->look_at = now + BEAT;
    if ( next != cpu )
        judge(next);
}

static void beat(void *arg)
{
    (void)arg;
    atomic_inc(&smp_this()->beats);
    look_after_neighbour();
    timer_set(&timers[this_cpu()->cpu], time_now() + BEAT);
}

void smp_watch_waiting(void)
{
    if ( patience )
        look_after_neighbour();
}

void smp_watch_cpu(u32 cpu, bool on)
{
    if ( !patience )
        return;
    if ( on )
        timer_set(&timers[cpu], time_now() + BEAT);
    else
        timer_kill(&timers[cpu]);
    smp_cpus[cpu].missed = 0;
}

void smp_watch(u32 seconds)
{
    patience = seconds;
    if ( !seconds )
        return;
    for ( cpumask_t rest = smp_online; rest; rest &= rest - 1 )
    {
        u32 cpu = (u32)__builtin_ctzl(rest);

        timer_init(&timers[cpu], beat, NULL, cpu);
        smp_watch_cpu(cpu, true);
    }
    log_info("watchdog: a CPU may hang for %u seconds", seconds);
}
