/* The hot half of tlb.h: each switch between address spaces is a flush; each frame that is given back is stamped. */
#ifndef MM_TLB_INLINE_H
#define MM_TLB_INLINE_H

#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "lib/types.h"
#include "mm/frame.h"

/* Where the clock begins, anew after it has wrapped: mm/tlb.c. */
#define TLB_CLOCK_RESTART 0x10000u
#define TLB_STAMP_WRAPPING                                                                         \
    (TLB_CLOCK_RESTART - 1) /* of frames, and the time of CPUs, while it wraps */

extern u32 tlb_flush_clock;

/* A flush at @time found that the clock has wrapped. */
void tlb_clock_wraps(u32 time);

static inline void tlb_load_root_inline(maddr_t root)
{
    struct percpu *cpu = this_cpu();
    u32 time = atomic_add_return(&tlb_flush_clock, 1);

    cpu->cr3 = root.n;
    write_cr3(root.n);
    WRITE_ONCE(cpu->tlb_time, time);
    if ( __builtin_expect(time < TLB_CLOCK_RESTART, 0) )
        tlb_clock_wraps(time);
}

static inline void tlb_stamp_inline(struct frame *frame)
{
    u32 now = READ_ONCE(tlb_flush_clock);

    if ( __builtin_expect_with_probability(now < TLB_CLOCK_RESTART, 0, 1.0) )
        now = TLB_STAMP_WRAPPING;
    WRITE_ONCE(frame->tlb_stamp, now);
}

#endif
