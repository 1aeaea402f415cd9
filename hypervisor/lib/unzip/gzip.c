/*
 * gzip and its deflate method, from RFC 1952 and RFC 1951.
 */
#include <hypercall/abi.h>

#include "lib/bits.h"
#include "lib/crc.h"
#include "lib/endian.h"
#include "lib/unzip/format.h"
#include "lib/unzip/unzip.h"

#define HEADER_SIZE  10
#define TRAILER_SIZE 8
#define MAX_BITS     15
#define FAST_BITS    10
#define MAX_SYMBOLS  288

/* No byte of deflate says more than this many bytes of output. */
#define MAX_RATIO 1032

/*
 * A prefix code. Codes of up to FAST_BITS bits are looked up; longer ones are found by counting, since those
 * of one length are consecutive numbers.
 */
struct code {
    u16 fast[1 << FAST_BITS]; /* symbol << 4 | length; 0: a longer code, or none */
    u16 count[MAX_BITS + 1];  /* of codes of each length */
    u16 symbols[MAX_SYMBOLS]; /* in the order of their codes */
};

struct gzip {
    const u8 *in, *end;
    u64 bits; /* read ahead, the next one lowest */
    unsigned int bit_count;
    unsigned int padding; /* how many of these lie behind the end of the input */
    u8 *start, *out, *out_end;
    struct code literals, distances;
    struct crc32_table crc32;
};

BUILD_BUG_ON(sizeof(struct gzip) > UNZIP_WORK_SIZE);

/* Make 48 bits or more ready; behind the end they are zeros. */
static void refill(struct gzip *z)
{
    if ( z->end - z->in >= 8 )
    {
        z->bits |= get_le64(z->in) << z->bit_count;
        z->in += (63 - z->bit_count) >> 3;
        z->bit_count |= 56;
        return;
    }
    for ( ; z->bit_count <= 56; z->bit_count += 8 )
        if ( z->in < z->end )
            z->bits |= (u64)*z->in++ << z->bit_count;
        else
            z->padding += 8;
}

/* True if bits have been used that were not there. */
static bool overrun(const struct gzip *z)
{
    return z->padding > z->bit_count;
}

/* Up to 16 of the bits that are ready. */
static u32 take(struct gzip *z, unsigned int n)
{
    u32 value = (u32)z->bits & ((1U << n) - 1);

    z->bits >>= n;
    z->bit_count -= n;
    return value;
}

static u32 reverse(u32 code, unsigned int bits)
{
    u32 reversed = 0;

    for ( ; bits; bits--, code >>= 1 )
        reversed = reversed << 1 | (code & 1);
    return reversed;
}

/* Enter a code at all indices that begin with it (in the order of the stream: the first bit lowest). */
static void fill_fast(struct code *code, u32 number, unsigned int length, unsigned int symbol)
{
    for ( u32 i = reverse(number, length); i < 1U << FAST_BITS; i += 1U << length )
        code->fast[i] = (u16)(symbol << 4 | length);
}

/* Make the code from its symbols' lengths. False if there are more codes than fit. */
static bool make_code(struct code *code, const u8 *lengths, unsigned int symbols)
{
    u16 place[MAX_BITS + 2] = { 0 };
    u32 next[MAX_BITS + 2] = { 0 };

    memset(code, 0, sizeof(*code));
    for ( unsigned int i = 0; i < symbols; i++ )
        code->count[lengths[i]]++;
    code->count[0] = 0;
    for ( unsigned int length = 1; length <= MAX_BITS; length++ )
    {
        if ( next[length] + code->count[length] > 1U << length )
            return false;
        next[length + 1] = (next[length] + code->count[length]) << 1;
        place[length + 1] = (u16)(place[length] + code->count[length]);
    }
    for ( unsigned int i = 0; i < symbols; i++ )
        if ( lengths[i] )
        {
            code->symbols[place[lengths[i]]++] = (u16)i;
            if ( lengths[i] <= FAST_BITS )
                fill_fast(code, next[lengths[i]], lengths[i], i);
            next[lengths[i]]++;
        }
    return true;
}

