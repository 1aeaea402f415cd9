/*
 * The flush clock and the CPUs' times.
 *
 * A CPU that flushes ticks the clock first, and notes the new time as its own when it has flushed. A
 * frame stamped at time S, before or during a flush, is thus covered only by flushes whose time is
 * later than S; and who finds the time noted knows that the flush is over.
 *
 * The clock has 32 bits. When it wraps every CPU flushes once: all that was stamped until then is
 * covered, and stamps that lie ahead of the restarted clock are recognised as old by that. While
 * that goes on the clock is below TLB_CLOCK_RESTART, and everything counts as stale.
 *
 * Likewise a CPU says whose translations it holds: anybody's from before it loads another root until
 * after. Who changed the page tables before he looks, and finds somebody else there, need not flush:
 * if a vcpu that matters is switched in later, its walks see the tables as they are now.
 */
#include "mm/tlb.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "lib/bitmap.h"
#include "mm/map.h"
#include "mm/tlb_inline.h"
#include "trace/trace.h"

#define CLOCK_WRAPPING 0

/* percpu.tlb_holder: 1 + the domain's id, or ... */
#define HOLDER_NONE 0
#define HOLDER_ANY  (~0u)

u32 tlb_flush_clock = TLB_CLOCK_RESTART;

/* Domains that map frames of others, by id. */
static unsigned long map_strangers[(DOMID_MASK + 1) / 64];

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
            WRITE_ONCE(smp_percpu(cpu)->tlb_time, TLB_STAMP_WRAPPING);
    atomic_store(&tlb_flush_clock, TLB_CLOCK_RESTART);
}

#ifdef HOST_TEST
void tlb_load_root(maddr_t root)
{
    tlb_load_root_inline(root);
}

void tlb_flush_local(void)
{
    tlb_load_root(to_maddr(this_cpu()->cr3));
}

void tlb_flush_page_local(u64 va)
{
    invlpg(va);
}

void tlb_stamp(struct frame *frame)
{
    tlb_stamp_inline(frame);
}
#endif

void tlb_switch_root(maddr_t root, domid_t id)
{
    struct percpu *cpu = this_cpu();

    WRITE_ONCE(cpu->tlb_holder, HOLDER_ANY);
    tlb_load_root(root);
    WRITE_ONCE(cpu->tlb_holder, id == DOMID_IDLE ? HOLDER_NONE : 1u + id);
}

/* Seldom: most callers do so over and over. */
void tlb_maps_strangers(domid_t id)
{
    if ( !test_bit(id, map_strangers) )
        set_bit(id, map_strangers);
}

void tlb_maps_own_frames(domid_t id)
{
    clear_bit(id, map_strangers);
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

void tlb_flush_caches(void)
{
    wbinvd();
    if ( smp_online & (smp_online - 1) )
        smp_flush_others(smp_online & ~(1UL << this_cpu()->cpu), TLB_FLUSH_CACHES);
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

/* May one whose translations are @holder's be among those of a frame of @owner's? */
static bool concerns(u32 holder, domid_t owner)
{
    if ( holder == HOLDER_NONE )
        return false;
    if ( holder == HOLDER_ANY || owner == DOMID_NOBODY || holder == 1u + owner )
        return true;
    return test_bit(holder - 1, map_strangers);
}

/*
 * May @cpu's TLB hold an entry for a frame of @owner's that was made before @stamp? A stamp ahead of
 * the clock is from before the clock wrapped.
 */
static bool is_stale(u32 cpu, domid_t owner, u32 stamp)
{
    const struct percpu *percpu = smp_percpu(cpu);
    u32 clock = tlb_clock();

    if ( !concerns(READ_ONCE(percpu->tlb_holder), owner) )
        return false;
    if ( clock == CLOCK_WRAPPING )
        return true;
    return stamp <= clock && READ_ONCE(percpu->tlb_time) <= stamp;
}

void tlb_flush_stamped(const struct frame *frame)
{
    u32 stamp = READ_ONCE(frame->tlb_stamp);
    domid_t owner = READ_ONCE(frame->owner);
    cpumask_t stale = 0, rest = smp_online;

    if ( rest & (rest - 1) )
        mb(); /* the page tables changed before we look at what others have loaded */
    for ( ; rest; rest &= rest - 1 )
    {
        u32 cpu = (u32)__builtin_ctzl(rest);

        if ( is_stale(cpu, owner, stamp) )
            stale |= 1UL << cpu;
    }
    if ( stale )
        tlb_flush_mask(stale, TLB_FLUSH_ALL);
}
