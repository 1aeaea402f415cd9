/* The hot half of tlb.h: each switch between address spaces is a flush. */
#ifndef MM_TLB_INLINE_H
#define MM_TLB_INLINE_H

#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "lib/types.h"

/* Where the clock begins, anew after it has wrapped: mm/tlb.c. */
#define TLB_CLOCK_RESTART 0x10000u

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

#endif