static int long_symbol(struct gzip *z, const struct code *code)
{
    u32 number = 0, first = 0, place = 0;

    for ( unsigned int length = 1; length <= MAX_BITS; length++ )
    {
        number = number << 1 | (u32)(z->bits >> (length - 1) & 1);
        first <<= 1;
        if ( number - first < code->count[length] )
        {
            take(z, length);
            return code->symbols[place + number - first];
        }
        first += code->count[length];
        place += code->count[length];
    }
    return -1;
}

/* The next symbol; -1 if the bits are no code. 15 bits must be ready. */
static int symbol(struct gzip *z, const struct code *code)
{
    u32 entry = code->fast[z->bits & ((1U << FAST_BITS) - 1)];

    if ( !entry )
        return long_symbol(z, code);
    take(z, entry & 15);
    return (int)(entry >> 4);
}

static long copy_match(struct gzip *z, size_t length, size_t distance)
{
    if ( distance > (size_t)(z->out - z->start) )
        return -EINVAL;
    if ( length > (size_t)(z->out_end - z->out) )
        return -ENOSPC;
    for ( const u8 *from = z->out - distance; length; length-- )
        *z->out++ = *from++;
    return 0;
}

/* Lengths and distances: a base and a number of further bits for each symbol. */
static const u16 length_base[29] = { 3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                     15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                     67, 83, 99, 115, 131, 163, 195, 227, 258 };
static const u8 length_bits[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                    2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
static const u16 distance_base[30] = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577
};

static long unpack_match(struct gzip *z, unsigned int length_symbol)
{
    size_t length, distance;
    int s;

    if ( length_symbol >= ARRAY_SIZE(length_base) )
        return -EINVAL;
    length = length_base[length_symbol] + take(z, length_bits[length_symbol]);
    s = symbol(z, &z->distances);
    if ( s < 0 || s >= (int)ARRAY_SIZE(distance_base) )
        return -EINVAL;
    distance = distance_base[s] + take(z, s < 4 ? 0 : (unsigned int)s / 2 - 1);
    return copy_match(z, length, distance);
}

/* Symbols up to the end of the block. Each round uses up to 48 bits. */
static long unpack_symbols(struct gzip *z)
{
    enum { END_OF_BLOCK = 256 };
    long rc = 0;

    while ( !rc )
    {
        int s;

        refill(z);
        s = symbol(z, &z->literals);
        if ( s < 0 || overrun(z) )
            return -EINVAL;
        if ( s == END_OF_BLOCK )
            return 0;
        if ( s > END_OF_BLOCK )
            rc = unpack_match(z, (unsigned int)s - END_OF_BLOCK - 1);
        else if ( z->out < z->out_end )
            *z->out++ = (u8)s;
        else
            return -ENOSPC;
    }
    return rc;
}

static long unpack_fixed(struct gzip *z)
{
    u8 lengths[MAX_SYMBOLS];

    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    make_code(&z->literals, lengths, MAX_SYMBOLS);
    memset(lengths, 5, 30);
    make_code(&z->distances, lengths, 30);
    return unpack_symbols(z);
}

/* Code lengths, themselves coded: runs of the last one or of zeros are short. */
static bool read_lengths(struct gzip *z, const struct code *code, u8 *lengths, unsigned int count)
{
    for ( unsigned int i = 0; i < count; )
    {
        unsigned int repeat;
        u8 value = 0;
        int s;

        refill(z);
        s = symbol(z, code);
        if ( s < 0 || overrun(z) || (s == 16 && !i) )
            return false;
        if ( s < 16 )
        {
            lengths[i++] = (u8)s;
            continue;
        }
        if ( s == 16 )
            value = lengths[i - 1];
        repeat = s == 16 ? 3 + take(z, 2) : s == 17 ? 3 + take(z, 3) : 11 + take(z, 7);
        if ( repeat > count - i )
            return false;
        memset(lengths + i, value, repeat);
        i += repeat;
    }
    return true;
}

