/*
 * TLB flushes, by masks and timestamps.
 *
 * The flush clock ticks at each full flush of any CPU, before the flush. A frame stamped when its
 * last writable mapping went needs a flush on a CPU only if that CPU hasn't flushed since. Clock 0
 * means it has wrapped: then flush everywhere.
 *
 * A CPU changes its root when it changes vcpus, so that its TLB holds translations of one domain
 * only. Another domain's frame is among them only if that one maps strangers' frames, as backends
 * and toolstacks do.
 */
#ifndef MM_TLB_H
#define MM_TLB_H

#include "lib/types.h"
#include "mm/frame.h"
#include "smp/smp.h"

#define TLB_FLUSH_ALL    (~0UL)
#define TLB_FLUSH_CACHES (~1UL) /* no TLB at all: write back and drop what the caches hold */

u32 tlb_clock(void);

/*
 * Load @root into CR3 on this CPU and count it as a flush. The same for the root that is loaded; flush a page.
 *
 * tlb_stamp: from now on, an older flush doesn't cover @frame. An atomic operation must lie between
 * the change of the page tables and this, lest the clock be read before others see the change.
 */
#ifdef HOST_TEST
void tlb_load_root(maddr_t root);
void tlb_flush_local(void);
void tlb_flush_page_local(u64 va);
void tlb_stamp(struct frame *frame);
#else
#include "mm/tlb_inline.h"
static inline void tlb_load_root(maddr_t root)
{
    tlb_load_root_inline(root);
}

static inline void tlb_flush_local(void)
{
    tlb_load_root_inline(to_maddr(this_cpu()->cr3));
}

static inline void tlb_flush_page_local(u64 va)
{
    invlpg(va);
}

static inline void tlb_stamp(struct frame *frame)
{
    tlb_stamp_inline(frame);
}
#endif

/* The same for a vcpu of domain @id (DOMID_IDLE: the idle root), where another one's ran before. */
void tlb_switch_root(maddr_t root, domid_t id);

/* From now on @id's tables may map frames that aren't its own; or, for a new domain, none yet. */
void tlb_maps_strangers(domid_t id);
void tlb_maps_own_frames(domid_t id);

/* What another CPU asks of this one: TLB_FLUSH_* or a page's address. */
void tlb_flush_asked(u64 va);

/* Flush one page (or TLB_FLUSH_*) on the CPUs in @mask; returns when all of them have. */
void tlb_flush_mask(cpumask_t mask, u64 va);

/* The same for all that they hold, in few instructions if that is this CPU alone. */
static inline void tlb_flush_all(cpumask_t mask)
{
    if ( __builtin_expect(mask == 1UL << this_cpu()->cpu, 1) )
        tlb_flush_local();
    else
        tlb_flush_mask(mask, TLB_FLUSH_ALL);
}

/* Write back and drop what the caches of all CPUs hold; of @page of the direct map. */
void tlb_flush_caches(void);
void tlb_flush_cached_page(const void *page);

/*
 * Flush the CPUs that may hold an entry for @frame and have not flushed since it was stamped. While
 * it is nobody's, any CPU may.
 */
void tlb_flush_stamped(const struct frame *frame);

#endif
