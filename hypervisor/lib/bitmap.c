#include "lib/bitmap.h"

/* The bits of the last word that belong to a map of @nbits bits. */
static unsigned long last_mask(unsigned long nbits)
{
    unsigned long rest = nbits % BITS_PER_LONG;

    return rest ? (1UL << rest) - 1 : ~0UL;
}

void bitmap_zero(unsigned long *map, unsigned long nbits)
{
    for ( unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++ )
        map[i] = 0;
}

void bitmap_fill(unsigned long *map, unsigned long nbits)
{
    bitmap_zero(map, nbits);
    bitmap_set(map, 0, nbits);
}

/* Apply to @count bits from @first: whole words at a time, the two ends under a mask. */
static void bitmap_change(unsigned long *map, unsigned long first, unsigned long count, bool set)
{
    while ( count )
    {
        unsigned long shift = first % BITS_PER_LONG;
        unsigned long n = min(count, BITS_PER_LONG - shift);
        unsigned long mask = (n == BITS_PER_LONG ? ~0UL : (1UL << n) - 1) << shift;

        if ( set )
            map[first / BITS_PER_LONG] |= mask;
        else
            map[first / BITS_PER_LONG] &= ~mask;
        first += n;
        count -= n;
    }
}

void bitmap_set(unsigned long *map, unsigned long first, unsigned long count)
{
    bitmap_change(map, first, count, true);
}

void bitmap_clear(unsigned long *map, unsigned long first, unsigned long count)
{
    bitmap_change(map, first, count, false);
}

void bitmap_copy(unsigned long *dst, const unsigned long *src, unsigned long nbits)
{
    for ( unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++ )
        dst[i] = src[i];
}

void bitmap_and(unsigned long *dst, const unsigned long *a, const unsigned long *b,
                unsigned long nbits)
{
    for ( unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++ )
        dst[i] = a[i] & b[i];
}

void bitmap_or(unsigned long *dst, const unsigned long *a, const unsigned long *b,
               unsigned long nbits)
{
    for ( unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++ )
        dst[i] = a[i] | b[i];
}

bool bitmap_empty(const unsigned long *map, unsigned long nbits)
{
    return find_first_bit(map, nbits) >= nbits;
}

bool bitmap_full(const unsigned long *map, unsigned long nbits)
{
    return find_first_zero_bit(map, nbits) >= nbits;
}

bool bitmap_intersects(const unsigned long *a, const unsigned long *b, unsigned long nbits)
{
    unsigned long words = BITS_TO_LONGS(nbits);

    for ( unsigned long i = 0; i < words; i++ )
    {
        unsigned long mask = i + 1 == words ? last_mask(nbits) : ~0UL;

        if ( a[i] & b[i] & mask )
            return true;
    }
    return false;
}

unsigned long bitmap_weight(const unsigned long *map, unsigned long nbits)
{
    unsigned long words = BITS_TO_LONGS(nbits), weight = 0;

    for ( unsigned long i = 0; i < words; i++ )
        weight += hweight64(map[i] & (i + 1 == words ? last_mask(nbits) : ~0UL));
    return weight;
}

/* Find a bit that differs from @invert's bits: @invert is 0 to look for ones and ~0 to look for zeros. */
static unsigned long find_next(const unsigned long *map, unsigned long nbits, unsigned long from,
                               unsigned long invert)
{
    unsigned long word, i = from / BITS_PER_LONG;

    if ( from >= nbits )
        return nbits;

    word = (map[i] ^ invert) & (~0UL << (from % BITS_PER_LONG));
    while ( !word )
    {
        if ( ++i >= BITS_TO_LONGS(nbits) )
            return nbits;
        word = map[i] ^ invert;
    }
    return min(i * BITS_PER_LONG + (unsigned long)__builtin_ctzl(word), nbits);
}

unsigned long find_next_bit(const unsigned long *map, unsigned long nbits, unsigned long from)
{
    return find_next(map, nbits, from, 0);
}

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long nbits, unsigned long from)
{
    return find_next(map, nbits, from, ~0UL);
}