static long unpack_dynamic(struct gzip *z)
{
    static const u8 order[19] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
    };
    u8 lengths[MAX_SYMBOLS + 32] = { 0 };
    unsigned int literals, distances, codes;

    refill(z);
    literals = take(z, 5) + 257;
    distances = take(z, 5) + 1;
    codes = take(z, 4) + 4;
    if ( literals > 286 || distances > 30 )
        return -EINVAL;
    for ( unsigned int i = 0; i < codes; i++ )
    {
        refill(z);
        lengths[order[i]] = (u8)take(z, 3);
    }
    if ( !make_code(&z->literals, lengths, 19) ||
         !read_lengths(z, &z->literals, lengths, literals + distances) )
        return -EINVAL;
    if ( !lengths[256] || !make_code(&z->distances, lengths + literals, distances) ||
         !make_code(&z->literals, lengths, literals) )
        return -EINVAL;
    return unpack_symbols(z);
}

/* Back to the byte that the next bit is in; whole bytes that were read ahead are given back. */
static bool align_to_byte(struct gzip *z)
{
    if ( overrun(z) )
        return false;
    z->in -= (z->bit_count - z->padding) / 8;
    z->bits = 0;
    z->bit_count = z->padding = 0;
    return true;
}

static long unpack_stored(struct gzip *z)
{
    u32 size;

    if ( !align_to_byte(z) || z->end - z->in < 4 )
        return -EINVAL;
    size = get_le16(z->in);
    if ( (size ^ 0xffff) != get_le16(z->in + 2) || size > (size_t)(z->end - z->in) - 4 )
        return -EINVAL;
    if ( size > (size_t)(z->out_end - z->out) )
        return -ENOSPC;
    memcpy(z->out, z->in + 4, size);
    z->in += 4 + size;
    z->out += size;
    return 0;
}

static long inflate(struct gzip *z)
{
    bool last;
    long rc;

    do
    {
        refill(z);
        last = take(z, 1);
        switch ( take(z, 2) )
        {
        case 0:
            rc = unpack_stored(z);
            break;
        case 1:
            rc = unpack_fixed(z);
            break;
        case 2:
            rc = unpack_dynamic(z);
            break;
        default:
            rc = -EINVAL;
        }
    } while ( !rc && !last );
    return rc;
}

/* The header's optional parts; false if the input ends within it. */
static bool skip_header(struct gzip *z)
{
    enum { HEADER_CRC = 2, EXTRA = 4, NAME = 8, COMMENT = 16 };
    const u8 *p = z->in + HEADER_SIZE;
    u8 flags;

    if ( z->end - z->in < HEADER_SIZE )
        return false;
    flags = z->in[3];
    if ( flags & EXTRA )
    {
        if ( z->end - p < 2 || z->end - p - 2 < get_le16(p) )
            return false;
        p += 2 + get_le16(p);
    }
    for ( int texts = !!(flags & NAME) + !!(flags & COMMENT); texts; texts-- )
    {
        p = memchr(p, 0, (size_t)(z->end - p));
        if ( !p++ )
            return false;
    }
    if ( flags & HEADER_CRC )
        p += 2;
    z->in = p;
    return p <= z->end;
}

long gzip_unpack(const u8 *in, size_t in_size, u8 *out, size_t out_size, void *work)
{
    struct gzip *z = work;
    size_t size;
    long rc;

    z->in = in;
    z->end = in + in_size;
    z->start = z->out = out;
    z->out_end = out + out_size;
    z->bits = z->bit_count = z->padding = 0;
    if ( !skip_header(z) )
        return -EINVAL;
    rc = inflate(z);
    if ( rc )
        return rc;

    size = (size_t)(z->out - out);
    if ( !align_to_byte(z) || z->end - z->in < TRAILER_SIZE )
        return -EINVAL;
    crc32_init(&z->crc32);
    if ( get_le32(z->in + 4) != (u32)size || get_le32(z->in) != crc32(&z->crc32, 0, out, size) )
        return -EINVAL;
    return (long)size;
}

/* The last four bytes; whatever a damaged file has there, no more than that file could come to. */
u64 gzip_size(const u8 *in, size_t in_size)
{
    u64 size;

    if ( in_size < HEADER_SIZE + TRAILER_SIZE )
        return 0;
    size = get_le32(in + in_size - 4);
    return min(size, (u64)in_size * MAX_RATIO);
}
