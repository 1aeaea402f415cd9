#include "lib/bits.h"
#include "lib/unzip/zstd_fse.h"

bool back_bits_open(struct back_bits *b, const u8 *start, size_t size)
{
    if ( !size || !start[size - 1] )
        return false;
    b->start = start;
    b->size = size;
    b->left = (s64)size * 8 - 9 + fls64(start[size - 1]);
    return true;
}

u64 back_bits_at_edge(const struct back_bits *b, s64 at, unsigned int n)
{
    u64 value = 0;

    for ( s64 i = at + n - 1; i >= at; i-- )
        value = value << 1 | (i >= 0 ? b->start[i / 8] >> (i % 8) & 1 : 0);
    return value;
}

/*
 * Symbols less frequent than one slot take one each from the end; the others are spread by steps that are odd, and so
 * reach every slot once.
 */
static bool spread(struct fse_table *table, const s16 *frequencies, unsigned int symbols)
{
    u32 size = 1U << table->bits, step = (size >> 1) + (size >> 3) + 3, high = size, at = 0,
        used = 0;

    for ( unsigned int i = 0; i < symbols; i++ )
        used += frequencies[i] < 0 ? 1 : (u32)frequencies[i];
    if ( used != size )
        return false;
    for ( unsigned int i = 0; i < symbols; i++ )
        if ( frequencies[i] < 0 )
            table->entries[--high].symbol = (u8)i;
    for ( unsigned int i = 0; i < symbols; i++ )
        for ( int n = frequencies[i]; n > 0; n-- )
        {
            table->entries[at].symbol = (u8)i;
            do
                at = (at + step) & (size - 1);
            while ( at >= high );
        }
    return true;
}

bool fse_make(struct fse_table *table, const s16 *frequencies, unsigned int symbols,
              unsigned int bits)
{
    u16 next[FSE_SYMBOLS_MAX];

    table->ready = false;
    table->bits = bits;
    if ( bits > FSE_BITS_MAX || !spread(table, frequencies, symbols) )
        return false;
    for ( unsigned int i = 0; i < symbols; i++ )
        next[i] = frequencies[i] < 0 ? 1 : (u16)frequencies[i];
    for ( u32 i = 0; i < 1U << bits; i++ )
    {
        struct fse_entry *entry = &table->entries[i];
        u32 state = next[entry->symbol]++;

        entry->bits = (u8)(bits + 1 - fls64(state));
        entry->base = (u16)((state << entry->bits) - (1U << bits));
    }
    table->ready = true;
    return true;
}

void fse_make_single(struct fse_table *table, u8 symbol)
{
    table->bits = 0;
    table->entries[0] = (struct fse_entry){ symbol, 0, 0 };
    table->ready = true;
}

/* Forward bits, the lowest first. Reading past the end gives zeros; @at tells. */
struct bits {
    const u8 *in;
    size_t size, at; /* @at in bits */
};

static u32 peek(const struct bits *b, unsigned int n)
{
    u32 value = 0;

    for ( unsigned int i = 0; i < n; i++ )
        if ( (b->at + i) / 8 < b->size )
            value |= (u32)(b->in[(b->at + i) / 8] >> ((b->at + i) % 8) & 1) << i;
    return value;
}

static u32 take(struct bits *b, unsigned int n)
{
    u32 value = peek(b, n);

    b->at += n;
    return value;
}

/*
 * A number from 0 to @max, both possible: values that would leave the highest bit unused are written without it.
 */
static u32 take_up_to(struct bits *b, u32 max)
{
    unsigned int bits = fls64(max);
    u32 threshold = (1U << bits) - 1 - max; /* so many short ones */
    u32 value = peek(b, bits), low = value & ((1U << (bits - 1)) - 1);

    if ( low < threshold )
    {
        b->at += bits - 1;
        return low;
    }
    b->at += bits;
    return value < 1U << (bits - 1) ? value : value - threshold;
}

/* After a frequency of zero: how many more zeros, in steps of up to three. False if there are too many symbols. */
static bool take_zeros(struct bits *b, s16 *frequencies, unsigned int *symbol, unsigned int max)
{
    u32 run;

    do
    {
        run = take(b, 2);
        if ( run > max - *symbol )
            return false;
        for ( u32 i = 0; i < run; i++ )
            frequencies[(*symbol)++] = 0;
    } while ( run == 3 );
    return true;
}

bool fse_read(const u8 **in, const u8 *end, s16 *frequencies, unsigned int *symbols,
              unsigned int *bits)
{
    struct bits b = { *in, (size_t)(end - *in), 0 };
    unsigned int symbol = 0;
    u32 left;

    *bits = take(&b, 4) + 5;
    if ( *bits > FSE_BITS_MAX )
        return false;
    left = 1U << *bits;
    while ( left )
    {
        s32 frequency;

        if ( symbol >= *symbols || b.at / 8 > b.size )
            return false;
        frequency = (s32)take_up_to(&b, left + 1) - 1;
        frequencies[symbol++] = (s16)frequency;
        left -= frequency < 0 ? 1 : (u32)frequency;
        if ( !frequency && !take_zeros(&b, frequencies, &symbol, *symbols) )
            return false;
    }
    *symbols = symbol;
    *in += DIV_ROUND_UP(b.at, 8);
    return *in <= end;
}

unsigned int fse_weights(const u8 *in, size_t size, u8 *weights, unsigned int max)
{
    const u8 *end = in + size;
    s16 frequencies[FSE_SYMBOLS_MAX];
    const struct fse_entry *state[2];
    unsigned int symbols = FSE_SYMBOLS_MAX, bits, count = 0;
    struct fse_table table;
    struct back_bits b;

    if ( !fse_read(&in, end, frequencies, &symbols, &bits) || bits > 6 ||
         !fse_make(&table, frequencies, symbols, bits) ||
         !back_bits_open(&b, in, (size_t)(end - in)) )
        return 0;
    state[0] = fse_start(&table, &b);
    state[1] = fse_start(&table, &b);
    if ( b.left < 0 )
        return 0;
    /* The stream ends when a state cannot be followed any more: then the other one's symbol is the last. */
    for ( unsigned int turn = 0; count < max; turn ^= 1 )
    {
        weights[count++] = state[turn]->symbol;
        state[turn] = fse_next(&table, state[turn], &b);
        if ( b.left < 0 )
        {
            if ( count == max )
                return 0;
            weights[count++] = state[turn ^ 1]->symbol;
            return count;
        }
    }
    return 0;
}
