/*
 * The flush clock and the CPUs' times.
 *
 * A CPU that flushes ticks the clock first and then notes the new time as its own. A frame stamped
 * at time S, before or during a flush, is thus covered only by flushes whose time is later than S.
 *
 * The clock has 32 bits. When it wraps every CPU flushes once: all that was stamped until then is
 * covered, and stamps that lie ahead of the restarted clock are recognised as old by that. While
 * that goes on the clock is below TLB_CLOCK_RESTART, and everything counts as stale.
 */
#include "mm/tlb.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "mm/map.h"
#include "mm/tlb_inline.h"
#include "trace/trace.h"

#define CLOCK_WRAPPING 0
#define STAMP_WRAPPING (TLB_CLOCK_RESTART - 1)

u32 tlb_flush_clock = TLB_CLOCK_RESTART;

u32 tlb_clock(void)
{
    u32 now = READ_ONCE(tlb_flush_clock);

    return now < TLB_CLOCK_RESTART ? CLOCK_WRAPPING : now;
}

void tlb_clock_wraps(u32 time)
{
    if ( time != 0 ) /* another CPU has made it wrap, and will end it */
        return;
    tlb_flush_mask(smp_online, TLB_FLUSH_ALL);
    for ( u32 cpu = 0; cpu < NR_CPUS; cpu++ )
        if ( smp_online & (1UL << cpu) )
            WRITE_ONCE(smp_percpu(cpu)->tlb_time, STAMP_WRAPPING);
    atomic_store(&tlb_flush_clock, TLB_CLOCK_RESTART);
}

#ifdef HOST_TEST
void tlb_load_root(maddr_t root)
{
    tlb_load_root_inline(root);
}
#endif

void tlb_flush_local(void)
{
    tlb_load_root(to_maddr(this_cpu()->cr3));
}

void tlb_flush_page_local(u64 va)
{
    invlpg(va);
}

void tlb_flush_asked(u64 va)
{
    if ( va == TLB_FLUSH_ALL )
        tlb_flush_local();
    else if ( va == TLB_FLUSH_CACHES )
        wbinvd();
    else
        tlb_flush_page_local(va);
}

void tlb_flush_mask(cpumask_t mask, u64 va)
{
    cpumask_t self = 1UL << this_cpu()->cpu;

    if ( mask & self )
        tlb_flush_asked(va);
    if ( mask & ~self & smp_online )
        smp_flush_others(mask & ~self & smp_online, va);
}

#define CACHE_LINE                                                                                 \
    64 /* a smaller step does no harm, and there is no processor with smaller lines */

void tlb_flush_cached_page(const void *page)
{
    mb();
    for ( unsigned int i = 0; i < PAGE_SIZE; i += CACHE_LINE )
        clflush((const u8 *)page + i);
    mb();
}

/*
 * May @cpu's TLB hold an entry that was made before @stamp? Not while it idles: with the idle root
 * it has no guest's entries, and when it loads another one it sees the page tables as they are now.
 * A stamp ahead of the clock is from before the clock wrapped.
 */
static bool is_stale(u32 cpu, u32 stamp)
{
    const struct percpu *percpu = smp_percpu(cpu);
    u32 clock = tlb_clock();

    if ( READ_ONCE(percpu->cr3) == map_idle_root.n )
        return false;
    if ( clock == CLOCK_WRAPPING )
        return true;
    return stamp <= clock && READ_ONCE(percpu->tlb_time) <= stamp;
}

void tlb_flush_stamped(cpumask_t mask, const struct frame *frame)
{
    u32 stamp = READ_ONCE(frame->tlb_stamp);
    cpumask_t stale = 0, rest = mask & smp_online;

    if ( rest & (rest - 1) )
        mb(); /* the page tables changed before we look at what others have loaded */
    for ( ; rest; rest &= rest - 1 )
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
