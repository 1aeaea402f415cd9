/*
 * Scaling of counters: ticks to nanoseconds and back by a multiplication, as struct vcpu_time_info defines it.
 *
 *     result = ((delta << shift) * mul) >> 32        (a negative shift shifts right)
 *
 * mul has its top bit set, so that the error of the factor is below 2^-31 of it. The product has 96 bits: the
 * result is right for as long as delta << shift fits into 64, which for a TSC is centuries.
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
    /* A branch that always goes one way, not both shifts to choose from. */
    if ( __builtin_expect_with_probability(scale.shift >= 0, 1, 1.0) )
        delta <<= scale.shift;
    else
        delta >>= -scale.shift;
    /* Of an __int128 the compiler makes more moves, and aligns the stack for it. */
    __asm__("mulq %1; shrdq $32, %%rdx, %0" : "+a"(delta) : "r"((u64)scale.mul) : "rdx", "cc");
    return delta;
}

/*
 * A scale made ready, for what is scaled all the time: the shift to the left is part of the factor, and no branch has
 * to tell its direction. The result is the same; it is right as long as mul << shift fits into 64 bits.
 */
struct factor {
    u64 mul;
    u32 down;
};

static inline struct factor scale_factor(struct scale scale)
{
    return scale.shift >= 0 ? (struct factor){ (u64)scale.mul << scale.shift, 0 }
                            : (struct factor){ scale.mul, (u32)-scale.shift };
}

static inline u64 factor_apply(const struct factor *factor, u64 delta)
{
    delta >>= factor->down;
    __asm__("mulq %1; shrdq $32, %%rdx, %0" : "+a"(delta) : "m"(factor->mul) : "rdx", "cc");
    return delta;
}

/* @ns by a count *@per_ns that has 32 bits behind the point, rounded down. */
static inline u64 scale_count(const u64 *per_ns, u64 ns)
{
    __asm__("mulq %1; shrdq $32, %%rdx, %0" : "+a"(ns) : "m"(*per_ns) : "rdx", "cc");
    return ns;
}

/* @a * @b / @c, rounded down, without losing the upper half in between. The result must fit: @a * @b < @c * 2^64. */
static inline u64 scale_mul_div(u64 a, u64 b, u64 c)
{
    u64 quotient, rest;

    __asm__("mulq %3; divq %4" : "=&a"(quotient), "=&d"(rest) : "0"(a), "rm"(b), "rm"(c) : "cc");
    return quotient;
}

/* The scale that takes a count of @from a second to one of @to a second; both between 1 and 2^40. */
static inline struct scale scale_make(u64 from, u64 to)
{
    struct scale scale = { 0, 0 };

    /* Bring the factor between 1/2 and 1. */
    for ( ; to >= from; from <<= 1 )
        scale.shift++;
    for ( ; 2 * to < from; to <<= 1 )
        scale.shift--;
    scale.mul = (u32)scale_mul_div(to, 1UL << 32, from);
    return scale;
}

/*
 * The same with a factor that is less by 2^-27 of it at most, so that multiples of the grid scale without a rest:
 * the scaled parts of a span, up to a multiple and from there, are the scaled span to the nanosecond.
 */
#define SCALE_COARSE_BITS 4

static inline struct scale scale_coarse(struct scale scale)
{
    scale.mul &= ~((1u << SCALE_COARSE_BITS) - 1);
    return scale;
}

static inline u64 scale_grid(struct scale scale)
{
    u64 grid = 1UL << (32 - SCALE_COARSE_BITS);

    return scale.shift >= 0 ? grid >> scale.shift : grid << -scale.shift;
}

#endif
