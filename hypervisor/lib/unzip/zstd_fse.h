/*
 * Finite State Entropy codes as Zstandard has them, and the bit streams that are read from their end to their start.
 */
#ifndef LIB_UNZIP_ZSTD_FSE_H
#define LIB_UNZIP_ZSTD_FSE_H

#include "lib/endian.h"
#include "lib/types.h"

/* Bits of [start, start + size), the last first. Behind the start there are zeros, and @left is below 0. */
struct back_bits {
    const u8 *start;
    size_t size;
    s64 left;
};

/* False if the stream lacks the 1 bit that marks its end. */
bool back_bits_open(struct back_bits *b, const u8 *start, size_t size);

/* The slow way to the bits at @at (from the start), for both ends of the stream. */
u64 back_bits_at_edge(const struct back_bits *b, s64 at, unsigned int n);

/* The next @n bits (at most 32), the first read being the highest. */
static inline u64 back_bits_peek(const struct back_bits *b, unsigned int n)
{
    s64 at = b->left - n;

    if ( at < 0 || (u64)at / 8 + 8 > b->size )
        return back_bits_at_edge(b, at, n);
    return get_le64(b->start + at / 8) >> (at % 8) & ((1ULL << n) - 1);
}

static inline u64 back_bits_take(struct back_bits *b, unsigned int n)
{
    u64 value = back_bits_peek(b, n);

    b->left -= n;
    return value;
}

#define FSE_BITS_MAX    9
#define FSE_SYMBOLS_MAX 256

struct fse_entry {
    u8 symbol, bits; /* @bits of the stream, added to @base, number the next entry */
    u16 base;
};

struct fse_table {
    bool ready;
    unsigned int bits;
    struct fse_entry entries[1 << FSE_BITS_MAX];
};

/*
 * Make a table of 2^@bits entries from how many of them each symbol shall have (-1: less than one, gets
 * one). The sum must be right: false if not.
 */
bool fse_make(struct fse_table *table, const s16 *frequencies, unsigned int symbols,
              unsigned int bits);

/* A table that knows one symbol and reads no bits. */
void fse_make_single(struct fse_table *table, u8 symbol);

/*
 * Read a table's description: frequencies of at most *@symbols symbols (then their number), and its size. Moves *@in
 * behind it. False if it is damaged.
 */
bool fse_read(const u8 **in, const u8 *end, s16 *frequencies, unsigned int *symbols,
              unsigned int *bits);

/* Huffman weights, coded by FSE with two states in turn. Returns how many there are, 0 if damaged or more than @max. */
unsigned int fse_weights(const u8 *in, size_t size, u8 *weights, unsigned int max);

static inline const struct fse_entry *fse_start(const struct fse_table *table, struct back_bits *b)
{
    return &table->entries[back_bits_take(b, table->bits)];
}

static inline const struct fse_entry *fse_next(const struct fse_table *table,
                                               const struct fse_entry *entry, struct back_bits *b)
{
    return &table->entries[entry->base + back_bits_take(b, entry->bits)];
}

#endif
