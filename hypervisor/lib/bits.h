/*
 * Arithmetic on bits and sizes, and the compile-time helpers that every room uses.
 *
 * All macros evaluate their arguments once, except ALIGN_* and DIV_ROUND_UP, which are meant for constants too and so
 * must stay plain expressions: give those no side effects.
 */
#ifndef LIB_BITS_H
#define LIB_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILD_BUG_ON(cond) _Static_assert(!(cond), "!(" #cond ")")

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

/* @a must be a power of two. The result has @x's type, so that a 32-bit @a never truncates a 64-bit @x. */
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a)   (((x) + ((__typeof__(x))(a)-1)) & ~((__typeof__(x))(a)-1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a)-1)) == 0)

#define min(a, b)                                                                                  \
    ({                                                                                             \
        __typeof__(a) min_a_ = (a);                                                                \
        __typeof__(b) min_b_ = (b);                                                                \
        (void)(&min_a_ == &min_b_); /* warns when the types differ */                              \
        min_a_ < min_b_ ? min_a_ : min_b_;                                                         \
    })

#define max(a, b)                                                                                  \
    ({                                                                                             \
        __typeof__(a) max_a_ = (a);                                                                \
        __typeof__(b) max_b_ = (b);                                                                \
        (void)(&max_a_ == &max_b_);                                                                \
        max_a_ > max_b_ ? max_a_ : max_b_;                                                         \
    })

#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))

/*
 * @index, which was found to be below @rows, a power of two: so that speculation, which may not have waited for that,
 * stays within the table too. The compiler doesn't learn what is known.
 */
#define index_bounded(index, rows)                                                                 \
    ({                                                                                             \
        __typeof__((index) + 0u) index_bounded_ = (index);                                         \
        BUILD_BUG_ON((rows) & ((rows)-1));                                                         \
        __asm__("" : "+r"(index_bounded_));                                                        \
        index_bounded_ % (rows);                                                                   \
    })

/*
 * Is *@index below @size? Where speculation goes on as if it were, and it is not, *@index is 0: what
 * is read there never becomes the address of something else.
 */
static inline bool index_below(uint32_t *index, uint32_t size)
{
    uint32_t bounded = *index, all;

    __asm__ goto("cmp %2, %0; jae %l[beyond]; sbb %1, %1; and %1, %0"
                 : "+r"(bounded), "=&r"(all)
                 : "rm"(size)
                 : "cc"
                 : beyond);
    *index = bounded;
    return true;
beyond:
    return false;
}

/* The object of @type whose @member is at @ptr. */
#define container_of(ptr, type, member)                                                            \
    ({                                                                                             \
        const __typeof__(((type *)0)->member) *member_ptr_ = (ptr);                                \
        (type *)((uintptr_t)member_ptr_ - offsetof(type, member));                                 \
    })

/* The lowest (ffs64) or highest (fls64) set bit, counted from 1; 0 when no bit is set. */
static inline unsigned int ffs64(uint64_t x)
{
    return x ? (unsigned int)__builtin_ctzll(x) + 1 : 0;
}

static inline unsigned int fls64(uint64_t x)
{
    return x ? 64 - (unsigned int)__builtin_clzll(x) : 0;
}

/* The number of set bits, without the POPCNT instruction, which not every CPU that we boot on has. */
static inline unsigned int hweight64(uint64_t x)
{
    x -= (x >> 1) & 0x5555555555555555ULL;
    x = (x & 0x3333333333333333ULL) + ((x >> 2) & 0x3333333333333333ULL);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
    return (unsigned int)((x * 0x0101010101010101ULL) >> 56);
}

static inline bool is_power_of_2(uint64_t x)
{
    return x && !(x & (x - 1));
}

/* The smallest order so that (1 << order) >= @n; 0 for 0 and 1. */
static inline unsigned int order_of(uint64_t n)
{
    return n > 1 ? fls64(n - 1) : 0;
}

#endif
