/*
 * The flush clock and the CPUs' times.
 *
 * A CPU that flushes ticks the clock first and then notes the new time as its own. A frame stamped
 * at time S, before or during a flush, is thus covered only by flushes whose time is later than S.
 *
 * The clock has 32 bits. Before it would wrap every CPU flushes once: all that was stamped until
 * then is covered, and stamps that lie ahead of the restarted clock are recognised as old by that.
 * While that goes on the clock is 0.
 */
#include "mm/tlb.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "trace/trace.h"

#define CLOCK_WRAPPING 0
#define STAMP_WRAPPING 1
#define CLOCK_RESTART  2

static u32 flush_clock = CLOCK_RESTART; /* atomic */

u32 tlb_clock(void)
{
    return READ_ONCE(flush_clock);
}

static void wrap(void)
{
    tlb_flush_mask(smp_online, TLB_FLUSH_ALL);
    for ( u32 cpu = 0; cpu < NR_CPUS; cpu++ )
        if ( smp_online & (1UL << cpu) )
            WRITE_ONCE(smp_percpu(cpu)->tlb_time, STAMP_WRAPPING);
    atomic_store(&flush_clock, CLOCK_RESTART);
}

/*
 * The time of a flush that begins now. It stays 0 while the clock wraps; *wraps is set for the one
 * CPU that made it so, and is to end it.
 */
static inline u32 tick(bool *wraps)
{
    u32 now = READ_ONCE(flush_clock);

    do
        if ( now == CLOCK_WRAPPING )
            return now;
    while ( !atomic_cmpxchg(&flush_clock, &now, now + 1) );
    *wraps = now + 1 == CLOCK_WRAPPING;
    return now + 1;
}

static inline void load_root(struct percpu *cpu, u64 cr3)
{
    bool wraps = false;

    cpu->cr3 = cr3;
    WRITE_ONCE(cpu->tlb_time, tick(&wraps));
    write_cr3(cr3);
    if ( __builtin_expect(wraps, 0) )
        wrap();
}

void tlb_load_root(maddr_t root)
{
    load_root(this_cpu(), root.n);
}

void tlb_flush_local(void)
{
    struct percpu *cpu = this_cpu();

    load_root(cpu, cpu->cr3);
}

void tlb_flush_page_local(u64 va)
{
    invlpg(va);
}

void tlb_flush_mask(cpumask_t mask, u64 va)
{
    cpumask_t self = 1UL << this_cpu()->cpu;

    if ( mask & self )
    {
        if ( va == TLB_FLUSH_ALL )
            tlb_flush_local();
        else
            tlb_flush_page_local(va);
    }
    if ( mask & ~self & smp_online )
        smp_flush_others(mask & ~self & smp_online, va);
}

/*
 * Has @cpu kept its TLB since @stamp? A stamp ahead of the clock is from before the clock wrapped.
 */
static bool is_stale(u32 cpu, u32 stamp)
{
    u32 clock = tlb_clock();

    if ( clock == CLOCK_WRAPPING )
        return true;
    return stamp <= clock && READ_ONCE(smp_percpu(cpu)->tlb_time) <= stamp;
}

void tlb_flush_stamped(cpumask_t mask, const struct frame *frame)
{
    u32 stamp = READ_ONCE(frame->tlb_stamp);
    cpumask_t stale = 0;

    for ( cpumask_t rest = mask & smp_online; rest; rest &= rest - 1 )
    {
        u32 cpu = (u32)__builtin_ctzl(rest);

        if ( is_stale(cpu, stamp) )
            stale |= 1UL << cpu;
    }
    if ( stale )
        tlb_flush_mask(stale, TLB_FLUSH_ALL);
}

void tlb_stamp(struct frame *frame)
{
    u32 now = tlb_clock();

    WRITE_ONCE(frame->tlb_stamp, now == CLOCK_WRAPPING ? STAMP_WRAPPING : now);
}
