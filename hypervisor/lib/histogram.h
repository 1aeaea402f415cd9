/*
 * Histograms with four bins an octave: where a value lies is told to a quarter of it at most, from 0 to 2^32 - 1; what
 * is more counts as that. The hypervisor fills them, the tools read them.
 */
#ifndef LIB_HISTOGRAM_H
#define LIB_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BINS 124

static inline unsigned int histogram_bin(uint64_t value)
{
    unsigned int octave;

    if ( value < 4 )
        return (unsigned int)value;
    if ( value >> 32 )
        value = UINT32_MAX;
    octave = 63 - (unsigned int)__builtin_clzl(value);
    return 4 * (octave - 1) + (unsigned int)(value >> (octave - 2) & 3);
}

/* The least value of @bin; of HISTOGRAM_BINS: beyond all. */
static inline uint64_t histogram_from(unsigned int bin)
{
    return bin < 4 ? bin : (uint64_t)(4 + bin % 4) << (bin / 4 - 1);
}

static inline uint64_t histogram_total(const uint32_t *bins)
{
    uint64_t total = 0;

    for ( unsigned int i = 0; i < HISTOGRAM_BINS; i++ )
        total += bins[i];
    return total;
}

/*
 * What @percent of all values don't exceed: the largest value of the bin that the last of them lies in. 0 if there
 * is none.
 */
static inline uint64_t histogram_percentile(const uint32_t *bins, unsigned int percent)
{
    uint64_t left = (histogram_total(bins) * percent + 99) / 100;
    unsigned int bin = 0;

    if ( !left )
        return 0;
    while ( bin < HISTOGRAM_BINS - 1 && bins[bin] < left )
        left -= bins[bin++];
    return histogram_from(bin + 1) - 1;
}

#endif
