/*
 * TLB flushes, by masks and timestamps.
 *
 * The flush clock ticks at each full flush of any CPU, before the flush. A frame stamped when its
 * last writable mapping went needs a flush on a CPU only if that CPU hasn't flushed since. Clock 0
 * means it has wrapped: then flush everywhere.
 */
#ifndef MM_TLB_H
#define MM_TLB_H

#include "lib/types.h"
#include "mm/frame.h"
#include "smp/smp.h"

#define TLB_FLUSH_ALL    (~0UL)
#define TLB_FLUSH_CACHES (~1UL) /* no TLB at all: write back and drop what the caches hold */

u32 tlb_clock(void);

/* Load @root into CR3 on this CPU and count it as a flush. */
#ifdef HOST_TEST
void tlb_load_root(maddr_t root);
#else
#include "mm/tlb_inline.h"
static inline void tlb_load_root(maddr_t root)
{
    tlb_load_root_inline(root);
}
#endif

void tlb_flush_local(void);
void tlb_flush_page_local(u64 va);

/* What another CPU asks of this one: TLB_FLUSH_* or a page's address. */
void tlb_flush_asked(u64 va);

/* Flush one page (or TLB_FLUSH_*) on the CPUs in @mask; returns when all of them have. */
void tlb_flush_mask(cpumask_t mask, u64 va);

/* Write back and drop what the caches, of all CPUs, hold of @page of the direct map. */
void tlb_flush_cached_page(const void *page);

/* Flush the CPUs in @mask that have not flushed since @frame was stamped. */
void tlb_flush_stamped(cpumask_t mask, const struct frame *frame);

/*
 * Stamp @frame: from now on, an older flush doesn't cover it. An atomic operation must lie between
 * the change of the page tables and this, lest the clock be read before others see the change.
 */
void tlb_stamp(struct frame *frame);

#endif
