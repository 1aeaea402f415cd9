/*
 * Scaling of counters: ticks to nanoseconds and back by a multiplication, as struct vcpu_time_info defines it.
 *
 *     result = ((delta << shift) * mul) >> 32        (a negative shift shifts right)
 *
 * mul has its top bit set, so that the error of the factor is below 2^-31 of it. The product has 96 bits: the result is
 * right for as long as delta << shift fits into 64, which for a TSC is centuries.
 */
#ifndef TIME_SCALE_H
#define TIME_SCALE_H

#include "lib/types.h"

struct scale {
    u32 mul;
    s8 shift;
};

static inline u64 scale_apply(struct scale scale, u64 delta)
{
    delta = scale.shift >= 0 ? delta << scale.shift : delta >> -scale.shift;
    return (u64)(((unsigned __int128)delta * scale.mul) >> 32);
}

/* The scale that takes a count of @from a second to one of @to a second; both between 1 and 2^40. */
static inline struct scale scale_make(u64 from, u64 to)
{
    struct scale scale = { 0, 0 };
    unsigned __int128 mul = ((unsigned __int128)to << 32) / from;

    /* mul <= to * 2^32 and from, to < 2^40 keep the shift within +-41. */
    for ( ; mul >> 32; mul >>= 1 )
        scale.shift++;
    if ( scale.shift == 0 )
        for ( ; !(mul >> 31) && scale.shift > -41; scale.shift-- )
            mul = ((unsigned __int128)to << 32 << (1 - scale.shift)) / from;
    scale.mul = (u32)mul;
    return scale;
}

#endif
