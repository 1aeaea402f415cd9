/*
 * Bitmaps: arrays of unsigned long, bit 0 the lowest bit of the first word, as the ABI lays out its own.
 *
 * The bit functions come in two kinds: __set_bit and its kin for data that one lock guards, set_bit and its kin
 * atomic (and full barriers) for words that other CPUs or a guest change at the same time.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/bits.h"

#define BITS_PER_LONG           64
#define BITS_TO_LONGS(n)        DIV_ROUND_UP(n, BITS_PER_LONG)
#define DECLARE_BITMAP(name, n) unsigned long name[BITS_TO_LONGS(n)]

static inline unsigned long bit_mask(unsigned long nr)
{
    return 1UL << (nr % BITS_PER_LONG);
}

static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
    return __atomic_load_n(&map[nr / BITS_PER_LONG], __ATOMIC_RELAXED) & bit_mask(nr);
}

static inline void __set_bit(unsigned long nr, unsigned long *map)
{
    map[nr / BITS_PER_LONG] |= bit_mask(nr);
}

static inline void __clear_bit(unsigned long nr, unsigned long *map)
{
    map[nr / BITS_PER_LONG] &= ~bit_mask(nr);
}

static inline bool __test_and_set_bit(unsigned long nr, unsigned long *map)
{
    bool old = map[nr / BITS_PER_LONG] & bit_mask(nr);

    __set_bit(nr, map);
    return old;
}

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *map)
{
    bool old = map[nr / BITS_PER_LONG] & bit_mask(nr);

    __clear_bit(nr, map);
    return old;
}

static inline void set_bit(unsigned long nr, unsigned long *map)
{
    __atomic_fetch_or(&map[nr / BITS_PER_LONG], bit_mask(nr), __ATOMIC_SEQ_CST);
}

static inline void clear_bit(unsigned long nr, unsigned long *map)
{
    __atomic_fetch_and(&map[nr / BITS_PER_LONG], ~bit_mask(nr), __ATOMIC_SEQ_CST);
}

static inline bool test_and_set_bit(unsigned long nr, unsigned long *map)
{
    unsigned long mask = bit_mask(nr);

    return __atomic_fetch_or(&map[nr / BITS_PER_LONG], mask, __ATOMIC_SEQ_CST) & mask;
}

static inline bool test_and_clear_bit(unsigned long nr, unsigned long *map)
{
    unsigned long mask = bit_mask(nr);

    return __atomic_fetch_and(&map[nr / BITS_PER_LONG], ~mask, __ATOMIC_SEQ_CST) & mask;
}

/*
 * Whole maps of @nbits bits. Bits of the last word beyond @nbits are ignored by readers; bitmap_fill and bitmap_zero
 * leave them zero. The find functions return @nbits when there is no such bit.
 */
void bitmap_zero(unsigned long *map, unsigned long nbits);
void bitmap_fill(unsigned long *map, unsigned long nbits);
void bitmap_set(unsigned long *map, unsigned long first, unsigned long count);
void bitmap_clear(unsigned long *map, unsigned long first, unsigned long count);
void bitmap_copy(unsigned long *dst, const unsigned long *src, unsigned long nbits);
void bitmap_and(unsigned long *dst, const unsigned long *a, const unsigned long *b,
                unsigned long nbits);
void bitmap_or(unsigned long *dst, const unsigned long *a, const unsigned long *b,
               unsigned long nbits);
bool bitmap_empty(const unsigned long *map, unsigned long nbits);
bool bitmap_full(const unsigned long *map, unsigned long nbits);
bool bitmap_intersects(const unsigned long *a, const unsigned long *b, unsigned long nbits);
unsigned long bitmap_weight(const unsigned long *map, unsigned long nbits);

/* The first set (or clear) bit at or after @from. */
unsigned long find_next_bit(const unsigned long *map, unsigned long nbits, unsigned long from);
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long nbits, unsigned long from);

static inline unsigned long find_first_bit(const unsigned long *map, unsigned long nbits)
{
    return find_next_bit(map, nbits, 0);
}

static inline unsigned long find_first_zero_bit(const unsigned long *map, unsigned long nbits)
{
    return find_next_zero_bit(map, nbits, 0);
}

#define for_each_set_bit(bit, map, nbits)                                                          \
    for ( (bit) = find_first_bit(map, nbits); (bit) < (nbits);                                     \
          (bit) = find_next_bit(map, nbits, (bit) + 1) )

#endif
